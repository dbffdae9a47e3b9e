/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-impairment-private.h"

#include "st-error-private.h"
#include "st-link-private.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/netem.h>
#include <netlink/route/qdisc/tbf.h>

/* The rate is kept by a tbf, everything else is netem's. Where it takes both, netem is the root: if this kernel lacks it, nothing has
 * happened by then. What is there already is changed in place if it is of the same shape, so that no packet is lost; else the new root
 * replaces the old one in one step, under the handle that is not in use. */
#define FIRST_HANDLE TC_HANDLE (0x57a1U, 0U)
#define SECOND_HANDLE TC_HANDLE (0x57a2U, 0U)
#define CHILD_OFFSET TC_HANDLE (0x10U, 0U)

#define LONGEST_QUEUE 5      /* parts of a second */
#define SHORTEST_QUEUE 64    /* packets */
#define BUCKET 100           /* parts of a second */
#define LONGEST_PACKET 4     /* seconds that one may take: the kernel counts them in nanoseconds, in 32 bits */
#define PACKET_HEADER (ETH_HLEN + 4 + 46) /* of one with a VLAN tag, and room for what is rounded */

/* What is there. */
typedef struct
{
  guint index;
  struct rtnl_qdisc *root; /* or NULL */
  struct rtnl_qdisc *child;
} Shape;

static void
shape_clear (Shape *shape)
{
  if (shape->root)
    rtnl_qdisc_put (shape->root);
  if (shape->child)
    rtnl_qdisc_put (shape->child);
  shape->root = shape->child = NULL;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shape, shape_clear)

static gboolean
is_of_kind (struct rtnl_qdisc *qdisc,
            const char        *kind)
{
  return qdisc && g_strcmp0 (rtnl_tc_get_kind (TC_CAST (qdisc)), kind) == 0;
}

static void
see_object (struct nl_object *object,
            void             *data)
{
  Shape *shape = data;
  struct rtnl_tc *seen = TC_CAST (object);
  if ((guint) rtnl_tc_get_ifindex (seen) != shape->index || rtnl_tc_get_handle (seen) == 0)
    return;
  struct rtnl_qdisc **place = rtnl_tc_get_parent (seen) == TC_H_ROOT ? &shape->root : &shape->child;
  const gboolean is_wanted = place == &shape->root || is_of_kind ((struct rtnl_qdisc *) seen, "tbf");
  if (*place || !is_wanted)
    return;
  nl_object_get (object);
  *place = (struct rtnl_qdisc *) seen;
}

static void
see (struct nlmsghdr *header,
     gpointer         data)
{
  struct nl_msg *message = header->nlmsg_type == RTM_NEWQDISC ? nlmsg_convert (header) : NULL;
  if (!message)
    return;
  nlmsg_set_proto (message, NETLINK_ROUTE);
  nl_msg_parse (message, see_object, data);
  nlmsg_free (message);
}

static int
look (const StLinkPlace *place,
      Shape             *shape)
{
  const struct tcmsg header = { .tcm_ifindex = (int) place->index };
  shape->index = place->index;
  return st_netlink_ask (place->netlink, st_netlink_message (RTM_GETQDISC, NLM_F_DUMP, &header, sizeof header), see, shape, NULL);
}

static struct rtnl_qdisc *
qdisc_new (const StLinkState *link,
           guint32            parent,
           guint32            handle,
           const char        *kind)
{
  struct rtnl_qdisc *made = rtnl_qdisc_alloc ();
  if (!made || rtnl_tc_set_kind (TC_CAST (made), kind) < 0)
    g_error ("out of memory");
  rtnl_tc_set_ifindex (TC_CAST (made), (int) link->index);
  rtnl_tc_set_parent (TC_CAST (made), parent);
  rtnl_tc_set_handle (TC_CAST (made), handle);
  return made;
}

/* Not more than goes through in some time, but as much as it takes to work at all. */
static guint64
get_size (guint64 rate,
          guint   parts,
          guint64 least)
{
  return MIN (MAX (rate / parts, least), G_MAXINT);
}

static void
set_rate (struct rtnl_qdisc        *tbf,
          const StLinkState        *link,
          const StImpairmentValues *values)
{
  const guint64 rate = values->rate / 8, packet = link->mtu + PACKET_HEADER;
  const guint64 bucket = get_size (rate, BUCKET, packet);
  rtnl_tc_set_mtu (TC_CAST (tbf), link->mtu + PACKET_HEADER);
  rtnl_tc_set_linktype (TC_CAST (tbf), ARPHRD_ETHER);
  rtnl_qdisc_tbf_set_rate (tbf, (int) rate, (int) bucket, 0);
  rtnl_qdisc_tbf_set_limit (tbf, (int) MIN (G_MAXINT, bucket + get_size (rate, LONGEST_QUEUE, SHORTEST_QUEUE * packet)));
}

