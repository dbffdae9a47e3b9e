/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Cables: made, pulled, and gone with their networks. */
#include "link-support.h"

#include <gio/gio.h>

static void
test_two_networks (void)
{
  if (!test_needs_spaces ())
    return;
  g_autofree char *before = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  before = list_links (home);
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth0");
  g_autoptr (StLink) peer = get_peer (cable);
  g_autoptr (StLink) back = get_peer (peer);
  g_autoptr (StLink) found = find_link (bob, "eth0");
  assert_there_are (alice, "lo eth0 ");
  assert_there_are (bob, "lo eth0 ");
  assert_there_are (home, before);
  g_assert_true (back == cable);
  g_assert_true (st_link_equal (peer, found));
  g_assert_false (st_link_equal (peer, cable));
  g_assert_cmpuint (st_link_get_index (peer), >, 1);
  g_assert_false (st_link_is_up (cable) || st_link_is_up (peer));
}

/* Both in the caller's network, which for the sake of the host is a new one. */
static void
test_here (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) here = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) cable = make_cable (here, NULL, here, NULL);
  g_autoptr (StLink) another = make_cable (here, NULL, here, NULL);
  g_autoptr (StLink) peer = get_peer (cable);
  assert_there_are (here, "lo veth1 veth0 veth3 veth2 ");
  assert_name (cable, "veth0");
  assert_name (peer, "veth1");
  g_assert_cmpuint (st_link_get_index (cable), !=, st_link_get_index (peer));
  g_assert_cmpuint (st_link_get_index (peer), >, 0);
  g_assert_false (st_link_is_up (cable) || st_link_is_up (peer));
  st_visit_leave (visit, &error);
  g_assert_no_error (error);
}

static void
test_here_and_there (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) there = test_new_netns ();
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) here = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) cable = make_cable (there, NULL, here, NULL);
  assert_there_are (there, "lo veth0 ");
  assert_there_are (here, "lo veth0 ");
  assert_done (st_visit_leave (visit, &error));
  assert_done (st_link_delete (cable, &error));
  assert_there_are (there, "lo ");
  assert_there_are (here, "lo ");
}

static void
test_same_network_elsewhere (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) there = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (there, "a", there, "b");
  g_autoptr (StLink) found = find_link (there, "b");
  g_autoptr (StLink) other = get_peer (found);
  g_assert_true (st_link_equal (cable, other));
}

/* From the one end only the object of the other knows it, in another network. */
static void
test_found_end (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth0");
  g_autoptr (StLink) found = find_link (alice, "eth0");
  test_assert_not_made (st_link_get_peer (found, &error), error, ST_ERROR_NOT_SUPPORTED, "another network");
}

/* The object of the first end is dropped, the cable is not. */
static void
test_dropped_end (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) peer = NULL;
  {
    g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth1");
    peer = get_peer (cable);
  }
  g_autoptr (StLink) again = get_peer (peer);
  assert_name (again, "eth0");
  assert_done (st_link_delete (peer, &error));
  assert_refused (st_link_delete (again, &error), ST_ERROR_STALE, "\"eth0\"");
  assert_there_are (alice, "lo ");
}

static void
test_existing (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth1");
  StSpace *one = ST_SPACE (alice), *two = ST_SPACE (bob);
  test_assert_not_made (st_link_new_veth (one, "eth0", two, "eth7", &error), error, ST_ERROR_EXISTS, "\"eth0\"");
  test_assert_not_made (st_link_new_veth (one, "eth7", two, "eth1", &error), error, ST_ERROR_EXISTS, "\"eth1\"");
  test_assert_not_made (st_link_new_veth (one, NULL, two, "eth1", &error), error, ST_ERROR_EXISTS, "\"eth1\"");
  test_assert_not_made (st_link_new_veth (one, "lo", two, NULL, &error), error, ST_ERROR_EXISTS, "\"lo\"");
  test_assert_not_made (st_link_new_bridge (one, "eth0", &error), error, ST_ERROR_EXISTS, "\"eth0\"");
  test_assert_not_made (st_link_new_veth (one, "x", one, "x", &error), error, ST_ERROR_INVALID_ARGUMENT, "to itself");
  assert_there_are (alice, "lo eth0 ");
  assert_there_are (bob, "lo eth1 ");
}

static void
test_gone_behind_our_back (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth1");
  g_autoptr (StLink) peer = get_peer (cable);
  g_autoptr (StLink) other = find_link (bob, "eth1");
  assert_done (st_link_delete (other, &error));
  g_assert_false (st_link_is_present (cable) || st_link_is_present (peer));
  g_assert_cmpuint (st_link_get_mtu (cable), ==, 0);
  g_assert_null (st_link_get_mac (cable));
  assert_name (cable, "eth0");
  assert_refused (st_link_set_up (cable, TRUE, &error), ST_ERROR_STALE, "\"eth0\"");
  assert_refused (st_link_add_address (cable, "10.0.0.1/24", &error), ST_ERROR_STALE, "\"eth0\"");
  assert_refused (st_link_wait_ready (cable, NULL, &error), ST_ERROR_STALE, "gone");
  assert_refused (st_link_delete (cable, &error), ST_ERROR_STALE, "gone");
  test_assert_not_made (st_link_list_addresses (cable, &error), error, ST_ERROR_STALE, "gone");
}

