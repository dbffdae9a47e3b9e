/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-ready.h"

#include "st-error-private.h"
#include "st-inet-private.h"
#include "st-link-private.h"
#include "st-task-private.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

/* What is seen of a link and its IPv6 addresses in one look. */
typedef struct
{
  guint index;
  GArray *addresses;       /* of StInetAddress */
  GArray *groups;          /* of StInetAddress: those that it listens to */
  StInetAddress tentative; /* one that is not usable yet */
  StInetAddress duplicate; /* one that never will be */
} View;

static void
view_clear (View *view)
{
  g_clear_pointer (&view->addresses, g_array_unref);
  g_clear_pointer (&view->groups, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (View, view_clear)

static void
see_address (struct nlmsghdr *message,
             gpointer         data)
{
  View *view = data;
  StInetAddress address;
  guint32 flags;
  if (!st_inet_address_take_new (&address, &flags, message, view->index))
    return;
  g_array_append_val (view->addresses, address);
  if (flags & IFA_F_DADFAILED)
    view->duplicate = address;
  else if ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC))
    view->tentative = address;
}

static void
see_group (struct nlmsghdr *message,
           gpointer         data)
{
  View *view = data;
  StInetAddress group;
  struct nlattr *parts[IFA_MAX + 1];
  if (nlmsg_parse (message, sizeof (struct ifaddrmsg), parts, IFA_MAX, NULL) < 0)
    return;
  const struct ifaddrmsg *header = nlmsg_data (message);
  if (header->ifa_index == view->index && parts[IFA_MULTICAST] &&
      st_inet_address_take (&group, header->ifa_family, parts[IFA_MULTICAST], 128))
    g_array_append_val (view->groups, group);
}

static int
see (StNetlink *netlink,
     View      *view)
{
  const struct ifaddrmsg header = { .ifa_family = AF_INET6 };
  view->addresses = g_array_new (FALSE, FALSE, sizeof (StInetAddress));
  view->groups = g_array_new (FALSE, FALSE, sizeof (StInetAddress));
  int result =
    st_netlink_ask (netlink, st_netlink_message (RTM_GETADDR, NLM_F_DUMP, &header, sizeof header), see_address, view, NULL);
  if (result == 0 && view->addresses->len > 0)
    result =
      st_netlink_ask (netlink, st_netlink_message (RTM_GETMULTICAST, NLM_F_DUMP, &header, sizeof header), see_group, view, NULL);
  return result;
}

/* Who asks for an IPv6 address asks its group (RFC 4291, 2.7.1). The kernel joins it some time after it has taken the address. */
static gboolean
listens_to_neighbours (const View          *view,
                       const StInetAddress *address)
{
  StInetAddress group = { .family = AF_INET6, .prefix = 128, .bytes = { 0xff, 0x02, [11] = 1, [12] = 0xff } };
  memcpy (group.bytes + 13, address->bytes + 13, 3);
  for (guint i = 0; i < view->groups->len; i++)
    if (st_inet_address_equal (&g_array_index (view->groups, StInetAddress, i), &group))
      return TRUE;
  return FALSE;
}

/* Cables and bridges always come to know their state, so that UNKNOWN is about to change. */
static const char *
find_obstacle (const StLinkState *state)
{
  const gboolean will_know = g_str_equal (state->kind, "veth") || g_str_equal (state->kind, "bridge");
  if (!(state->flags & IFF_UP))
    return "it is down";
  if (!(state->flags & ST_LINK_LOWER_UP))
    return "there is no carrier: nothing is up at the other end";
  if (state->state == IF_OPER_UP || (state->state == IF_OPER_UNKNOWN && !will_know))
    return NULL;
  return "it does not send yet";
}

typedef enum
{
  NOT_YET,
  READY,
  NEVER,
} Answer;

