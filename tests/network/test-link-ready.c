/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Ready means ready: the first packet arrives. */
#include "link-support.h"

#include <gio/gio.h>

#define MOST_PATIENCE 500000 /* microseconds: the kernel asks for a neighbour again after a second */

/* One packet, never sent again by us. */
static void
assert_first_packet (gpointer    from,
                     gpointer    to,
                     const char *address)
{
  g_autoptr (GError) error = NULL;
  const GSocketFamily family = strchr (address, ':') ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;
  g_autoptr (GSocketAddress) target = inet_address (address, 4711);
  g_autoptr (GSocket) receiver = make_socket (to, family, G_SOCKET_TYPE_DATAGRAM);
  g_autoptr (GSocket) sender = make_socket (from, family, G_SOCKET_TYPE_DATAGRAM);
  assert_done (g_socket_bind (receiver, target, FALSE, &error));
  assert_done (g_socket_connect (sender, target, NULL, &error));
  assert_sent (sender, "hello");
  assert_done (g_socket_condition_timed_wait (receiver, G_IO_IN, MOST_PATIENCE, NULL, &error));
  assert_received (receiver, "hello");
}

static void
check_first_packets (const char *one,
                     const char *other,
                     const char *target)
{
  const guint rounds = g_test_slow () ? 500 : 25;
  if (!test_needs_spaces ())
    return;
  for (guint i = 0; i < rounds; i++)
    {
      g_auto (Hosts) hosts = { 0 };
      hosts_init (&hosts);
      prepare_end (hosts.cable, one);
      prepare_end (hosts.peer, other);
      wait_for_end (hosts.cable);
      wait_for_end (hosts.peer);
      assert_first_packet (hosts.alice, hosts.bob, target);
    }
}

static void
test_ipv4 (void)
{
  check_first_packets ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.2");
}

static void
test_ipv6 (void)
{
  check_first_packets ("fd00::1/64", "fd00::2/64", "fd00::2");
}

/* The kernel takes a second or two, and it is waited for. */
static void
test_duplicates (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  assert_done (st_link_add_address_full (hosts.cable, "fd00::1/64", ST_ADDRESS_DETECT_DUPLICATES, &error));
  prepare_end (hosts.cable, NULL);
  prepare_end (hosts.peer, "fd00::2/64");
  wait_for_end (hosts.cable);
  wait_for_end (hosts.peer);
  assert_first_packet (hosts.bob, hosts.alice, "fd00::1");
}

static void
test_taken (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  prepare_end (hosts.peer, "fd00::1/64");
  prepare_end (hosts.cable, NULL);
  wait_for_end (hosts.peer);
  wait_for_end (hosts.cable);
  assert_done (st_link_add_address_full (hosts.cable, "fd00::1/64", ST_ADDRESS_DETECT_DUPLICATES, &error));
  assert_refused (st_link_wait_ready (hosts.cable, NULL, &error), ST_ERROR_FAILED, "fd00::1");
}

/* What is missing is said. */
static void
test_deadline (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  g_object_set (hosts.cable, "ready-timeout", 1, NULL);
  g_assert_false (st_link_wait_ready (hosts.cable, NULL, &error));
  g_assert_nonnull (strstr (error->message, "\"eth0\" is not ready after 1 ms: it is down"));
  assert_io_failed (error, G_IO_ERROR_TIMED_OUT);
  prepare_end (hosts.cable, NULL);
  g_assert_false (st_link_wait_ready (hosts.cable, NULL, &error));
  g_assert_nonnull (strstr (error->message, "no carrier"));
  assert_io_failed (error, G_IO_ERROR_TIMED_OUT);
}

static GAsyncResult *
start_waiting (StLink        *link,
               GCancellable  *cancellable,
               GAsyncResult **result)
{
  *result = NULL;
  st_link_wait_ready_async (link, cancellable, keep_result, result);
  return NULL;
}

