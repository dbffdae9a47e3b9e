/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Links: found, listed, asked. */
#include "link-support.h"

#include <gio/gio.h>

static void
test_loopback (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  assert_there_are (netns, "lo ");
  g_autoptr (StLink) lo = find_link (netns, "lo");
  g_autoptr (StLink) same = st_link_new_for_index (ST_SPACE (netns), 1, &error);
  g_assert_no_error (error);
  g_autofree char *mac = st_link_get_mac (lo);
  g_autofree char *where = st_namespace_ref_to_string (ST_NAMESPACE_REF (netns));
  g_autofree char *expected = g_strdup_printf ("lo in %s", where);
  g_autofree char *text = st_link_to_string (lo);
  g_autoptr (StNamespaceRef) network = st_link_get_network (lo);
  g_assert_true (st_link_equal (lo, same));
  g_assert_cmpuint (st_link_get_index (lo), ==, 1);
  g_assert_cmpuint (st_link_get_mtu (lo), ==, 65536);
  g_assert_null (st_link_get_kind (lo));
  g_assert_cmpstr (mac, ==, "00:00:00:00:00:00");
  g_assert_cmpstr (text, ==, expected);
  g_assert_true (network == ST_NAMESPACE_REF (netns));
  g_assert_true (st_link_is_up (lo) && st_link_has_carrier (lo) && st_link_is_present (lo));
  g_assert_true (has_address (lo, "127.0.0.1/8"));
  test_assert_not_made (st_link_get_peer (lo, &error), error, ST_ERROR_NOT_FOUND, "no cable");
  assert_refused (st_link_delete (lo, &error), ST_ERROR_NOT_SUPPORTED, "\"lo\"");
}

/* Properties are the same, of one look each. */
static void
test_properties (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "one", netns, "two");
  g_autofree char *name = NULL;
  g_autofree char *kind = NULL;
  g_autofree char *mac = NULL;
  g_autofree char *expected_mac = st_link_get_mac (cable);
  g_autoptr (StNamespaceRef) network = NULL;
  guint number = 0, mtu = 0, timeout = 0;
  gboolean up = TRUE, carrier = TRUE, present = FALSE;
  g_object_get (cable, "name", &name, "kind", &kind, "mac", &mac, "network", &network, "index", &number, "mtu", &mtu, "up", &up, "carrier",
                &carrier, "present", &present, "ready-timeout", &timeout, NULL);
  g_assert_cmpstr (name, ==, "one");
  g_assert_cmpstr (kind, ==, "veth");
  g_assert_cmpstr (mac, ==, expected_mac);
  g_assert_cmpuint (strlen (mac), ==, 17);
  g_assert_true (network == ST_NAMESPACE_REF (netns));
  g_assert_cmpuint (number, ==, st_link_get_index (cable));
  g_assert_cmpuint (mtu, ==, 1500);
  g_assert_cmpuint (timeout, ==, 10000);
  g_assert_false (up || carrier);
  g_assert_true (present);
}

/* Anybody may look at home, but has to name it. */
static void
test_at_home (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_autoptr (StLink) lo = find_link (home, "lo");
  g_assert_cmpuint (st_link_get_index (lo), ==, 1);
  test_assert_not_made (st_link_new_for_name (ST_SPACE (uts), "lo", &error), error, ST_ERROR_WOULD_TOUCH_HOST, "no network");
  test_assert_not_made (st_link_new_bridge (ST_SPACE (uts), "st-bridge", &error), error, ST_ERROR_WOULD_TOUCH_HOST, "no network");
}

static void
test_refused_at_home (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) lo = find_link (home, "lo");
  assert_refused (st_link_add_address (lo, "127.1.2.3/8", &error), ST_ERROR_PERMISSION_DENIED, "docs: privileges");
  test_assert_not_made (st_link_new_veth (ST_SPACE (home), "st-a", ST_SPACE (home), "st-b", &error), error,
                        ST_ERROR_PERMISSION_DENIED, "CAP_NET_ADMIN");
}

