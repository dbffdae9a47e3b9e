/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-route.h"

#include "st-error-private.h"
#include "st-inet-private.h"
#include "st-link-private.h"

#include <linux/rtnetlink.h>

/**
 * StRoute:
 *
 * A route as it was when [method@Spacetest.Link.list_routes] listed it.
 *
 * Since: 0.1
 */
struct _StRoute
{
  GObject parent_instance;

  char *destination;
  char *gateway;
  guint metric;
};

G_DEFINE_FINAL_TYPE (StRoute, st_route, G_TYPE_OBJECT)

enum
{
  PROP_DESTINATION = 1,
  PROP_GATEWAY,
  PROP_METRIC,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
st_route_get_property (GObject    *object,
                       guint       id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  StRoute *self = ST_ROUTE (object);
  if (id == PROP_DESTINATION)
    g_value_set_string (value, self->destination);
  else if (id == PROP_GATEWAY)
    g_value_set_string (value, self->gateway);
  else if (id == PROP_METRIC)
    g_value_set_uint (value, self->metric);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_route_finalize (GObject *object)
{
  StRoute *self = ST_ROUTE (object);
  g_free (self->destination);
  g_free (self->gateway);
  G_OBJECT_CLASS (st_route_parent_class)->finalize (object);
}

static void
st_route_class_init (StRouteClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_route_get_property;
  object_class->finalize = st_route_finalize;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * StRoute:destination: (getter get_destination)
   *
   * The network that it leads to, like "10.1.0.0/16" or "0.0.0.0/0".
   *
   * Since: 0.1
   */
  properties[PROP_DESTINATION] = g_param_spec_string ("destination", NULL, NULL, NULL, flags);
  /**
   * StRoute:gateway: (getter get_gateway)
   *
   * The host that passes packets on; %NULL if they go to their receivers directly.
   *
   * Since: 0.1
   */
  properties[PROP_GATEWAY] = g_param_spec_string ("gateway", NULL, NULL, NULL, flags);
  /**
   * StRoute:metric: (getter get_metric)
   *
   * Which of several routes is taken: the one with the smallest metric.
   *
   * Since: 0.1
   */
  properties[PROP_METRIC] = g_param_spec_uint ("metric", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_route_init (StRoute *self)
{
}

/**
 * st_route_get_destination: (get-property destination)
 * @self: a route
 *
 * Gets the network that a route leads to.
 *
 * Returns: (nullable): the network, like "10.1.0.0/16"; %NULL if the object was made without being listed
 *
 * Since: 0.1
 */
const char *
st_route_get_destination (StRoute *self)
{
  g_return_val_if_fail (ST_IS_ROUTE (self), NULL);
  return self->destination;
}

/**
 * st_route_get_gateway: (get-property gateway)
 * @self: a route
 *
 * Gets the host that passes packets on.
 *
 * Returns: (nullable): the address of the host, or %NULL if packets go to their receivers directly
 *
 * Since: 0.1
 */
const char *
st_route_get_gateway (StRoute *self)
{
  g_return_val_if_fail (ST_IS_ROUTE (self), NULL);
  return self->gateway;
}

/**
 * st_route_get_metric: (get-property metric)
 * @self: a route
 *
 * Gets the metric of a route.
 *
 * Returns: the metric: of several routes, the one with the smallest is taken
 *
 * Since: 0.1
 */
guint
st_route_get_metric (StRoute *self)
{
  g_return_val_if_fail (ST_IS_ROUTE (self), 0);
  return self->metric;
}

/**
 * st_route_to_string:
 * @self: a route
 *
 * Describes a route for messages.
 *
 * Returns: (transfer full): a text like "10.1.0.0/16 via 10.0.0.2", or "10.0.0.0/24"
 *
 * Since: 0.1
 */
char *
st_route_to_string (StRoute *self)
{
  g_return_val_if_fail (ST_IS_ROUTE (self), NULL);
  if (!self->destination)
    return g_strdup ("no route");
  return g_strconcat (self->destination, self->gateway ? " via " : NULL, self->gateway, NULL);
}

gboolean
st_way_parse (const char *destination,
              const char *gateway,
              StWay      *way,
              GError    **error)
{
  const gboolean is_default = g_str_equal (destination, "default");
  way->gateway = (StInetAddress){ .family = AF_UNSPEC };
  if (gateway && !st_inet_address_parse (gateway, ST_PREFIX_NEVER, &way->gateway, error))
    return FALSE;
  if (is_default)
    way->destination = (StInetAddress){ .family = gateway ? way->gateway.family : AF_INET };
  else if (!st_inet_address_parse (destination, ST_PREFIX_OPTIONAL, &way->destination, error))
    return FALSE;
  if (!gateway || way->gateway.family == way->destination.family)
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no route: to \"%s\" via \"%s\": one is IPv4, the other IPv6", destination, gateway);
  return FALSE;
}

static struct nl_msg *
describe (int          type,
          guint        index,
          const StWay *way)
{
  const gboolean is_new = type == RTM_NEWROUTE;
  const gsize size = st_inet_address_size (&way->destination);
  const gboolean is_near = !way->gateway.family && way->destination.family == AF_INET;
  const struct rtmsg header = {
    .rtm_family = (guint8) way->destination.family,
    .rtm_dst_len = (guint8) way->destination.prefix,
    .rtm_table = RT_TABLE_MAIN,
    .rtm_protocol = is_new ? RTPROT_STATIC : RTPROT_UNSPEC,
    .rtm_scope = !is_new ? RT_SCOPE_NOWHERE : is_near ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    .rtm_type = is_new ? RTN_UNICAST : RTN_UNSPEC,
  };
  struct nl_msg *message = st_netlink_message (type, is_new ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof header);
  if (way->destination.prefix > 0)
    st_netlink_put (message, RTA_DST, way->destination.bytes, size);
  if (way->gateway.family)
    st_netlink_put (message, RTA_GATEWAY, way->gateway.bytes, size);
  st_netlink_put_u32 (message, RTA_OIF, index);
  return message;
}

static gboolean
change (StLink     *self,
        int         type,
        const char *destination,
        const char *gateway,
        GError    **error)
{
  StWay way;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error) || !st_way_parse (destination, gateway, &way, error))
    return FALSE;
  const gboolean is_default = g_str_equal (destination, "default");
  g_autofree char *route = is_default ? g_strdup ("default route") : g_strdup_printf ("route to %s", destination);
  return st_link_place_do (&place, describe (type, place.index, &way), error,
                           type == RTM_NEWROUTE ? "add the %s%s%s through" : "remove the %s%s%s from", route, gateway ? " via " : "",
                           gateway ? gateway : "");
}

/**
 * st_link_add_route:
 * @self: a link
 * @destination: a network, like "10.1.0.0/16", or a host, or "default"
 * @gateway: (nullable): the address of the host that passes packets on, or %NULL if the receivers are at the other end of the link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sends what goes to a network through a link, as `ip route add` does: see [ip-route(8)](man:ip-route(8)).
 *
 * The link must be up, and @gateway in reach of it. "default" without a gateway is that of IPv4; for IPv6, it is "::/0". If the route is
 * there already, it is %ST_ERROR_EXISTS.
 *
 * ```python
 * cable.add_address("10.0.0.1/24")
 * cable.set_up(True)
 * cable.add_route("default", "10.0.0.2")
 * ```
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_add_route (StLink     *self,
                   const char *destination,
                   const char *gateway,
                   GError    **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (destination != NULL, FALSE);
  return change (self, RTM_NEWROUTE, destination, gateway, error);
}

/**
 * st_link_remove_route:
 * @self: a link
 * @destination: a network, a host, or "default"
 * @gateway: (nullable): the address of the host that passes packets on, or %NULL for whichever it is
 * @error: return location for a [error@Spacetest.Error]
 *
 * Removes a route through a link. If there is none, it is %ST_ERROR_NOT_FOUND.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_remove_route (StLink     *self,
                      const char *destination,
                      const char *gateway,
                      GError    **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (destination != NULL, FALSE);
  return change (self, RTM_DELROUTE, destination, gateway, error);
}

typedef struct
{
  guint index;
  GPtrArray *routes;
} Listing;

static guint32
get_number (struct nlattr *attribute,
            guint32        otherwise)
{
  return attribute && nla_len (attribute) >= 4 ? nla_get_u32 (attribute) : otherwise;
}

static void
add_route (struct nlmsghdr *message,
           gpointer         data)
{
  Listing *listing = data;
  StInetAddress destination, gateway;
  struct nlattr *parts[RTA_MAX + 1];
  if (message->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (message, sizeof (struct rtmsg), parts, RTA_MAX, NULL) < 0)
    return;
  const struct rtmsg *header = nlmsg_data (message);
  if (get_number (parts[RTA_OIF], 0) != listing->index || get_number (parts[RTA_TABLE], header->rtm_table) != RT_TABLE_MAIN ||
      header->rtm_type != RTN_UNICAST || (header->rtm_flags & RTM_F_CLONED) ||
      !st_inet_address_take (&destination, header->rtm_family, parts[RTA_DST], header->rtm_dst_len))
    return;
  StRoute *route = g_object_new (ST_TYPE_ROUTE, NULL);
  route->destination = st_inet_address_to_string (&destination, TRUE);
  if (parts[RTA_GATEWAY] && st_inet_address_take (&gateway, header->rtm_family, parts[RTA_GATEWAY], 0))
    route->gateway = st_inet_address_to_string (&gateway, FALSE);
  route->metric = get_number (parts[RTA_PRIORITY], 0);
  g_ptr_array_add (listing->routes, route);
}

typedef struct
{
  const StWay *way;
  guint index;
  gboolean is_there;
} Search;

/* One through a link without carrier is there, but nothing is sent. */
static void
compare_route (struct nlmsghdr *message,
               gpointer         data)
{
  Search *search = data;
  const StWay *way = search->way;
  StInetAddress destination, gateway = { .family = AF_UNSPEC };
  struct nlattr *parts[RTA_MAX + 1];
  if (message->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (message, sizeof (struct rtmsg), parts, RTA_MAX, NULL) < 0)
    return;
  const struct rtmsg *header = nlmsg_data (message);
  if (get_number (parts[RTA_OIF], 0) != search->index || get_number (parts[RTA_TABLE], header->rtm_table) != RT_TABLE_MAIN ||
      header->rtm_type != RTN_UNICAST || (header->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN)) ||
      !st_inet_address_take (&destination, header->rtm_family, parts[RTA_DST], header->rtm_dst_len) ||
      !st_inet_address_equal (&destination, &way->destination))
    return;
  if (way->gateway.family)
    search->is_there |= parts[RTA_GATEWAY] && st_inet_address_take (&gateway, header->rtm_family, parts[RTA_GATEWAY], way->gateway.prefix) &&
                        st_inet_address_equal (&gateway, &way->gateway);
  else
    search->is_there = TRUE;
}