/* The other end comes up while somebody waits. */
static void
test_async (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  start_waiting (hosts.cable, NULL, &result);
  prepare_end (hosts.cable, "10.0.0.1/24");
  prepare_end (hosts.peer, "10.0.0.2/24");
  wait_for_result (&result);
  assert_done (st_link_wait_ready_finish (hosts.cable, result, &error));
  assert_refused (st_link_wait_ready_finish (hosts.peer, result, &error), ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_object_unref (result);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  g_object_set (hosts.cable, "ready-timeout", 0, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  start_waiting (hosts.cable, cancellable, &result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_false (st_link_wait_ready_finish (hosts.cable, result, &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
  g_object_unref (result);
  g_assert_false (st_link_wait_ready (hosts.cable, cancellable, &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
}

/* Who waits is told that the link is gone. */
static void
test_gone (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  start_waiting (hosts.cable, NULL, &result);
  assert_done (st_link_delete (hosts.peer, &error));
  wait_for_result (&result);
  assert_refused (st_link_wait_ready_finish (hosts.cable, result, &error), ST_ERROR_STALE, "gone");
  g_object_unref (result);
}

/* Somebody else sets it while it is waited for. */
static void
test_route (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  prepare_end (hosts.cable, "10.0.0.1/24");
  prepare_end (hosts.peer, "fd00::2/64");
  assert_done (st_link_wait_route (hosts.cable, "10.0.0.0/24", NULL, NULL, &error));
  assert_done (st_link_wait_route (hosts.peer, "fd00::/64", NULL, NULL, &error));
  st_link_wait_route_async (hosts.cable, "default", "10.0.0.2", NULL, keep_result, &result);
  assert_done (st_link_add_route (hosts.cable, "10.1.0.0/16", "10.0.0.2", &error));
  assert_done (st_link_add_route (hosts.cable, "default", "10.0.0.2", &error));
  wait_for_result (&result);
  assert_done (st_link_wait_route_finish (hosts.cable, result, &error));
  assert_refused (st_link_wait_ready_finish (hosts.cable, result, &error), ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_clear_object (&result);
  st_link_wait_route_async (hosts.peer, "::/0", NULL, NULL, keep_result, &result);
  assert_done (st_link_add_route (hosts.peer, "::/0", "fd00::1", &error));
  wait_for_result (&result);
  assert_done (st_link_wait_route_finish (hosts.peer, result, &error));
  g_clear_object (&result);
}

static void
test_no_route (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Hosts) hosts = { 0 };
  hosts_init (&hosts);
  prepare_end (hosts.cable, "10.0.0.1/24");
  prepare_end (hosts.peer, "10.0.0.2/24");
  assert_done (st_link_add_route (hosts.cable, "10.1.0.0/16", "10.0.0.2", &error));
  assert_done (st_link_wait_route (hosts.cable, "10.1.0.0/16", "10.0.0.2", NULL, &error));
  g_object_set (hosts.cable, "ready-timeout", 1, NULL);
  g_assert_false (st_link_wait_route (hosts.cable, "10.1.0.0/16", "10.0.0.3", NULL, &error));
  g_assert_nonnull (strstr (error->message, "there is no route to 10.1.0.0/16 via 10.0.0.3"));
  assert_io_failed (error, G_IO_ERROR_TIMED_OUT);
  assert_refused (st_link_wait_route (hosts.cable, "nonsense", NULL, NULL, &error), ST_ERROR_INVALID_ARGUMENT, "nonsense");
  st_link_wait_route_async (hosts.cable, "10.1.0.0/16", "fd00::1", NULL, keep_result, &result);
  wait_for_result (&result);
  assert_refused (st_link_wait_route_finish (hosts.cable, result, &error), ST_ERROR_INVALID_ARGUMENT, "IPv6");
  g_object_unref (result);
  /* it is there, but nothing is sent */
  assert_done (st_link_set_up (hosts.peer, FALSE, &error));
  g_assert_false (st_link_wait_route (hosts.cable, "10.1.0.0/16", NULL, NULL, &error));
  assert_io_failed (error, G_IO_ERROR_TIMED_OUT);
}

/* Ten hosts on a switch. */
static void
test_switch (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) middle = test_new_netns ();
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (StLink) bridge = st_link_new_bridge (ST_SPACE (middle), NULL, &error);
  g_assert_no_error (error);
  prepare_end (bridge, NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.0.0.%u/24", i + 1);
      g_ptr_array_add (hosts, test_new_netns ());
      StLink *port = make_cable (middle, NULL, hosts->pdata[i], "eth0");
      g_ptr_array_add (ends, port);
      assert_done (st_link_add_port (bridge, port, &error));
      prepare_end (port, NULL);
      g_autoptr (StLink) end = get_peer (port);
      prepare_end (end, address);
      wait_for_end (end);
      wait_for_end (port);
    }
  wait_for_end (bridge);
  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.0.0.%u", i + 2);
      assert_first_packet (hosts->pdata[i], hosts->pdata[i + 1], address);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/link-ready/first-packet-ipv4", test_ipv4);
  test_add ("/link-ready/first-packet-ipv6", test_ipv6);
  test_add ("/link-ready/duplicates", test_duplicates);
  test_add ("/link-ready/taken", test_taken);
  test_add ("/link-ready/LINK-09/deadline", test_deadline);
  test_add ("/link-ready/async", test_async);
  test_add ("/link-ready/cancelled", test_cancelled);
  test_add ("/link-ready/gone", test_gone);
  test_add ("/link-ready/no-route", test_no_route);
  test_add ("/link-ready/route", test_route);
  test_add ("/link-ready/switch", test_switch);
  return g_test_run ();
}
