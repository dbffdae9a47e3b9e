/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Links: what can be changed, ports of bridges, links on top of others. */
#include "link-support.h"

#include <gio/gio.h>

static void
test_up_and_down (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "a", netns, "b");
  g_autoptr (StLink) peer = get_peer (cable);
  assert_done (st_link_set_up (cable, TRUE, &error));
  g_assert_true (st_link_is_up (cable));
  g_assert_false (st_link_has_carrier (cable));
  assert_done (st_link_set_up (peer, TRUE, &error));
  wait_for_end (cable);
  g_assert_true (st_link_has_carrier (cable));
  assert_done (st_link_set_up (peer, FALSE, &error));
  g_assert_false (st_link_is_up (peer) || st_link_has_carrier (cable));
}

static void
test_rename (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "a", netns, "b");
  g_autoptr (StLink) other = find_link (netns, "a");
  assert_done (st_link_rename (cable, "fifteen-letters", &error));
  assert_name (cable, "fifteen-letters");
  assert_name (other, "fifteen-letters");
  assert_refused (st_link_rename (cable, "b", &error), ST_ERROR_EXISTS, "\"b\"");
  assert_refused (st_link_rename (cable, "sixteen-letters-", &error), ST_ERROR_INVALID_ARGUMENT, "15 bytes");
  assert_refused (st_link_rename (cable, "..", &error), ST_ERROR_INVALID_ARGUMENT, "..");
  assert_there_are (netns, "lo b fifteen-letters ");
}

static void
test_sizes (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, NULL, netns, NULL);
  assert_done (st_link_set_mtu (cable, 9000, &error));
  g_assert_cmpuint (st_link_get_mtu (cable), ==, 9000);
  assert_refused (st_link_set_mtu (cable, 1, &error), ST_ERROR_INVALID_ARGUMENT, "MTU of 1 ");
  assert_refused (st_link_set_mtu (cable, G_MAXUINT, &error), ST_ERROR_INVALID_ARGUMENT, "4294967295");
  g_assert_cmpuint (st_link_get_mtu (cable), ==, 9000);
}

static void
test_mac (void)
{
  static const char *const bad[] = { "", "02:00:00:00:00", "02:00:00:00:00:01:02", "02-00-00-00-00-01", "2:0:0:0:0:1", "02:00:00:00:00:0g",
                                     "01:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00" };
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, NULL, netns, NULL);
  assert_done (st_link_set_mac (cable, "02:00:00:00:AB:cd", &error));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (st_link_set_mac (cable, bad[i], &error), ST_ERROR_INVALID_ARGUMENT, "MAC address");
  g_autofree char *mac = st_link_get_mac (cable);
  g_assert_cmpstr (mac, ==, "02:00:00:00:ab:cd");
}

/* The object goes along. */
static void
test_move (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StTransientNetns) carol = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "a", bob, "b");
  g_autoptr (StLink) stale = find_link (alice, "a");
  g_autoptr (StLink) in_the_way = make_cable (bob, "a", alice, "c");
  assert_refused (st_link_move (cable, ST_SPACE (bob), NULL, &error), ST_ERROR_EXISTS, "\"a\"");
  assert_refused (st_link_move (cable, ST_SPACE (bob), "a/b", &error), ST_ERROR_INVALID_ARGUMENT, "a/b");
  assert_done (st_link_move (cable, ST_SPACE (bob), "z", &error));
  assert_name (cable, "z");
  g_autoptr (StLink) found = find_link (bob, "z");
  g_assert_true (st_link_equal (found, cable));
  g_assert_false (st_link_is_present (stale));
  assert_there_are (alice, "lo c ");
  assert_done (st_link_move (cable, ST_SPACE (carol), NULL, &error));
  st_namespace_ref_close (ST_NAMESPACE_REF (carol));
  assert_there_are (bob, "lo a ");
}

static void
test_bridge (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) elsewhere = test_new_netns ();
  g_autoptr (StLink) bridge = st_link_new_bridge (ST_SPACE (netns), NULL, &error);
  g_assert_no_error (error);
  assert_name (bridge, "br0");
  g_autofree char *mac = st_link_get_mac (bridge);
  g_autoptr (StLink) port = make_cable (netns, NULL, elsewhere, "eth0");
  g_autoptr (StLink) far_end = get_peer (port);
  assert_done (st_link_set_mac (port, "02:00:00:00:00:01", &error));
  assert_done (st_link_add_port (bridge, port, &error));
  assert_done (st_link_add_port (bridge, port, &error));
  g_autoptr (GPtrArray) ports = st_link_list_ports (bridge, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ports->len, ==, 1);
  g_assert_true (st_link_equal (ports->pdata[0], port));
  g_autofree char *mac_after = st_link_get_mac (bridge);
  g_assert_cmpstr (mac_after, ==, mac);
  assert_refused (st_link_add_port (bridge, far_end, &error), ST_ERROR_INVALID_ARGUMENT, "not in the network");
  assert_refused (st_link_add_port (bridge, bridge, &error), ST_ERROR_INVALID_ARGUMENT, "br0");
  assert_refused (st_link_add_port (port, bridge, &error), ST_ERROR_NOT_SUPPORTED, "veth0");
  assert_done (st_link_remove_port (bridge, port, &error));
  assert_refused (st_link_remove_port (bridge, port, &error), ST_ERROR_NOT_FOUND, "no port");
}

static StLink *
make_macvlan (StLink     *parent,
              gpointer    space,
              const char *name)
{
  g_autoptr (GError) error = NULL;
  StLink *made = st_link_new_macvlan (parent, space, name, ST_MACVLAN_BRIDGE, &error);
  g_assert_no_error (error);
  return made;
}