static void
test_not_there (void)
{
  static const char *const bad_names[] = { "", ".", "..", "a/b", "a b", "a:b", "a%d", "a\n", "sixteen-letters-" };
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  StSpace *space = ST_SPACE (netns);
  test_assert_not_made (st_link_new_for_name (space, "eth0", &error), error, ST_ERROR_NOT_FOUND, "\"eth0\" in net:[");
  test_assert_not_made (st_link_new_for_index (space, 4711, &error), error, ST_ERROR_NOT_FOUND, "4711");
  test_assert_not_made (st_link_new_for_index (space, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "0");
  test_assert_not_made (st_link_new_for_index (space, G_MAXUINT, &error), error, ST_ERROR_INVALID_ARGUMENT, "4294967295");
  for (gsize i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      test_assert_not_made (st_link_new_for_name (space, bad_names[i], &error), error, ST_ERROR_INVALID_ARGUMENT, bad_names[i]);
      test_assert_not_made (st_link_new_veth (space, bad_names[i], space, NULL, &error), error, ST_ERROR_INVALID_ARGUMENT, "name");
      test_assert_not_made (st_link_new_veth (space, NULL, space, bad_names[i], &error), error, ST_ERROR_INVALID_ARGUMENT, "name");
      test_assert_not_made (st_link_new_bridge (space, bad_names[i], &error), error, ST_ERROR_INVALID_ARGUMENT, "name");
    }
  assert_there_are (netns, "lo ");
}

static void
test_closed_network (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) open = test_new_netns ();
  g_autoptr (StTransientNetns) unmade = g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL);
  g_autoptr (StLink) lo = find_link (netns, "lo");
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  test_assert_not_made (st_link_list (ST_SPACE (netns), &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_link_list (ST_SPACE (unmade), &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_link_new_for_name (ST_SPACE (netns), "lo", &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_link_new_veth (ST_SPACE (netns), NULL, ST_SPACE (open), NULL, &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_link_new_veth (ST_SPACE (open), NULL, ST_SPACE (netns), NULL, &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_link_new_bridge (ST_SPACE (unmade), NULL, &error), error, ST_ERROR_CLOSED, "closed");
  assert_refused (st_link_set_up (lo, FALSE, &error), ST_ERROR_CLOSED, "closed");
  g_assert_false (st_link_is_present (lo));
  assert_name (lo, "lo");
  assert_there_are (open, "lo ");
}

/* Each method of an object that was made without its constructor. */
static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) link = g_object_new (ST_TYPE_LINK, NULL);
  g_autoptr (StLink) other = g_object_new (ST_TYPE_LINK, NULL);
  g_autofree char *text = st_link_to_string (link);
  g_assert_cmpstr (text, ==, "no link");
  g_assert_null (st_link_get_name (link));
  g_assert_null (st_link_get_kind (link));
  g_assert_null (st_link_get_mac (link));
  g_assert_null (st_link_get_network (link));
  g_assert_cmpuint (st_link_get_index (link) + st_link_get_mtu (link), ==, 0);
  g_assert_false (st_link_is_up (link) || st_link_has_carrier (link) || st_link_is_present (link));
  g_assert_true (st_link_equal (link, link));
  g_assert_false (st_link_equal (link, other));
  test_assert_not_made (st_link_get_peer (link, &error), error, ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_list_addresses (link, &error), error, ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_list_ports (link, &error), error, ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_new_macvlan (link, NULL, NULL, ST_MACVLAN_BRIDGE, &error), error, ST_ERROR_CLOSED, "constructor");
  test_assert_not_made (st_link_new_vlan (link, NULL, NULL, 1, &error), error, ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_set_up (link, TRUE, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_rename (link, "a", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_set_mtu (link, 1500, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_set_mac (link, "02:00:00:00:00:01", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_move (link, ST_SPACE (home), NULL, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_add_port (link, other, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_remove_port (link, other, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_add_address (link, "10.0.0.1/24", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_remove_address (link, "10.0.0.1/24", &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_wait_ready (link, NULL, &error), ST_ERROR_CLOSED, "constructor");
  assert_refused (st_link_delete (link, &error), ST_ERROR_CLOSED, "constructor");
}

/* A forked child has a socket of its own, and takes nothing from its parent. */
static void
look_in_child (gpointer data)
{
  assert_there_are (data, "lo two one ");
  st_namespace_ref_close (data);
}

static void
test_fork (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "one", netns, "two");
  test_in_child (look_in_child, netns);
  assert_there_are (netns, "lo two one ");
}

static gpointer
look_often (gpointer data)
{
  for (guint i = 0; i < 200; i++)
    assert_there_are (data, "lo two one ");
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "one", netns, "two");
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("looker", look_often, netns);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/link/loopback", test_loopback);
  test_add ("/link/properties", test_properties);
  test_add ("/link/at-home", test_at_home);
  test_add ("/link/refused-at-home", test_refused_at_home);
  test_add ("/link/LINK-02/not-there", test_not_there);
  test_add ("/link/closed-network", test_closed_network);
  test_add ("/link/unmade", test_unmade);
  test_add ("/link/fork", test_fork);
  test_add ("/link/threads", test_threads);
  return g_test_run ();
}
