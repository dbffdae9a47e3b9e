/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-private.h"

#include "st-error-private.h"

#include <errno.h>
#include <linux/rtnetlink.h>

static gboolean
fail (StNamespaceRef *ref,
      int             result,
      const char     *what,
      GError        **error)
{
  g_autofree char *where = st_namespace_ref_to_string (ref);
  g_autofree char *step = g_strdup_printf ("cannot %s in %s", what, where);
  st_netlink_set_error (error, result, NULL, step);
  return FALSE;
}

/**
 * st_link_list:
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the links of a network, `lo` among them, in the order of their numbers.
 *
 * Returns: (transfer container) (element-type StLink): the links, or %NULL with @error set; in C, `g_ptr_array_unref()` frees
 *   all of it
 *
 * Since: 0.1
 */
GPtrArray *
st_link_list (StSpace *space,
              GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_autoptr (StNamespaceRef) ref = st_network_find (space, error);
  g_autoptr (StNetwork) network = ref ? st_network_get (ref, error) : NULL;
  if (!network)
    return NULL;
  g_autoptr (GArray) states = g_array_new (FALSE, FALSE, sizeof (StLinkState));
  const int result = st_link_state_list (st_network_get_netlink (network), states);
  if (result < 0)
    {
      fail (ref, result, "list the links", error);
      return NULL;
    }
  GPtrArray *links = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < states->len; i++)
    g_ptr_array_add (links, st_link_new_take (g_object_ref (ref), &g_array_index (states, StLinkState, i)));
  return links;
}

static StLink *
find (StSpace    *space,
      guint       index,
      const char *name,
      GError    **error)
{
  StLinkState state;
  g_autoptr (StNamespaceRef) ref = st_network_find (space, error);
  g_autoptr (StNetwork) network = ref ? st_network_get (ref, error) : NULL;
  if (!network)
    return NULL;
  const int result = st_link_state_get (st_network_get_netlink (network), index, name, &state);
  if (result == 0)
    return st_link_new_take (g_steal_pointer (&ref), &state);
  g_autofree char *what = name ? g_strdup_printf ("\"%s\"", name) : g_strdup_printf ("%u", index);
  g_autofree char *where = st_namespace_ref_to_string (ref);
  if (result == -ENODEV)
    st_error_set (error, ST_ERROR_NOT_FOUND, "no link %s in %s", what, where);
  else
    {
      g_autofree char *step = g_strdup_printf ("look for link %s", what);
      fail (ref, result, step, error);
    }
  return NULL;
}

/**
 * st_link_new_for_name:
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @name: the name of a link there
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finds a link by its name. If there is none, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_for_name (StSpace    *space,
                      const char *name,
                      GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  return st_link_name_check (name, error) ? find (space, 0, name, error) : NULL;
}

/**
 * st_link_new_for_index:
 * @space: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @index: the number of a link there, not 0
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finds a link by its number. If there is none, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: (transfer full): the link, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_new_for_index (StSpace *space,
                       guint    index,
                       GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  if (index > 0 && index <= G_MAXINT)
    return find (space, index, NULL, error);
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no number of a link: %u", index);
  return NULL;
}

static char *
dup_text (StLink *self,
          char  **text)
{
  g_mutex_lock (&self->lock);
  char *copy = g_strdup (*text);
  g_mutex_unlock (&self->lock);
  return copy;
}

/**
 * st_link_get_name: (get-property name)
 * @self: a link
 *
 * Gets the name of a link, or of one that is gone the last one.
 *
 * Returns: (transfer full) (nullable): the name; %NULL if the object was made without its constructor
 *
 * Since: 0.1
 */
char *
st_link_get_name (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  st_link_look (self, &state);
  return dup_text (self, &self->name);
}

/**
 * st_link_get_index: (get-property index)
 * @self: a link
 *
 * Gets the number of a link in its network, or of one that is gone the last one.
 *
 * Returns: the number; 0 if the object was made without its constructor
 *
 * Since: 0.1
 */
guint
st_link_get_index (StLink *self)
{
  g_return_val_if_fail (ST_IS_LINK (self), 0);
  g_mutex_lock (&self->lock);
  const guint index = self->last_index;
  g_mutex_unlock (&self->lock);
  return index;
}

/**
 * st_link_get_kind: (get-property kind)
 * @self: a link
 *
 * Gets the kind of a link, as the kernel calls it: "veth", "bridge" ...
 *
 * Returns: (transfer full) (nullable): the kind, or %NULL if the kernel has no name for it, as for `lo`
 *
 * Since: 0.1
 */
char *
st_link_get_kind (StLink *self)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  g_autofree char *kind = dup_text (self, &self->kind);
  return kind && *kind ? g_steal_pointer (&kind) : NULL;
}

/**
 * st_link_get_mac: (get-property mac)
 * @self: a link
 *
 * Gets the hardware address of a link.
 *
 * Returns: (transfer full) (nullable): the address, like "02:00:00:00:00:01", or %NULL if there is none
 *
 * Since: 0.1
 */
