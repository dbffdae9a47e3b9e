/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What sockets do once they are made: their network is theirs wherever they are used, and as long as they live. */
#include "socket-support.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#define PORT 8080

/* A connection within one network. */
typedef struct
{
  GSocket *listener;
  GSocket *client;
  GSocket *server;
} Line;

static void
line_clear (Line *self)
{
  g_clear_object (&self->listener);
  g_clear_object (&self->client);
  g_clear_object (&self->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

static void
line_listen (Line           *self,
             gpointer        network,
             GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  self->listener = make_socket (network, g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM);
  g_socket_bind (self->listener, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_listen (self->listener, &error);
  g_assert_no_error (error);
}

static void
line_connect (Line           *self,
              gpointer        network,
              GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  self->client = make_socket (network, g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM);
  g_socket_connect (self->client, address, NULL, &error);
  g_assert_no_error (error);
  self->server = g_socket_accept (self->listener, NULL, &error);
  g_assert_no_error (error);
}

static void
line_say (Line       *self,
          const char *text)
{
  assert_sent (self->client, text);
  assert_received (self->server, text);
  assert_sent (self->server, text);
  assert_received (self->client, text);
}

/* One address and port is as many as there are networks. */
static void
connect_in_both (GSocketAddress *address)
{
  StTransientNetns *networks[] = { test_new_netns (), test_new_netns () };
  g_auto (Line) one = { 0 };
  g_auto (Line) two = { 0 };
  line_listen (&one, networks[0], address);
  line_listen (&two, networks[1], address);
  line_connect (&two, networks[1], address);
  line_connect (&one, networks[0], address);
  line_say (&one, "in one network");
  line_say (&two, "in the other one");
  g_object_unref (networks[0]);
  g_object_unref (networks[1]);
}

static void
test_streams (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (GSocketAddress) ipv4 = inet_address ("127.0.0.1", PORT);
  g_autoptr (GSocketAddress) ipv6 = inet_address ("::1", PORT);
  g_autoptr (GSocketAddress) name = g_unix_socket_address_new_with_type ("spacetest", -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  connect_in_both (ipv4);
  connect_in_both (ipv6);
  connect_in_both (name);
}

static GSocket *
bind_datagrams (gpointer        network,
                GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  GSocket *made = make_socket (network, g_socket_address_get_family (address), G_SOCKET_TYPE_DATAGRAM);
  g_socket_bind (made, address, FALSE, &error);
  g_assert_no_error (error);
  return made;
}

static void
send_datagram (gpointer        network,
               GSocketAddress *address,
               const char     *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) made = make_socket (network, g_socket_address_get_family (address), G_SOCKET_TYPE_DATAGRAM);
  g_socket_send_to (made, address, text, strlen (text), NULL, &error);
  g_assert_no_error (error);
}

static void
test_datagrams (void)
{
  const char *const texts[] = { "127.0.0.1", "::1" };
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) one = test_new_netns ();
  g_autoptr (StTransientNetns) two = test_new_netns ();
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GSocketAddress) address = inet_address (texts[i], PORT);
      g_autoptr (GSocket) in_one = bind_datagrams (one, address);
      g_autoptr (GSocket) in_two = bind_datagrams (two, address);
      send_datagram (two, address, "to two");
      send_datagram (one, address, "to one");
      assert_received (in_one, "to one");
      assert_received (in_two, "to two");
    }
}