static Answer
look_at_addresses (const StLinkPlace *place,
                   const StLinkState *state,
                   char             **obstacle,
                   GError           **error)
{
  g_auto (View) view = { .index = place->index };
  const int result = see (place->netlink, &view);
  if (result < 0)
    {
      st_link_place_failed (place, result, NULL, "look at the addresses of", error);
      return NEVER;
    }
  if (view.duplicate.family)
    {
      g_autofree char *text = st_inet_address_to_string (&view.duplicate, FALSE);
      st_error_set (error, ST_ERROR_FAILED, "link \"%s\" does not get ready: somebody else has the address %s", place->name, text);
      return NEVER;
    }
  if (view.tentative.family)
    {
      g_autofree char *text = st_inet_address_to_string (&view.tentative, FALSE);
      *obstacle = g_strdup_printf ("the address %s is tentative", text);
      return NOT_YET;
    }
  for (guint i = 0; i < view.addresses->len && !(state->flags & (IFF_LOOPBACK | IFF_NOARP)); i++)
    {
      const StInetAddress *address = &g_array_index (view.addresses, StInetAddress, i);
      if (listens_to_neighbours (&view, address))
        continue;
      g_autofree char *text = st_inet_address_to_string (address, FALSE);
      *obstacle = g_strdup_printf ("the address %s does not listen yet", text);
      return NOT_YET;
    }
  return READY;
}

static Answer
look (const StLinkPlace *place,
      char             **obstacle,
      GError           **error)
{
  StLinkState state;
  g_clear_pointer (obstacle, g_free);
  const int result = st_link_state_get (place->netlink, place->index, NULL, &state);
  if (result < 0)
    {
      st_link_place_failed (place, result, NULL, "wait for", error);
      return NEVER;
    }
  *obstacle = g_strdup (find_obstacle (&state));
  return *obstacle ? NOT_YET : look_at_addresses (place, &state, obstacle, error);
}

/* Waits for the next event, and drops all that came: what it was about is looked at anew. */
static gboolean
wait_for_event (const StLinkPlace *place,
                GSocket           *events,
                guint              timeout,
                gint64             deadline,
                const char        *obstacle,
                GCancellable      *cancellable,
                GError           **error)
{
  GError *failure = NULL;
  const gint64 left = timeout ? MAX (0, deadline - g_get_monotonic_time ()) : -1;
  if (g_socket_condition_timed_wait (events, G_IO_IN, left, cancellable, &failure))
    {
      st_netlink_hear (events, NULL, NULL);
      return TRUE;
    }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      g_clear_error (&failure);
      g_set_error (&failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "link \"%s\" is not ready after %u ms: %s", place->name, timeout,
                   obstacle);
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static Answer
look_at_route (const StLinkPlace *place,
               const StWay       *way,
               char             **obstacle,
               GError           **error)
{
  gboolean is_there = FALSE;
  const int result = st_way_look (way, place, &is_there);
  if (result < 0)
    {
      st_link_place_failed (place, result, NULL, "look at the routes of", error);
      return NEVER;
    }
  if (is_there)
    return READY;
  g_autofree char *destination = st_inet_address_to_string (&way->destination, TRUE);
  g_autofree char *gateway = way->gateway.family ? st_inet_address_to_string (&way->gateway, FALSE) : NULL;
  *obstacle = g_strconcat ("there is no route to ", destination, gateway ? " via " : NULL, gateway, NULL);
  return NOT_YET;
}

/* @way is a route that has to be there, or NULL. */
static gboolean
wait_ready (StLink       *self,
            const StWay  *way,
            GCancellable *cancellable,
            GError      **error)
{
  static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, 0 };
  static const int groups_of_routes[] = { RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, 0 };
  const guint timeout = self->ready_timeout;
  const gint64 deadline = g_get_monotonic_time () + (gint64) timeout * G_TIME_SPAN_MILLISECOND;
  g_autofree char *obstacle = NULL;
  g_auto (StLinkPlace) place = { 0 };
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !st_link_locate (self, &place, error))
    return FALSE;
  g_autoptr (GSocket) events = st_netlink_listen (ST_SPACE (place.ref), way ? groups_of_routes : groups, error);
  if (!events)
    return FALSE;
  for (;;)
    {
      Answer answer = look (&place, &obstacle, error);
      if (answer == READY && way)
        answer = look_at_route (&place, way, &obstacle, error);
      if (answer != NOT_YET)
        return answer == READY;
      if (!wait_for_event (&place, events, timeout, deadline, obstacle, cancellable, error))
        return FALSE;
    }
}