/* The kernel takes shares of 2 ** 32 - 1. */
static int
from_share (double share)
{
  return (int) (guint32) (share * G_MAXUINT32 + 0.5);
}

static double
to_share (int kernel)
{
  return kernel == -NLE_NOATTR ? 0 : (double) (guint32) kernel / G_MAXUINT32;
}

static void
set_more (struct rtnl_qdisc        *netem,
          const StImpairmentValues *values)
{
  rtnl_netem_set_limit (netem, (int) values->limit);
  rtnl_netem_set_delay (netem, (int) values->delay);
  rtnl_netem_set_jitter (netem, (int) values->jitter);
  rtnl_netem_set_loss (netem, from_share (values->loss));
  rtnl_netem_set_duplicate (netem, from_share (values->duplication));
  rtnl_netem_set_corruption_probability (netem, from_share (values->corruption));
  rtnl_netem_set_reorder_probability (netem, from_share (values->reordering));
}

static gboolean
refused (const StLinkPlace *place,
         int                result,
         const char        *words,
         const char        *kind,
         GError           **error)
{
  if (result != -ENOENT && result != -EOPNOTSUPP)
    return st_link_place_failed (place, result, words, "impair", error);
  g_autofree char *where = st_namespace_ref_to_string (place->ref);
  st_error_set (error, ST_ERROR_NOT_SUPPORTED, "cannot impair link \"%s\" in %s: %s (this kernel has no module sch_%s)", place->name, where,
                words ? words : g_strerror (-result), kind);
  return FALSE;
}

/* Takes @qdisc. */
static gboolean
put (const StLinkPlace *place,
     struct rtnl_qdisc *qdisc,
     GError           **error)
{
  struct nl_msg *request = NULL;
  g_autofree char *words = NULL;
  const gboolean is_built = rtnl_qdisc_build_add_request (qdisc, NLM_F_CREATE | NLM_F_REPLACE, &request) == 0;
  g_autofree char *kind = g_strdup (rtnl_tc_get_kind (TC_CAST (qdisc)));
  rtnl_qdisc_put (qdisc);
  const int result = is_built ? st_netlink_ask (place->netlink, request, NULL, NULL, &words) : -EINVAL;
  return result == 0 || refused (place, result, words, kind, error);
}

static gboolean
clear (const StLinkPlace *place,
       GError           **error)
{
  const struct tcmsg header = { .tcm_ifindex = (int) place->index, .tcm_parent = TC_H_ROOT };
  return st_link_place_do (place, st_netlink_message (RTM_DELQDISC, 0, &header, sizeof header), error, "end the impairment of");
}

static guint32
choose_handle (const Shape *shape,
               gboolean     has_rate,
               gboolean     has_more)
{
  const guint32 old = shape->root ? rtnl_tc_get_handle (TC_CAST (shape->root)) : 0;
  const gboolean is_same = is_of_kind (shape->root, has_more ? "netem" : "tbf") && (shape->child != NULL) == (has_more && has_rate);
  if (old != FIRST_HANDLE && old != SECOND_HANDLE)
    return FIRST_HANDLE;
  return is_same ? old : old == FIRST_HANDLE ? SECOND_HANDLE : FIRST_HANDLE;
}

/* It would be better with none than with a part of it. */
static gboolean
put_child (const StLinkPlace *place,
           struct rtnl_qdisc *tbf,
           GError           **error)
{
  if (put (place, tbf, error))
    return TRUE;
  clear (place, NULL);
  return FALSE;
}

static gboolean
impair (const StLinkPlace        *place,
        const StLinkState        *link,
        const Shape              *shape,
        const StImpairmentValues *values,
        GError                  **error)
{
  const gboolean has_more = st_impairment_values_have_more (values), has_rate = values->rate > 0;
  const guint32 handle = choose_handle (shape, has_rate, has_more);
  if (!has_more && !has_rate)
    return !shape->root || clear (place, error);
  if (has_more)
    {
      struct rtnl_qdisc *netem = qdisc_new (link, TC_H_ROOT, handle, "netem");
      set_more (netem, values);
      if (!put (place, netem, error))
        return FALSE;
      if (!has_rate)
        return TRUE;
    }
  struct rtnl_qdisc *tbf = qdisc_new (link, has_more ? handle | 1 : TC_H_ROOT, has_more ? handle + CHILD_OFFSET : handle, "tbf");
  set_rate (tbf, link, values);
  return has_more ? put_child (place, tbf, error) : put (place, tbf, error);
}