static void
test_loopback_down (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", FALSE, NULL);
  g_assert_no_error (error);
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", PORT);
  g_autoptr (GSocket) client = make_socket (netns, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  g_assert_false (g_socket_connect (client, address, NULL, &error));
  assert_io_failed (error, G_IO_ERROR_NETWORK_UNREACHABLE);
}

/* A request to the kernel, with one attribute or two. */
typedef struct
{
  struct nlmsghdr header;
  struct rtgenmsg message;
  struct
  {
    struct rtattr header;
    int value;
  } attributes[2];
} NameRequest;

static void
join_group (GSocket *netlink,
            int      group)
{
  g_assert_no_errno (setsockopt (g_socket_get_fd (netlink), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group));
}

/* The network of @netlink gets a name for the other one, and hears of it when that is gone. */
static void
name_network (GSocket        *netlink,
              StNamespaceRef *network)
{
  g_autoptr (GError) error = NULL;
  NameRequest request = { .header = { sizeof request, RTM_NEWNSID, NLM_F_REQUEST, 1, 0 } };
  g_assert_cmpuint (sizeof request, ==, NLMSG_LENGTH (sizeof request.message) + 3 + 2 * sizeof request.attributes[0]);
  request.attributes[0].header = (struct rtattr) { sizeof request.attributes[0], NETNSA_NSID };
  request.attributes[0].value = 7;
  request.attributes[1].header = (struct rtattr) { sizeof request.attributes[1], NETNSA_FD };
  request.attributes[1].value = st_namespace_ref_peek_fd (network, &error);
  g_socket_send (netlink, (const char *) &request, sizeof request, NULL, &error);
  g_assert_no_error (error);
}

static int
next_event (GSocket *netlink)
{
  g_autoptr (GError) error = NULL;
  union
  {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  g_socket_receive (netlink, answer.bytes, sizeof answer, NULL, &error);
  g_assert_no_error (error);
  return answer.header.nlmsg_type;
}

static GSocket *
watch_network (gpointer from,
               gpointer network)
{
  g_autoptr (GError) error = NULL;
  GSocket *netlink = st_space_create_netlink_socket (from, NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (netlink, TIMEOUT_SECONDS);
  join_group (netlink, RTNLGRP_NSID);
  name_network (netlink, network);
  g_assert_cmpint (next_event (netlink), ==, RTM_NEWNSID);
  return netlink;
}

/* The socket is the last one to hold its network. */
static void
test_outlives_reference (void)
{
  g_auto (Line) line = { 0 };
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) elsewhere = test_new_netns ();
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", PORT);
  g_autoptr (GSocket) watch = watch_network (elsewhere, netns);
  line_listen (&line, netns, address);
  line_connect (&line, netns, address);
  line_say (&line, "while it is open");
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  line_say (&line, "after it was closed");
  close_socket (line.client);
  close_socket (line.server);
  close_socket (line.listener);
  g_assert_cmpint (next_event (watch), ==, RTM_DELNSID);
}

static void
test_used_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Line) line = { 0 };
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) elsewhere = test_new_netns ();
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", PORT);
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (elsewhere), &error);
  g_assert_no_error (error);
  line_listen (&line, netns, address);
  line_connect (&line, netns, address);
  assert_lives_in (line.server, netns);
  line_say (&line, "from another network");
  g_assert_true (st_visit_leave (visit, &error));
  line_say (&line, "from home");
}

/* The callback comes in the caller's context, and never before the call is over. */
static void
test_async_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) early = g_cancellable_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  g_autoptr (GCancellable) too_late = g_cancellable_new ();
  GAsyncResult *results[3] = { NULL };
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  const GSocketFamily family = G_SOCKET_FAMILY_IPV4;
  g_cancellable_cancel (early);
  st_space_create_socket_async (ST_SPACE (netns), family, G_SOCKET_TYPE_STREAM, 0, early, keep_result, &results[0]);
  st_space_create_socket_async (ST_SPACE (netns), family, G_SOCKET_TYPE_STREAM, 0, late, keep_result, &results[1]);
  st_space_create_socket_async (ST_SPACE (netns), family, G_SOCKET_TYPE_STREAM, 0, too_late, keep_result, &results[2]);
  g_assert_true (!results[0] && !results[1] && !results[2]);
  g_cancellable_cancel (late);
  g_assert_null (wait_for_socket (netns, &results[0], &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
  g_assert_null (wait_for_socket (netns, &results[1], &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
  g_autoptr (GSocket) made = wait_for_socket (netns, &results[2], &error);
  g_assert_no_error (error);
  g_cancellable_cancel (too_late);
  assert_lives_in (made, netns);
}

static void
test_async_mixed_up (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) other = test_open_current (ST_NAMESPACE_NET);
  st_space_create_socket_async (ST_SPACE (home), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (st_space_create_netlink_socket_finish (ST_SPACE (home), result, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_assert_null (st_space_create_socket_finish (ST_SPACE (other), result, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_autoptr (GSocket) made = wait_for_socket (home, &result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (made);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/socket/streams", test_streams);
  test_add ("/socket/datagrams", test_datagrams);
  test_add ("/socket/loopback-down", test_loopback_down);
  test_add ("/socket/outlives-reference", test_outlives_reference);
  test_add ("/socket/used-elsewhere", test_used_elsewhere);
  test_add ("/socket/async-cancelled", test_async_cancelled);
  test_add ("/socket/async-mixed-up", test_async_mixed_up);
  return g_test_run ();
}