char *
st_link_get_mac (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  return st_link_look (self, &state) ? st_link_state_dup_mac (&state) : NULL;
}

/**
 * st_link_get_mtu: (get-property mtu)
 * @self: a link
 *
 * Gets the size of the largest packet that a link takes.
 *
 * Returns: the size in bytes, 0 if the link is gone
 *
 * Since: 0.1
 */
guint
st_link_get_mtu (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), 0);
  st_link_look (self, &state);
  return state.mtu;
}

/**
 * st_link_is_up: (get-property up)
 * @self: a link
 *
 * Tells whether a link was brought up.
 *
 * Returns: whether it is up
 *
 * Since: 0.1
 */
gboolean
st_link_is_up (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  st_link_look (self, &state);
  return (state.flags & IFF_UP) != 0;
}

/**
 * st_link_has_carrier: (get-property carrier)
 * @self: a link
 *
 * Tells whether there is something at the other end of a link, as far as its kind can know.
 *
 * Returns: whether there is
 *
 * Since: 0.1
 */
gboolean
st_link_has_carrier (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  st_link_look (self, &state);
  return (state.flags & ST_LINK_LOWER_UP) != 0;
}

/**
 * st_link_is_present: (get-property present)
 * @self: a link
 *
 * Tells whether a link is there.
 *
 * Returns: whether it is; %FALSE also if its network can't be asked any more
 *
 * Since: 0.1
 */
gboolean
st_link_is_present (StLink *self)
{
  StLinkState state;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  return st_link_look (self, &state);
}

/**
 * st_link_get_network: (get-property network)
 * @self: a link
 *
 * Gets the network that a link is in.
 *
 * Returns: (transfer full) (nullable): the network; %NULL if the object was made without its constructor
 *
 * Since: 0.1
 */
StNamespaceRef *
st_link_get_network (StLink *self)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  g_mutex_lock (&self->lock);
  StNamespaceRef *network = self->network ? g_object_ref (self->network) : NULL;
  g_mutex_unlock (&self->lock);
  return network;
}

/* In the same network, the kernel tells. */
static StLink *
find_peer (const StLinkPlace *place,
           GError           **error)
{
  StLinkState state;
  int result = st_link_state_get (place->netlink, place->index, NULL, &state);
  const gboolean is_cable = result == 0 && g_str_equal (state.kind, "veth") && state.other;
  if (is_cable && state.other_is_elsewhere)
    {
      st_error_set (error, ST_ERROR_NOT_SUPPORTED, "cannot find the other end of link \"%s\": it is in another network (ask there)",
                    place->name);
      return NULL;
    }
  if (result == 0 && !is_cable)
    {
      st_error_set (error, ST_ERROR_NOT_FOUND, "link \"%s\" has no other end: it is no cable", place->name);
      return NULL;
    }
  if (result == 0)
    result = st_link_state_get (place->netlink, state.other, NULL, &state);
  if (result == 0)
    return st_link_new_take (g_object_ref (place->ref), &state);
  st_link_place_failed (place, result, NULL, "find the other end of", error);
  return NULL;
}

/**
 * st_link_get_peer:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the other end of a cable: a link of the kind "veth".
 *
 * It is known of a cable that was made by [ctor@Spacetest.Link.new_veth], and otherwise only if it is in the same network.
 *
 * Returns: (transfer full): the other end, or %NULL with @error set
 *
 * Since: 0.1
 */
StLink *
st_link_get_peer (StLink  *self,
                  GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  if (self->peer)
    return g_object_ref (self->peer);
  StLink *keeper = g_weak_ref_get (&self->keeper);
  if (keeper)
    return keeper;
  if (self->other_network)
    return st_link_new_for_index (ST_SPACE (self->other_network), self->other_index, error);
  g_auto (StLinkPlace) place = { 0 };
  return st_link_locate (self, &place, error) ? find_peer (&place, error) : NULL;
}

/**
 * st_link_equal:
 * @self: a link
 * @other: another one
 *
 * Tells whether two objects are about the same interface.
 *
 * Returns: whether they are
 *
 * Since: 0.1
 */
gboolean
st_link_equal (StLink *self,
               StLink *other)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (ST_IS_LINK (other), FALSE);
  g_autoptr (StNamespaceRef) mine = st_link_get_network (self);
  g_autoptr (StNamespaceRef) theirs = st_link_get_network (other);
  return self == other || (mine && theirs && st_link_get_index (self) == st_link_get_index (other) &&
                           st_namespace_ref_equal (mine, theirs));
}

/**
 * st_link_to_string:
 * @self: a link
 *
 * Describes a link for messages.
 *
 * Returns: (transfer full): its name and network, like `eth0 in net:[4026532345]`
 *
 * Since: 0.1
 */
char *
st_link_to_string (StLink *self)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  g_autoptr (StNamespaceRef) network = st_link_get_network (self);
  g_autofree char *name = st_link_get_name (self);
  if (!network)
    return g_strdup ("no link");
  g_autofree char *where = st_namespace_ref_to_string (network);
  return g_strdup_printf ("%s in %s", name, where);
}
