/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-tap.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-failure-private.h"
#include "st-link-private.h"
#include "st-space-private.h"
#include "st-stay-private.h"
#include "st-system.h"
#include "st-tap.h"

#include <errno.h>
#include <unistd.h>

/* The network is that of the thread that opens the device. */
static gboolean
open_here (gpointer data,
           GError **error)
{
  int *fd = data;
  *fd = st_tap_open ();
  if (*fd < 0)
    st_failure_set_no_tap (error, -*fd);
  return *fd >= 0;
}

/* The broker goes there where the caller may not. */
static int
open_device (StNamespaceRef *ref,
             GError        **error)
{
  int fd = -1;
  GError *refusal = NULL;
  g_auto (StHandleSet) network = { 0 };
  if (!st_space_acquire (ST_SPACE (ref), &network, error))
    return -1;
  if (st_stay_call (&network, open_here, &fd, &refusal))
    return fd;
  if (fd >= 0)
    close (fd);
  if (st_broker_takes_over (network.of_kind[ST_KIND_NET], &refusal))
    return st_broker_open_tap (network.of_kind[ST_KIND_NET], error);
  g_propagate_error (error, refusal);
  return -1;
}

static gboolean
begin (int         fd,
       const char *wanted,
       gboolean    is_ethernet,
       char        name[ST_TAP_NAME_SIZE],
       GError    **error)
{
  const char *kind = is_ethernet ? "tap" : "tun";
  g_strlcpy (name, wanted ? wanted : is_ethernet ? "tap%d" : "tun%d", ST_TAP_NAME_SIZE);
  const int result = st_tap_begin (fd, name, is_ethernet);
  if (result >= 0)
    return TRUE;
  g_autofree char *step = g_strdup_printf ("cannot make %s link \"%s\"", kind, wanted ? wanted : kind);
  if (result == -EBUSY || result == -EINVAL || result == -EEXIST) /* with a name that was checked */
    st_error_set (error, ST_ERROR_EXISTS, "%s: %s (there is one of that name already)", step, g_strerror (-result));
  else
    st_netlink_set_error (error, result, NULL, step);
  return FALSE;
}

static StLink *
adopt (StNamespaceRef *ref,
       StNetwork      *network,
       const char     *name,
       GError        **error)
{
  StLinkState state;
  const int result = st_link_state_get (st_network_get_netlink (network), 0, name, &state);
  if (result == 0)
    return st_link_new_take (g_object_ref (ref), &state);
  g_autofree char *step = g_strdup_printf ("cannot find link \"%s\", which was made", name);
  st_netlink_set_error (error, result, NULL, step);
  return NULL;
}

static StLink *
make (StSpace    *space,
      const char *name,
      gboolean    is_ethernet,
      GError    **error)
{
  if (name && !st_link_name_check (name, error))
    return NULL;
  g_autoptr (StNamespaceRef) ref = st_network_find (space, error);
  g_autoptr (StNetwork) network = ref ? st_network_get (ref, error) : NULL;
  if (!network)
    return NULL;
  char chosen[ST_TAP_NAME_SIZE];
  const int fd = open_device (ref, error);
  if (fd < 0)
    {
      g_prefix_error (error, "cannot make %s link: ", is_ethernet ? "tap" : "tun");
      return NULL;
    }
  StLink *link = begin (fd, name, is_ethernet, chosen, error) ? adopt (ref, network, chosen, error) : NULL;
  if (link)
    {
      link->fd = fd;
      st_network_add_made (network, st_link_get_index (link));
    }
  else
    close (fd);
  return link;
}

/**
 * st_link_new_tap: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): the name, or %NULL for a free one like "tap0"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an Ethernet interface whose other end is a descriptor: what the network sends is read from it, one frame at a time, and what is
 * written to it comes in. See [method@Spacetest.Link.dup_fd].
 *
 * It lives as long as the descriptor: until the link object and all duplicates are gone.
 *
 * The device `/dev/net/tun` is opened in the network. Where the caller may not go there, the default spacer does it, as
 * [method@Spacetest.Space.create_socket] says of sockets. Who may not open the device, which in some containers is root's alone, gets
 * %ST_ERROR_PERMISSION_DENIED; where there is none, it is %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_tap (StSpace    *space,
                 const char *name,
                 GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  return make (space, name, TRUE, error);
}

/**
 * st_link_new_tun: (constructor)
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): the name, or %NULL for a free one like "tun0"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes an interface whose other end is a descriptor, for IP packets without Ethernet around them. See [ctor@Spacetest.Link.new_tap].
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_tun (StSpace    *space,
                 const char *name,
                 GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  return make (space, name, FALSE, error);
}

/**
 * st_link_dup_fd:
 * @self: a link that was made by [ctor@Spacetest.Link.new_tap] or [ctor@Spacetest.Link.new_tun]
 * @error: return location for a [error@Spacetest.Error]
 *
 * Duplicates the descriptor of a link's other end. Each read gives one packet, each write sends one.
 *
 * Any other link is %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: a descriptor, close-on-exec, that the caller closes; -1 with @error set
 *
 * Since: 0.1
 */
int
st_link_dup_fd (StLink  *self,
                GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), -1);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return -1;
  if (self->fd < 0)
    {
      st_error_set (error, ST_ERROR_NOT_SUPPORTED, "link \"%s\" has no descriptor: only that which was made as tap or tun has one",
                    place.name);
      return -1;
    }
  const int fd = st_system_dup (self->fd);
  if (fd >= 0)
    return fd;
  st_error_set_result (error, fd, "cannot duplicate the descriptor of link \"%s\"", place.name);
  return -1;
}