static gboolean
check_rate (const StLinkPlace        *place,
            const StLinkState        *link,
            const StImpairmentValues *values,
            GError                  **error)
{
  const guint64 least = (link->mtu + PACKET_HEADER + LONGEST_PACKET - 1) / LONGEST_PACKET * 8;
  if (values->rate == 0 || values->rate >= least)
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT,
                "cannot impair link \"%s\": at %" G_GUINT64_FORMAT " bit/s a packet of %u bytes takes more than four seconds "
                "(%" G_GUINT64_FORMAT " bit/s at least, or a smaller MTU)",
                place->name, values->rate, link->mtu, least);
  return FALSE;
}

/**
 * st_link_set_impairment:
 * @self: a link
 * @impairment: (nullable): what makes it worse, or %NULL for nothing
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a link slower and worse, changes how much so, or with %NULL makes it again what it was.
 *
 * It is about what is sent into the link; for both ways of a cable, give it to both ends. The values of @impairment are the ones from now
 * on, those that are 0 among them. If the kind of impairment stays, nothing of what is under way is lost.
 *
 * The rate is kept by [tc-tbf(8)](man:tc-tbf(8)), which counts with the MTU that the link has now. Everything else is done by
 * [tc-netem(8)](man:tc-netem(8)). Where the kernel lacks one of these, it is %ST_ERROR_NOT_SUPPORTED, with the name of the module. Values
 * that make no sense are %ST_ERROR_INVALID_ARGUMENT. It takes `CAP_NET_ADMIN` in the network. Another queueing discipline that was set up
 * for the link is replaced.
 *
 * ```python
 * impairment = Spacetest.Impairment(rate=20_000_000)
 * cable.set_impairment(impairment)
 * impairment.props.rate = 1_000_000
 * cable.set_impairment(impairment)
 * cable.set_impairment(None)
 * ```
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_set_impairment (StLink       *self,
                        StImpairment *impairment,
                        GError      **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (impairment == NULL || ST_IS_IMPAIRMENT (impairment), FALSE);
  StImpairmentValues values = { 0 };
  StLinkState link;
  g_auto (Shape) shape = { 0 };
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || (impairment && !st_impairment_get_values (impairment, &values, error)))
    return FALSE;
  int result = st_link_state_get (place.netlink, place.index, NULL, &link);
  if (result == 0)
    result = look (&place, &shape);
  if (result < 0)
    return st_link_place_failed (&place, result, NULL, "impair", error);
  return check_rate (&place, &link, &values, error) && impair (&place, &link, &shape, &values, error);
}

static guint
to_time (int value)
{
  return value > 0 ? (guint) value : 0;
}

static void
read_more (struct rtnl_qdisc  *netem,
           StImpairmentValues *values)
{
  values->limit = to_time (rtnl_netem_get_limit (netem));
  values->delay = to_time (rtnl_netem_get_delay (netem));
  values->jitter = to_time (rtnl_netem_get_jitter (netem));
  values->loss = to_share (rtnl_netem_get_loss (netem));
  values->duplication = to_share (rtnl_netem_get_duplicate (netem));
  values->corruption = to_share (rtnl_netem_get_corruption_probability (netem));
  values->reordering = to_share (rtnl_netem_get_reorder_probability (netem));
}

/**
 * st_link_get_impairment:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Asks the kernel what makes a link slower and worse, as far as [method@Spacetest.Link.set_impairment] can. Values are as the kernel has
 * rounded them.
 *
 * Returns: (transfer full): an impairment, with all values 0 if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
StImpairment *
st_link_get_impairment (StLink  *self,
                        GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  StLinkState link;
  g_auto (Shape) shape = { 0 };
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return NULL;
  int result = st_link_state_get (place.netlink, place.index, NULL, &link);
  if (result == 0)
    result = look (&place, &shape);
  if (result < 0)
    {
      st_link_place_failed (&place, result, NULL, "look at the impairment of", error);
      return NULL;
    }
  StImpairmentValues values = { .limit = ST_IMPAIRMENT_LIMIT };
  if (is_of_kind (shape.root, "netem"))
    read_more (shape.root, &values);
  struct rtnl_qdisc *tbf = is_of_kind (shape.root, "tbf") ? shape.root : is_of_kind (shape.root, "netem") ? shape.child : NULL;
  if (tbf)
    values.rate = (guint64) MAX (0, rtnl_qdisc_tbf_get_rate (tbf)) * 8;
  return st_impairment_new_take (&values);
}