/**
 * st_link_wait_ready:
 * @self: a link
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Waits until a link can be used: it is up, there is something at the other end, it sends, and its addresses are usable and known to
 * the neighbourhood. The first packet after that is not lost, if the other end is ready, too.
 *
 * It waits for events of the kernel, for [property@Spacetest.Link:ready-timeout] at most: after that it is %G_IO_ERROR_TIMED_OUT, and the
 * message says what is missing. A link that goes away is %ST_ERROR_STALE; an address that somebody else has is %ST_ERROR_FAILED.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_wait_ready (StLink       *self,
                    GCancellable *cancellable,
                    GError      **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  return wait_ready (self, NULL, cancellable, error);
}

static gboolean
wait_for_task (GTask   *task,
               GError **error)
{
  return wait_ready (g_task_get_source_object (task), g_task_get_task_data (task), g_task_get_cancellable (task), error);
}

/**
 * st_link_wait_ready_async:
 * @self: a link
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the link is ready
 * @user_data: for @callback
 *
 * Waits until a link can be used, on a thread of its own. See [method@Spacetest.Link.wait_ready].
 *
 * Since: 0.1
 */
void
st_link_wait_ready_async (StLink             *self,
                          GCancellable       *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer            user_data)
{
  g_return_if_fail (ST_IS_LINK (self));
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_link_wait_ready_async);
  st_task_check (task, wait_for_task);
}

/**
 * st_link_wait_ready_finish:
 * @self: a link
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Link.wait_ready_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_wait_ready_finish (StLink       *self,
                           GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  return st_task_finish_boolean (result, self, st_link_wait_ready_async, error);
}

/**
 * st_link_wait_route:
 * @self: a link
 * @destination: a network, like "10.1.0.0/16", or a host, or "default"
 * @gateway: (nullable): the address of the host that passes packets on, or %NULL for whichever it is
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Waits until a link can be used, and there is a route through it: one that a daemon sets, or that the other end announces.
 *
 * The arguments are those of [method@Spacetest.Link.add_route]; the route has to be to the very same network. Everything else is as
 * with [method@Spacetest.Link.wait_ready].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_wait_route (StLink       *self,
                    const char   *destination,
                    const char   *gateway,
                    GCancellable *cancellable,
                    GError      **error)
{
  StWay way;
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  g_return_val_if_fail (destination != NULL, FALSE);
  return st_way_parse (destination, gateway, &way, error) && wait_ready (self, &way, cancellable, error);
}

/**
 * st_link_wait_route_async:
 * @self: a link
 * @destination: a network, a host, or "default"
 * @gateway: (nullable): the address of the host that passes packets on, or %NULL for whichever it is
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the route is there
 * @user_data: for @callback
 *
 * Waits until there is a route through a link, on a thread of its own. See [method@Spacetest.Link.wait_route].
 *
 * Since: 0.1
 */
void
st_link_wait_route_async (StLink             *self,
                          const char         *destination,
                          const char         *gateway,
                          GCancellable       *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer            user_data)
{
  StWay way;
  GError *error = NULL;
  g_return_if_fail (ST_IS_LINK (self));
  g_return_if_fail (destination != NULL);
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_link_wait_route_async);
  if (st_way_parse (destination, gateway, &way, &error))
    {
      g_task_set_task_data (task, g_memdup2 (&way, sizeof way), g_free);
      st_task_check (task, wait_for_task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * st_link_wait_route_finish:
 * @self: a link
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Link.wait_route_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_link_wait_route_finish (StLink       *self,
                           GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (ST_IS_LINK (self), FALSE);
  return st_task_finish_boolean (result, self, st_link_wait_route_async, error);
}
