/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-change.h"

#include "st-error-private.h"
#include "st-inet-private.h"
#include "st-link-private.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

/* Left to itself, the kernel spends a second or two on finding out whether its own address is in use already. A link of ours gets the
 * same address from us, at once, or as a port of a bridge none; where it takes none, the kernel does as it likes. */
static gboolean
add_local_address (const StLinkPlace *place,
                   const StLinkState *state)
{
  const StInetAddress local = st_inet_address_link_local (state->hardware);
  const int result = st_netlink_ask (place->netlink, st_inet_address_message (RTM_NEWADDR, place->index, &local, IFA_F_NODAD), NULL,
                                     NULL, NULL);
  return result == 0 || result == -EEXIST;
}

static void
settle_ipv6 (const StLinkPlace *place)
{
  StLinkState state;
  if (!st_network_has_made (place->network, place->index) ||
      st_link_state_get (place->netlink, place->index, NULL, &state) < 0 || state.hardware_size != 6 || (state.flags & IFF_UP) ||
      (!state.master && !add_local_address (place, &state)))
    return;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place->index);
  struct nlattr *families = st_netlink_open (message, IFLA_AF_SPEC);
  struct nlattr *family = st_netlink_open (message, AF_INET6);
  st_netlink_put (message, IFLA_INET6_ADDR_GEN_MODE, &(guint8){ IN6_ADDR_GEN_MODE_NONE }, 1);
  nla_nest_end (message, family);
  nla_nest_end (message, families);
  st_netlink_ask (place->netlink, message, NULL, NULL, NULL);
}

/**
 * st_link_set_up:
 * @self: a link
 * @up: up, or down
 * @error: return location for a [error@Spacetest.Error]
 *
 * Brings a link up or down.
 *
 * A link that is up may still take its time: see [method@Spacetest.Link.wait_ready]. One that this library made has an IPv6 address of
 * its own (`fe80:`...) right away, since nobody else can have it.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_set_up (StLink  *self,
                gboolean up,
                GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return FALSE;
  if (up)
    settle_ipv6 (&place);
  const struct ifinfomsg header = { .ifi_index = (int) place.index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };
  return st_link_place_do (&place, st_netlink_message (RTM_SETLINK, 0, &header, sizeof header), error, up ? "bring up" : "take down");
}

/**
 * st_link_rename:
 * @self: a link
 * @name: the new name
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives a link another name. Before Linux 6.2 it must be down.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_rename (StLink     *self,
                const char *name,
                GError    **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_link_name_check (name, error))
    return FALSE;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place.index);
  st_netlink_put_text (message, IFLA_IFNAME, name);
  if (!st_link_place_do (&place, message, error, "give the name \"%s\" to", name))
    return FALSE;
  g_mutex_lock (&self->lock);
  g_free (self->name);
  self->name = g_strdup (name);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/**
 * st_link_set_mtu:
 * @self: a link
 * @mtu: the size in bytes
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sets the size of the largest packet that a link takes. Below 1280 there is no IPv6.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_set_mtu (StLink  *self,
                 guint    mtu,
                 GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return FALSE;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place.index);
  st_netlink_put_u32 (message, IFLA_MTU, mtu);
  return st_link_place_do (&place, message, error, "set an MTU of %u for", mtu);
}

/**
 * st_link_set_mac:
 * @self: a link
 * @mac: the hardware address, like "02:00:00:00:00:01"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sets the hardware address of a link.
 *
 * The IPv6 address that is made of it is chosen when the link comes up: set the hardware address before.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_set_mac (StLink     *self,
                 const char *mac,
                 GError    **error)
{
  guint8 bytes[6];
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (mac != NULL, FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_link_parse_mac (mac, bytes, error))
    return FALSE;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place.index);
  st_netlink_put (message, IFLA_ADDRESS, bytes, sizeof bytes);
  return st_link_place_do (&place, message, error, "set the MAC address %s for", mac);
}

/* It has another number there, perhaps. */
static gboolean
follow (StLink            *self,
        const StLinkPlace *from,
        StNamespaceRef    *ref,
        StNetwork         *network,
        const char        *name,
        GError           **error)
{
  StLinkState state;
  const gboolean is_ours = st_network_has_made (from->network, from->index);
  const int result = st_link_state_get (st_network_get_netlink (network), 0, name, &state);
  if (result < 0)
    return st_link_place_failed (from, result, "it went, but is not there", "find", error);
  if (is_ours)
    {
      st_network_remove_made (from->network, from->index);
      st_network_add_made (network, state.index);
    }
  g_mutex_lock (&self->lock);
  g_object_unref (self->network);
  self->network = g_object_ref (ref);
  self->index = self->last_index = state.index;
  g_free (self->name);
  self->name = g_strdup (state.name);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/**
 * st_link_move:
 * @self: a link
 * @space: where to; if it has no network, that of the caller's visit is meant, never that of home
 * @name: (nullable): its name there, or %NULL to keep the one it has
 * @error: return location for a [error@Spacetest.Error]
 *
 * Moves a link into another network. It loses its addresses, and is down there.
 *
 * The object goes along; others for the same link are about one that is gone.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_move (StLink     *self,
              StSpace    *space,
              const char *name,
              GError    **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (ST_IS_SPACE (space), FALSE);
  StLinkState state;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || (name && !st_link_name_check (name, error)))
    return FALSE;
  g_autoptr (StNamespaceRef) ref = st_network_find (space, error);
  g_autoptr (StNetwork) network = ref ? st_network_get (ref, error) : NULL;
  if (!network)
    return FALSE;
  const int result = st_link_state_get (place.netlink, place.index, NULL, &state);
  if (result < 0)
    return st_link_place_failed (&place, result, NULL, "move", error);
  const char *new_name = name ? name : state.name;
  const int fd = st_namespace_ref_dup_fd (ref, error);
  if (fd < 0)
    return FALSE;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place.index);
  st_netlink_put_u32 (message, IFLA_NET_NS_FD, (guint32) fd);
  st_netlink_put_text (message, IFLA_IFNAME, new_name);
  g_autofree char *where = st_namespace_ref_to_string (ref);
  const gboolean moved = st_link_place_do (&place, message, error, "move to \"%s\" in %s", new_name, where);
  close (fd);
  if (!moved || !follow (self, &place, ref, network, new_name, error))
    return FALSE;
  st_link_watch_follow (self);
  return TRUE;
}

static gboolean
set_master (StLink     *port,
            guint       master,
            const char *what,
            GError    **error)
{
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (port, &place, error))
    return FALSE;
  struct nl_msg *message = st_link_message (RTM_SETLINK, place.index);
  st_netlink_put_u32 (message, IFLA_MASTER, master);
  return st_link_place_do (&place, message, error, "%s", what);
}

/* In one network, and whether the one is the port of the other. */
static gboolean
check_port (StLink            *port,
            const StLinkPlace *bridge,
            gboolean          *is_in,
            GError           **error)
{
  StLinkState state;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (port, &place, error))
    return FALSE;
  if (!st_namespace_ref_equal (place.ref, bridge->ref))
    {
      g_autofree char *where = st_namespace_ref_to_string (bridge->ref);
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "link \"%s\" is not in the network of bridge \"%s\", %s (move it there)",
                    place.name, bridge->name, where);
      return FALSE;
    }
  const int result = st_link_state_get (place.netlink, place.index, NULL, &state);
  *is_in = result == 0 && state.master == bridge->index;
  return result == 0 || st_link_place_failed (&place, result, NULL, "look at", error);
}