/* Not a moment later: the other end is gone when the call returns. */
static void
test_gone_with_network (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (StTransientNetns) alice = test_new_netns ();
      g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth0");
      st_namespace_ref_close (ST_NAMESPACE_REF (alice));
      assert_there_are (bob, "lo ");
    }
  for (guint i = 0; i < 10; i++)
    {
      StTransientNetns *alice = test_new_netns ();
      g_object_unref (make_cable (bob, "eth0", alice, "eth0"));
      g_object_unref (alice);
      assert_there_are (bob, "lo ");
    }
}

/* In the caller's network, too. */
static void
test_gone_with_reference (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  const int fd = st_namespace_ref_dup_fd (ST_NAMESPACE_REF (netns), &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) other = st_namespace_ref_new_take_fd (fd, ST_NAMESPACE_NET, &error);
  g_autoptr (StLink) lasting = make_cable (netns, "a", netns, "b");
  g_autoptr (StLink) passing = make_cable (other, "c", other, "d");
  st_namespace_ref_close (other);
  assert_there_are (netns, "lo b a ");
}

/* Two hosts and two cables, in one call each. */
static void
test_plugged_in (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  for (guint i = 0; i < 2; i++)
    {
      const char *address = i ? "fd00::1/64" : "10.0.0.1/24", *peer_address = i ? "fd00::2/64" : "10.0.0.2/24";
      g_autoptr (StLink) cable = st_link_new_cable (ST_SPACE (alice), address, ST_SPACE (bob), peer_address, &error);
      g_assert_no_error (error);
      g_autoptr (StLink) peer = get_peer (cable);
      assert_name (cable, i ? "eth1" : "eth0");
      assert_name (peer, i ? "eth1" : "eth0");
      g_assert_true (has_address (cable, address));
      g_assert_true (has_address (peer, peer_address));
      wait_for_end (cable);
      wait_for_end (peer);
    }
  assert_there_are (alice, "lo eth0 eth1 ");
  g_autoptr (StLink) loop = st_link_new_cable (ST_SPACE (bob), "10.1.0.1/24", ST_SPACE (bob), "10.1.0.2/24", &error);
  g_assert_no_error (error);
  assert_name (loop, "eth2");
}

static void
test_not_plugged_in (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  StSpace *one = ST_SPACE (alice), *two = ST_SPACE (bob);
  test_assert_not_made (st_link_new_cable (one, "10.0.0.1", two, "10.0.0.2/24", &error), error, ST_ERROR_INVALID_ARGUMENT, "\"10.0.0.1\"");
  test_assert_not_made (st_link_new_cable (one, "10.0.0.1/24", two, "bob", &error), error, ST_ERROR_INVALID_ARGUMENT, "\"bob\"");
  assert_there_are (alice, "lo ");
  assert_there_are (bob, "lo ");
  st_namespace_ref_close (ST_NAMESPACE_REF (bob));
  test_assert_not_made (st_link_new_cable (one, "10.0.0.1/24", two, "10.0.0.2/24", &error), error, ST_ERROR_CLOSED, "");
  assert_there_are (alice, "lo ");
}

/* The same names, at once and as often as one likes. */
static void
test_again_and_again (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  const guint rounds = g_test_slow () ? 1000 : 50;
  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr (StLink) cable = make_cable (alice, "eth0", bob, "eth0");
      g_autoptr (StLink) end = i % 2 ? get_peer (cable) : g_object_ref (cable);
      assert_done (st_link_delete (end, &error));
    }
  assert_there_are (alice, "lo ");
  assert_there_are (bob, "lo ");
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/cable/NET-11/NET-16/VETH-04/two-networks", test_two_networks);
  test_add ("/cable/LINK-01/LINK-06/VETH-01/here", test_here);
  test_add ("/cable/LINK-08/VETH-02/here-and-there", test_here_and_there);
  test_add ("/cable/VETH-03/same-network-elsewhere", test_same_network_elsewhere);
  test_add ("/cable/found-end", test_found_end);
  test_add ("/cable/dropped-end", test_dropped_end);
  test_add ("/cable/existing", test_existing);
  test_add ("/cable/gone-behind-our-back", test_gone_behind_our_back);
  test_add ("/cable/LINK-03/LINK-04/gone-with-network", test_gone_with_network);
  test_add ("/cable/gone-with-reference", test_gone_with_reference);
  test_add ("/cable/plugged-in", test_plugged_in);
  test_add ("/cable/not-plugged-in", test_not_plugged_in);
  test_add ("/cable/again-and-again", test_again_and_again);
  return g_test_run ();
}
