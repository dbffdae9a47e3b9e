/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Changes of links are told, if asked for. */
#include "link-support.h"

#include <gio/gio.h>

static void
take_note (StLink     *link,
           GParamSpec *pspec,
           gpointer    notes)
{
  g_string_append_printf (notes, "%s ", pspec->name);
}

static void
wait_for_note (GString    *notes,
               const char *word)
{
  while (!strstr (notes->str, word))
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_string_truncate (notes, 0);
}

static void
test_changes (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (netns, "a", netns, "b");
  g_autoptr (StLink) peer = get_peer (cable);
  g_autoptr (StLink) behind_our_back = find_link (netns, "a");
  g_autoptr (GString) notes = g_string_new (NULL);
  g_signal_connect (cable, "notify", G_CALLBACK (take_note), notes);
  assert_done (st_link_watch (cable, &error));
  assert_done (st_link_set_mtu (behind_our_back, 2000, &error));
  wait_for_note (notes, "mtu");
  assert_done (st_link_set_mac (behind_our_back, "02:00:00:00:00:01", &error));
  wait_for_note (notes, "mac");
  assert_done (st_link_rename (behind_our_back, "z", &error));
  wait_for_note (notes, "name");
  assert_name (cable, "z");
  assert_done (st_link_set_up (behind_our_back, TRUE, &error));
  wait_for_note (notes, "up");
  assert_done (st_link_set_up (peer, TRUE, &error));
  wait_for_note (notes, "carrier");
  g_assert_true (st_link_has_carrier (cable));
  assert_done (st_link_delete (peer, &error));
  wait_for_note (notes, "present");
  g_assert_false (st_link_is_present (cable));
}

/* Goes along with the link; a change of another link is none. */
static void
test_move (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) alice = test_new_netns ();
  g_autoptr (StTransientNetns) bob = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (alice, "a", alice, "b");
  g_autoptr (StLink) peer = get_peer (cable);
  g_autoptr (GString) notes = g_string_new (NULL);
  assert_done (st_link_watch (cable, &error));
  assert_done (st_link_move (cable, ST_SPACE (bob), NULL, &error));
  g_signal_connect (cable, "notify", G_CALLBACK (take_note), notes);
  assert_done (st_link_set_mtu (peer, 1400, &error));
  assert_done (st_link_set_mac (cable, "02:00:00:00:00:01", &error));
  while (notes->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (notes->str, ==, "mac ");
}

/* A watch keeps neither the network nor the object. */
static void
test_ends (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) lo = find_link (netns, "lo");
  g_autoptr (GString) notes = g_string_new (NULL);
  StLink *dropped = find_link (netns, "lo");
  assert_done (st_link_watch (dropped, &error));
  g_object_add_weak_pointer (G_OBJECT (dropped), (gpointer *) &dropped);
  g_object_unref (dropped);
  g_assert_null (dropped);
  g_signal_connect (lo, "notify", G_CALLBACK (take_note), notes);
  assert_done (st_link_watch (lo, &error));
  assert_done (st_link_watch (lo, &error));
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  g_assert_cmpstr (notes->str, ==, "present ");
  assert_refused (st_link_watch (lo, &error), ST_ERROR_CLOSED, "closed");
  st_link_unwatch (lo);
}

static void
test_unwatch (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) lo = find_link (netns, "lo");
  g_autoptr (StLink) other = find_link (netns, "lo");
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (GString) other_notes = g_string_new (NULL);
  g_signal_connect (lo, "notify", G_CALLBACK (take_note), notes);
  g_signal_connect (other, "notify", G_CALLBACK (take_note), other_notes);
  assert_done (st_link_watch (lo, &error));
  assert_done (st_link_watch (other, &error));
  st_link_unwatch (lo);
  assert_done (st_link_set_mtu (lo, 2000, &error));
  wait_for_note (other_notes, "mtu");
  g_assert_cmpstr (notes->str, ==, "");
}

static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StLink) link = g_object_new (ST_TYPE_LINK, NULL);
  assert_refused (st_link_watch (link, &error), ST_ERROR_CLOSED, "constructor");
  st_link_unwatch (link);
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/link-watch/changes", test_changes);
  test_add ("/link-watch/move", test_move);
  test_add ("/link-watch/ends", test_ends);
  test_add ("/link-watch/unwatch", test_unwatch);
  test_add ("/link-watch/unmade", test_unmade);
  return g_test_run ();
}