/**
 * st_link_add_port:
 * @self: a bridge
 * @port: a link in the same network
 * @error: return location for a [error@Spacetest.Error]
 *
 * Plugs a link into a bridge.
 *
 * ```python
 * switch = Spacetest.Link.new_bridge(middle, "br0")
 * switch.set_up(True)
 * for host in hosts:
 *     port = Spacetest.Link.new_veth(middle, None, host, "eth0")
 *     switch.add_port(port)
 *     port.set_up(True)
 * ```
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_add_port (StLink  *self,
                  StLink  *port,
                  GError **error)
{
  gboolean is_in = FALSE;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (ST_IS_LINK (port), FALSE);
  g_auto (StLinkPlace) bridge = { 0 };
  if (!st_link_locate (self, &bridge, error) || !check_port (port, &bridge, &is_in, error))
    return FALSE;
  g_autofree char *what = g_strdup_printf ("plug into bridge \"%s\" the", bridge.name);
  return is_in || set_master (port, bridge.index, what, error);
}

/**
 * st_link_remove_port:
 * @self: a bridge
 * @port: a link that is plugged into it
 * @error: return location for a [error@Spacetest.Error]
 *
 * Pulls a link out of a bridge. If it is not in, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_remove_port (StLink  *self,
                     StLink  *port,
                     GError **error)
{
  gboolean is_in = FALSE;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (ST_IS_LINK (port), FALSE);
  g_auto (StLinkPlace) bridge = { 0 };
  if (!st_link_locate (self, &bridge, error) || !check_port (port, &bridge, &is_in, error))
    return FALSE;
  if (is_in)
    return set_master (port, 0, "pull out the", error);
  st_error_set (error, ST_ERROR_NOT_FOUND, "this is no port of bridge \"%s\"", bridge.name);
  return FALSE;
}

/**
 * st_link_list_ports:
 * @self: a bridge
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the links that are plugged into a bridge.
 *
 * Returns: (transfer container) (element-type StLink): the links, or %NULL with @error set; in C, `g_ptr_array_unref()` frees
 *   all of it
 *
 * Since: 0.1
 */
GPtrArray *
st_link_list_ports (StLink  *self,
                    GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return NULL;
  g_autoptr (GArray) states = g_array_new (FALSE, FALSE, sizeof (StLinkState));
  const int result = st_link_state_list (place.netlink, states);
  if (result < 0)
    {
      st_link_place_failed (&place, result, NULL, "list the ports of", error);
      return NULL;
    }
  GPtrArray *links = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < states->len; i++)
    {
      const StLinkState *state = &g_array_index (states, StLinkState, i);
      if (state->master == place.index)
        g_ptr_array_add (links, st_link_new_take (g_object_ref (place.ref), state));
    }
  return links;
}

/* The other end of a cable goes along. */
static void
forget (StLink *self)
{
  g_auto (StLinkPlace) place = { 0 };
  if (!self || !st_link_locate (self, &place, NULL))
    return;
  st_network_remove_made (place.network, place.index);
  g_mutex_lock (&self->lock);
  self->index = 0;
  g_mutex_unlock (&self->lock);
}

/**
 * st_link_delete:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Deletes a link, and the other end if it is a cable. It is gone when this returns: its name is free.
 *
 * If it is gone already, it is %ST_ERROR_STALE.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_delete (StLink  *self,
                GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) ||
      !st_link_place_do (&place, st_link_message (RTM_DELLINK, place.index), error, "delete"))
    return FALSE;
  g_autoptr (StLink) peer = self->peer ? g_object_ref (self->peer) : g_weak_ref_get (&self->keeper);
  g_autoptr (StNetwork) other = self->other_network ? st_network_get (self->other_network, NULL) : NULL;
  if (other)
    st_network_remove_made (other, self->other_index);
  forget (self);
  forget (peer);
  return TRUE;
}