/* The parent is in one network, the link in another, the caller in a third. */
static void
test_macvlan (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) below = test_new_netns ();
  g_autoptr (StTransientNetns) above = test_new_netns ();
  g_autoptr (StLink) parent = make_cable (below, "a", below, "b");
  g_autoptr (StLink) far_end = get_peer (parent);
  g_autoptr (StLink) here = make_macvlan (parent, NULL, NULL);
  g_autoptr (StLink) there = make_macvlan (parent, above, "eth0");
  g_autofree char *kind = st_link_get_kind (there);
  g_autoptr (StLink) found = find_link (above, "eth0");
  g_assert_cmpstr (kind, ==, "macvlan");
  g_assert_true (st_link_equal (there, found));
  assert_there_are (below, "lo b a macvlan0 ");
  assert_there_are (above, "lo eth0 ");
  prepare_end (parent, NULL);
  prepare_end (far_end, NULL);
  prepare_end (there, "10.0.0.1/24");
  wait_for_end (there);
  test_assert_not_made (st_link_new_macvlan (parent, NULL, NULL, (StMacvlanMode) 17, &error), error, ST_ERROR_INVALID_ARGUMENT, "17");
  test_assert_not_made (st_link_new_macvlan (parent, NULL, "a", ST_MACVLAN_VEPA, &error), error, ST_ERROR_EXISTS, "\"a\"");
  assert_done (st_link_delete (there, &error));
  assert_there_are (above, "lo ");
  assert_done (st_link_delete (parent, &error));
  test_assert_not_made (st_link_new_macvlan (parent, NULL, NULL, ST_MACVLAN_VEPA, &error), error, ST_ERROR_STALE, "\"a\"");
}

/* A number of one network means nothing in another. */
static void
test_parent_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) one = test_new_netns ();
  g_autoptr (StTransientNetns) two = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (one, NULL, one, NULL);
  test_assert_not_made (st_link_new_for_index (ST_SPACE (two), st_link_get_index (cable), &error), error, ST_ERROR_NOT_FOUND, "no link");
}

/* Kinds that not every kernel has. */
static gboolean
is_missing (StLink      *made,
            const char  *module,
            GError     **error)
{
  if (made)
    return FALSE;
  g_autofree char *reason = g_strdup ((*error)->message);
  test_assert_failed (*error, ST_ERROR_NOT_SUPPORTED, module);
  test_skip (reason);
  return TRUE;
}

static void
test_dummy (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autofree char *before = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  before = list_links (home);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) dummy = st_link_new_dummy (ST_SPACE (netns), NULL, &error);
  if (is_missing (dummy, "module dummy", &error))
    return;
  assert_there_are (netns, "lo dummy0 ");
  assert_there_are (home, before);
  prepare_end (dummy, "10.0.0.1/24");
  wait_for_end (dummy);
  g_autoptr (StLink) above = make_macvlan (dummy, NULL, NULL);
  prepare_end (above, NULL);
  wait_for_end (above);
}

static void
test_vlan (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) parent = make_cable (netns, "a", netns, "b");
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "4094");
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 4095, &error), error, ST_ERROR_INVALID_ARGUMENT, "4094");
  g_autoptr (StLink) vlan = st_link_new_vlan (parent, NULL, "a.7", 7, &error);
  if (is_missing (vlan, "module 8021q", &error))
    return;
  g_autofree char *kind = st_link_get_kind (vlan);
  g_assert_cmpstr (kind, ==, "vlan");
}

static void
test_addresses (void)
{
  static const char *const bad[] = { "", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/a", "10.0.0/24", "300.0.0.1/24",
                                     "fd00::1", "fd00::1/129", "fd00::1/64/64", "fe80::1%lo/64", "example.org/24", "/24" };
  static const char *const good[] = { "10.0.0.1/24", "10.0.0.1/25", "10.1.0.1/31", "10.2.0.1/32", "fd00::1/64", "fd00::2/128" };
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "a", netns, "b");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      assert_refused (st_link_add_address (cable, bad[i], &error), ST_ERROR_INVALID_ARGUMENT, bad[i]);
      assert_refused (st_link_remove_address (cable, bad[i], &error), ST_ERROR_INVALID_ARGUMENT, bad[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      assert_done (st_link_add_address (cable, good[i], &error));
      g_assert_true (has_address (cable, good[i]));
      assert_refused (st_link_add_address (cable, good[i], &error), ST_ERROR_EXISTS, good[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      assert_done (st_link_remove_address (cable, good[i], &error));
      g_assert_false (has_address (cable, good[i]));
      assert_refused (st_link_remove_address (cable, good[i], &error), ST_ERROR_NOT_FOUND, good[i]);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/link-change/up-and-down", test_up_and_down);
  test_add ("/link-change/rename", test_rename);
  test_add ("/link-change/mtu", test_sizes);
  test_add ("/link-change/mac", test_mac);
  test_add ("/link-change/move", test_move);
  test_add ("/link-change/bridge", test_bridge);
  test_add ("/link-change/NET-10/LINK-11/MCVL-01/MCVL-03/macvlan", test_macvlan);
  test_add ("/link-change/NET-09/LINK-07/parent-elsewhere", test_parent_elsewhere);
  test_add ("/link-change/NET-15/LINK-10/DUMY-01/DUMY-02/dummy", test_dummy);
  test_add ("/link-change/vlan", test_vlan);
  test_add ("/link-change/addresses", test_addresses);
  return g_test_run ();
}