int
st_way_look (const StWay       *way,
             const StLinkPlace *place,
             gboolean          *is_there)
{
  const struct rtmsg header = { .rtm_family = (guint8) way->destination.family };
  Search search = { way, place->index, FALSE };
  const int result = st_netlink_ask (place->netlink, st_netlink_message (RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header), compare_route,
                                     &search, NULL);
  *is_there = search.is_there;
  return result;
}

/**
 * st_link_list_routes:
 * @self: a link
 * @error: return location for a [error@Spacetest.Error]
 *
 * Lists the routes of the main table through a link, those that came with its addresses among them.
 *
 * Returns: (transfer container) (element-type StRoute): the routes, or %NULL with @error set; in C, `g_ptr_array_unref()` frees
 *   all of it
 *
 * Since: 0.1
 */
GPtrArray *
st_link_list_routes (StLink  *self,
                     GError **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), NULL);
  const struct rtmsg header = { 0 };
  StLinkState state;
  g_auto (StLinkPlace) place = { 0 };
  if (!st_link_locate (self, &place, error))
    return NULL;
  g_autoptr (GPtrArray) routes = g_ptr_array_new_with_free_func (g_object_unref);
  int result = st_link_state_get (place.netlink, place.index, NULL, &state);
  if (result == 0)
    result = st_netlink_ask (place.netlink, st_netlink_message (RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header), add_route,
                             &(Listing){ place.index, routes }, NULL);
  if (result == 0)
    return g_steal_pointer (&routes);
  st_link_place_failed (&place, result, NULL, "list the routes of", error);
  return NULL;
}
