/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-neighbour.h"

#include "st-inet-private.h"
#include "st-link-private.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

/**
 * StNeighbour:
 *
 * A host that a link knows the hardware address of, as it was when [method@Spacetest.Link.list_neighbours] listed it.
 *
 * Since: 0.1
 */
struct _StNeighbour
{
  GObject parent_instance;

  char *address;
  char *mac;
  gboolean permanent;
};

G_DEFINE_FINAL_TYPE (StNeighbour, st_neighbour, G_TYPE_OBJECT)

enum
{
  PROP_ADDRESS = 1,
  PROP_MAC,
  PROP_PERMANENT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
st_neighbour_get_property (GObject    *object,
                           guint       id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  StNeighbour *self = ST_NEIGHBOUR (object);
  if (id == PROP_ADDRESS)
    g_value_set_string (value, self->address);
  else if (id == PROP_MAC)
    g_value_set_string (value, self->mac);
  else if (id == PROP_PERMANENT)
    g_value_set_boolean (value, self->permanent);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_neighbour_finalize (GObject *object)
{
  StNeighbour *self = ST_NEIGHBOUR (object);
  g_free (self->address);
  g_free (self->mac);
  G_OBJECT_CLASS (st_neighbour_parent_class)->finalize (object);
}

static void
st_neighbour_class_init (StNeighbourClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_neighbour_get_property;
  object_class->finalize = st_neighbour_finalize;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * StNeighbour:address: (getter get_address)
   *
   * The address of the host.
   *
   * Since: 0.1
   */
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  /**
   * StNeighbour:mac: (getter get_mac)
   *
   * The hardware address of the host.
   *
   * Since: 0.1
   */
  properties[PROP_MAC] = g_param_spec_string ("mac", NULL, NULL, NULL, flags);
  /**
   * StNeighbour:permanent: (getter is_permanent)
   *
   * Whether it was told, not found out.
   *
   * Since: 0.1
   */
  properties[PROP_PERMANENT] = g_param_spec_boolean ("permanent", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_neighbour_init (StNeighbour *self)
{
}

/**
 * st_neighbour_get_address: (get-property address)
 * @self: a neighbour
 *
 * Gets the address of a neighbour.
 *
 * Returns: (nullable): the address; %NULL if the object was made without being listed
 *
 * Since: 0.1
 */
const char *
st_neighbour_get_address (StNeighbour *self)
{
  g_return_val_if_fail (ST_IS_NEIGHBOUR (self), NULL);
  return self->address;
}

/**
 * st_neighbour_get_mac: (get-property mac)
 * @self: a neighbour
 *
 * Gets the hardware address of a neighbour.
 *
 * Returns: (nullable): the address, like "02:00:00:00:00:01"; %NULL if the object was made without being listed
 *
 * Since: 0.1
 */
const char *
st_neighbour_get_mac (StNeighbour *self)
{
  g_return_val_if_fail (ST_IS_NEIGHBOUR (self), NULL);
  return self->mac;
}

/**
 * st_neighbour_is_permanent: (get-property permanent)
 * @self: a neighbour
 *
 * Tells whether a neighbour was told, as by [method@Spacetest.Link.add_neighbour], not found out.
 *
 * Returns: whether it was
 *
 * Since: 0.1
 */
gboolean
st_neighbour_is_permanent (StNeighbour *self)
{
  g_return_val_if_fail (ST_IS_NEIGHBOUR (self), FALSE);
  return self->permanent;
}

/**
 * st_neighbour_to_string:
 * @self: a neighbour
 *
 * Describes a neighbour for messages.
 *
 * Returns: (transfer full): a text like "10.0.0.2 at 02:00:00:00:00:01"
 *
 * Since: 0.1
 */
char *
st_neighbour_to_string (StNeighbour *self)
{
  g_return_val_if_fail (ST_IS_NEIGHBOUR (self), NULL);
  return self->address ? g_strdup_printf ("%s at %s", self->address, self->mac) : g_strdup ("no neighbour");
}

static struct nl_msg *
describe (int                  type,
          guint                index,
          const StInetAddress *address)
{
  const gboolean is_new = type == RTM_NEWNEIGH;
  const struct ndmsg header = {
    .ndm_family = (guint8) address->family,
    .ndm_ifindex = (int) index,
    .ndm_state = is_new ? NUD_PERMANENT : NUD_NONE,
  };
  struct nl_msg *message = st_netlink_message (type, is_new ? NLM_F_CREATE | NLM_F_REPLACE : 0, &header, sizeof header);
  st_netlink_put (message, NDA_DST, address->bytes, st_inet_address_size (address));
  return message;
}

/**
 * st_link_add_neighbour:
 * @self: a link
 * @address: the address of a host at the other end
 * @mac: its hardware address, like "02:00:00:00:00:01"
 * @error: return location for a [error@Spacetest.Error]
 *
 * Tells a link the hardware address of a host, so that it need not ask, as `ip neighbour` does: see
 * [ip-neighbour(8)](man:ip-neighbour(8)). What it knew of that host is forgotten.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_add_neighbour (StLink     *self,
                       const char *address,
                       const char *mac,
                       GError    **error)
{
  StInetAddress host;
  guint8 bytes[6];
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  g_return_val_if_fail (mac != NULL, FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_inet_address_parse (address, ST_PREFIX_NEVER, &host, error) ||
      !st_link_parse_mac (mac, bytes, error))
    return FALSE;
  struct nl_msg *message = describe (RTM_NEWNEIGH, place.index, &host);
  st_netlink_put (message, NDA_LLADDR, bytes, sizeof bytes);
  return st_link_place_do (&place, message, error, "add the neighbour %s to", address);
}

/**
 * st_link_remove_neighbour:
 * @self: a link
 * @address: the address of a host
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a link forget the hardware address of a host. If it does not know it, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_remove_neighbour (StLink     *self,
                          const char *address,
                          GError    **error)
{
  StInetAddress host;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_inet_address_parse (address, ST_PREFIX_NEVER, &host, error))
    return FALSE;
  return st_link_place_do (&place, describe (RTM_DELNEIGH, place.index, &host), error, "remove the neighbour %s from", address);
}

typedef struct
{
  guint index;
  GPtrArray *neighbours;
} Listing;

static void
add_neighbour (struct nlmsghdr *message,
               gpointer         data)
{
  Listing *listing = data;
  StInetAddress address;
  StLinkState state = { 0 };
  struct nlattr *parts[NDA_MAX + 1];
  if (message->nlmsg_type != RTM_NEWNEIGH || nlmsg_parse (message, sizeof (struct ndmsg), parts, NDA_MAX, NULL) < 0)
    return;
  const struct ndmsg *header = nlmsg_data (message);
  struct nlattr *hardware = parts[NDA_LLADDR];
  if (header->ndm_ifindex != (int) listing->index || (header->ndm_state & NUD_NOARP) || !hardware || nla_len (hardware) != 6 ||
      !st_inet_address_take (&address, header->ndm_family, parts[NDA_DST], 0))
    return;
  state.hardware_size = 6;
  memcpy (state.hardware, nla_data (hardware), 6);
  StNeighbour *neighbour = g_object_new (ST_TYPE_NEIGHBOUR, NULL);
  neighbour->address = st_inet_address_to_string (&address, FALSE);
  neighbour->mac = st_link_state_dup_mac (&state);
  neighbour->permanent = (header->ndm_state & NUD_PERMANENT) != 0;
  g_ptr_array_add (listing->neighbours, neighbour);
}

/**
 * st_link_list_neighbours:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the hosts that a link knows the hardware address of.
 *
 * Returns: (transfer container) (element-type StNeighbour): the neighbours, or %NULL with @error set; in C, `g_ptr_array_unref()` frees
 *   all of it
 *
 * Since: 0.1
 */
GPtrArray *
st_link_list_neighbours (StLink  *self,
                         GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  const struct ndmsg header = { 0 };
  StLinkState state;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return NULL;
  g_autoptr (GPtrArray) neighbours = g_ptr_array_new_with_free_func (g_object_unref);
  int result = st_link_state_get (place.netlink, place.index, NULL, &state);
  if (result == 0)
    result = st_netlink_ask (place.netlink, st_netlink_message (RTM_GETNEIGH, NLM_F_DUMP, &header, sizeof header), add_neighbour,
                             &(Listing){ place.index, neighbours }, NULL);
  if (result == 0)
    return g_steal_pointer (&neighbours);
  st_link_place_failed (&place, result, NULL, "list the neighbours of", error);
  return NULL;
}
