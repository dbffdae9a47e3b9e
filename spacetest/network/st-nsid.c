/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-nsid.h"

#include "st-error-private.h"
#include "st-network-private.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

/* One network that is asked about another one. */
typedef struct
{
  StNamespaceRef *here;
  StNamespaceRef *there;
  StNetwork *network;
  int fd;
} Pair;

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->network, st_network_unref);
  g_clear_object (&pair->here);
  g_clear_object (&pair->there);
  if (pair->fd >= 0)
    close (pair->fd);
  pair->fd = -1;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gboolean
pair_open (Pair    *pair,
           StSpace *here,
           StSpace *there,
           GError **error)
{
  pair->here = st_network_find (here, error);
  pair->network = pair->here ? st_network_get (pair->here, error) : NULL;
  pair->there = pair->network ? st_network_find (there, error) : NULL;
  pair->fd = pair->there ? st_namespace_ref_dup_fd (pair->there, error) : -1;
  return pair->fd >= 0;
}

static void
take_number (struct nlmsghdr *message,
             gpointer         data)
{
  struct nlattr *parts[NETNSA_MAX + 1];
  if (message->nlmsg_type == RTM_NEWNSID && nlmsg_parse (message, sizeof (struct rtgenmsg), parts, NETNSA_MAX, NULL) == 0 &&
      parts[NETNSA_NSID] && nla_len (parts[NETNSA_NSID]) >= 4)
    *(int *) data = (int) nla_get_u32 (parts[NETNSA_NSID]);
}

static gboolean
ask (const Pair *pair,
     int         type,
     int        *number,
     const char *what,
     GError    **error)
{
  const struct rtgenmsg header = { 0 };
  g_autofree char *words = NULL;
  struct nl_msg *message = st_netlink_message (type, 0, &header, sizeof header);
  st_netlink_put_u32 (message, NETNSA_FD, (guint32) pair->fd);
  if (type == RTM_NEWNSID)
    st_netlink_put_u32 (message, NETNSA_NSID, (guint32) *number);
  const int result = st_netlink_ask (st_network_get_netlink (pair->network), message, take_number, number, &words);
  if (result == 0)
    return TRUE;
  g_autofree char *here = st_namespace_ref_to_string (pair->here);
  g_autofree char *there = st_namespace_ref_to_string (pair->there);
  g_autofree char *step = g_strdup_printf ("cannot %s %s in %s", what, there, here);
  st_netlink_set_error (error, result, words, step);
  return FALSE;
}

/**
 * st_space_get_nsid:
 * @self: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @other: another one
 * @error: return location for a [error@Spacetest.Error]
 *
 * Asks one network by which number it knows another one.
 *
 * Networks have such numbers where one of them has to do with another, for example from the first cable between them on. See
 * [ip-netns(8)](man:ip-netns(8)).
 *
 * Returns: the number; -1 if there is none, and also with @error set
 *
 * Since: 0.1
 */
int
st_space_get_nsid (StSpace *self,
                   StSpace *other,
                   GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), -1);
  g_return_val_if_fail (ST_IS_SPACE (other), -1);
  int number = -1;
  g_auto (Pair) pair = { .fd = -1 };
  if (!pair_open (&pair, self, other, error) || !ask (&pair, RTM_GETNSID, &number, "ask for the number of", error))
    return -1;
  return number;
}

/**
 * st_space_assign_nsid:
 * @self: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @other: another one
 * @number: the number, or -1 for a free one
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives a network a number by which another one knows it, for good.
 *
 * If it has a number already, it is %ST_ERROR_EXISTS.
 *
 * Returns: the number; -1 with @error set
 *
 * Since: 0.1
 */
int
st_space_assign_nsid (StSpace *self,
                      StSpace *other,
                      int      number,
                      GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), -1);
  g_return_val_if_fail (ST_IS_SPACE (other), -1);
  g_auto (Pair) pair = { .fd = -1 };
  if (!pair_open (&pair, self, other, error))
    return -1;
  if (number < -1)
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no number of a network: %d", number);
      return -1;
    }
  if (!ask (&pair, RTM_NEWNSID, &number, "give a number to", error))
    return -1;
  number = -1;
  return ask (&pair, RTM_GETNSID, &number, "ask for the number of", error) ? number : -1;
}
