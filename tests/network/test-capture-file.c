/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What becomes of the file, of the thread, and of whoever cannot have them. */
#include "capture-support.h"

#include <gio/gio.h>
#include <sys/stat.h>

#define assert_io_failed(error, code, text)                                     G_STMT_START                                                                  {                                                                               g_assert_error (error, G_IO_ERROR, (int) (code));                             g_assert_nonnull (strstr ((error)->message, text));                           g_clear_error (&(error));                                                   }                                                                             G_STMT_END

static void
test_discard (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  recording_start (&it, netns, NULL);
  send_datagrams (netns, "127.0.0.1", 3, 10);
  g_assert_true (recording_has_file (&it));
  g_assert_true (st_capture_discard (it.running, &error));
  g_assert_no_error (error);
  g_assert_false (recording_has_file (&it));
  g_assert_true (st_capture_is_closed (it.running));
  g_assert_cmpuint (st_capture_get_n_packets (it.running), ==, 3);
  g_assert_false (st_capture_discard (it.running, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "capture");
  close_capture (it.running);
}

/* As a test would use it that keeps the file only if it failed. */
static void
test_keep (void)
{
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  for (guint keep = 0; keep <= 1; keep++)
    {
      int n_notified = 0;
      g_autoptr (StCapture) running = capture (netns, NULL, place.path);
      g_signal_connect (running, "notify::keep", G_CALLBACK (test_count), &n_notified);
      g_assert_true (st_capture_get_keep (running));
      st_capture_set_keep (running, FALSE);
      st_capture_set_keep (running, FALSE);
      g_assert_cmpint (n_notified, ==, 1);
      g_assert_true (g_file_test (place.path, G_FILE_TEST_EXISTS));
      st_capture_set_keep (running, keep ? 4 : 0);
      g_assert_cmpint (st_capture_get_keep (running), ==, keep);
      close_capture (running);
      g_assert_cmpint (g_file_test (place.path, G_FILE_TEST_EXISTS), ==, keep);
    }
}

/* Somebody has put another file in its place. */
static void
test_discard_foreign (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  recording_start (&it, netns, NULL);
  g_assert_no_errno (unlink (it.place.path));
  g_assert_true (g_file_set_contents (it.place.path, "other", 5, NULL));
  g_assert_true (st_capture_discard (it.running, &error));
  g_assert_no_error (error);
  g_assert_true (recording_has_file (&it));
}

static void
test_dropped (void)
{
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  g_auto (File) file = { 0 };
  place_init (&place);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  StCapture *running = capture (netns, NULL, place.path);
  send_datagrams (netns, "127.0.0.1", 3, 10);
  g_object_unref (running);
  read_file (&file, place.path);
  g_assert_cmpuint (file.packets->len, ==, 3);
  g_assert_true (get_interface (&file, 0)->has_statistics);
}

/* The space goes first; the network stays for the capture. */
static void
test_outlives_space (void)
{
  if (!test_needs_spaces ())
    return;
  g_auto (Recording) it = { 0 };
  StTransientNetns *netns = test_new_netns ();
  g_autoptr (GSocket) client = make_datagram_socket (netns, G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new_from_string ("127.0.0.1", PORT);
  recording_start (&it, netns, NULL);
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  g_object_unref (netns);
  g_assert_cmpint (g_socket_send_to (client, to, "x", 1, NULL, NULL), ==, 1);
  close_capture (it.running);
  g_assert_cmpuint (st_capture_get_n_packets (it.running), >=, 1); /* and an answer that nobody is there */
}

/* The file belongs to where the caller stands, the packets to the space; the thread is nobody's stray. */
static void
test_on_a_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) elsewhere = test_new_netns ();
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (elsewhere), &error);
  g_assert_no_error (error);
  recording_start (&it, netns, NULL);
  send_datagrams (netns, "127.0.0.1", 3, 10);
  send_datagrams (elsewhere, "127.0.0.1", 5, 10);
  g_assert_true (st_visit_leave (visit, &error));
  g_auto (GStrv) strays = st_find_strays (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (strays), ==, 0);
  recording_finish (&it);
  g_assert_cmpuint (it.file.packets->len, ==, 3);
}

static void
drop_in_child (gpointer data)
{
  g_object_unref (data);
}

/* A child that ends with its copy of the object ends nothing else. */
static void
test_fork (void)
{
  if (!test_needs_spaces ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  recording_start (&it, netns, NULL);
  st_capture_set_keep (it.running, FALSE);
  test_in_child (drop_in_child, it.running);
  g_assert_true (recording_has_file (&it));
  send_datagrams (netns, "127.0.0.1", 3, 10);
  st_capture_set_keep (it.running, TRUE);
  recording_finish (&it);
  g_assert_cmpuint (it.file.packets->len, ==, 3);
}

static gpointer
close_it (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_capture_close (data, &error));
  return NULL;
}

static void
test_closed_by_two (void)
{
  if (!test_needs_spaces ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  recording_start (&it, netns, NULL);
  send_datagrams (netns, "127.0.0.1", 3, 10);
  GThread *other = g_thread_new ("other", close_it, it.running);
  close_it (it.running);
  g_assert_cmpuint (st_capture_get_n_packets (it.running), ==, 3);
  g_thread_join (other);
}

/* A disk of 64 KiB, which the host does not see. */
static char *
make_small_disk (StTransientMntns **mntns,
                 const char        *directory)
{
  g_autoptr (GError) error = NULL;
  *mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_tmpfs (*mntns, directory, 64 * 1024, &error));
  g_autofree char *root = st_transient_mntns_get_root_path (*mntns, &error);
  g_assert_no_error (error);
  return g_build_filename (root, directory, "packets.pcapng", NULL);
}

static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  g_auto (File) file = { 0 };
  place_init (&place);
  g_autoptr (StTransientMntns) mntns = NULL;
  g_autofree char *path = make_small_disk (&mntns, place.directory);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StCapture) running = capture (netns, NULL, path);
  send_datagrams (netns, "127.0.0.1", 5, 100);
  wait_for_packets (running, 5);
  send_datagrams (netns, "127.0.0.1", 200, 1000);
  for (int again = 0; again < 2; again++)
    {
      g_assert_false (st_capture_close (running, &error));
      assert_io_failed (error, G_IO_ERROR_NO_SPACE, "packets.pcapng");
    }
  g_assert_cmpuint (st_capture_get_n_packets (running) + st_capture_get_n_dropped (running), ==, 205);
  g_assert_cmpuint (st_capture_get_n_dropped (running), >, 0);
  read_file (&file, path); /* whole blocks only */
  g_assert_cmpuint (file.packets->len, ==, st_capture_get_n_packets (running));
  g_assert_cmpuint (file.packets->len, >=, 5);
}

/* What nobody asks for is not silent either; what is to be removed anyway may be incomplete. */
static void
fill_disk_and_drop (gpointer data)
{
  const char *path = data;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  StCapture *running = capture (netns, NULL, path);
  send_datagrams (netns, "127.0.0.1", 200, 1000);
  g_object_unref (running);
}

static void
test_full_disk_unasked (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autoptr (StTransientMntns) mntns = NULL;
  g_autofree char *path = make_small_disk (&mntns, place.directory);
  test_in_dying_child (fill_disk_and_drop, path, "*packets.pcapng*No space left on device*");

  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StCapture) running = capture (netns, NULL, path);
  send_datagrams (netns, "127.0.0.1", 200, 1000);
  g_assert_true (st_capture_discard (running, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_bad_paths (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autofree char *missing = g_build_filename (place.directory, "missing", "file", NULL);
  g_autofree char *fifo = g_build_filename (place.directory, "fifo", NULL);
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  StSpace *space = ST_SPACE (netns);
  g_assert_no_errno (mkfifo (fifo, 0600));
  g_assert_null (st_capture_new (space, NULL, missing, &error));
  assert_io_failed (error, G_IO_ERROR_NOT_FOUND, missing);
  g_assert_null (st_capture_new (space, NULL, place.directory, &error));
  assert_io_failed (error, G_IO_ERROR_IS_DIRECTORY, place.directory);
  g_assert_null (st_capture_new (space, NULL, "", &error));
  assert_io_failed (error, G_IO_ERROR_NOT_FOUND, "");
  g_assert_null (st_capture_new (space, NULL, filler, &error));
  assert_io_failed (error, G_IO_ERROR_FILENAME_TOO_LONG, "xxx");
  g_assert_null (st_capture_new (space, NULL, "/dev/full", &error));
  assert_io_failed (error, G_IO_ERROR_NO_SPACE, "/dev/full");
  g_assert_null (st_capture_new (space, NULL, fifo, &error)); /* that nobody reads */
  assert_io_failed (error, G_IO_ERROR_NOT_REGULAR_FILE, fifo);
  g_assert_no_errno (unlink (fifo));
}

/* A file that was there before is not touched for nothing. */
static void
test_bad_interfaces (void)
{
  const char *invalid[] = { "", "sixteen-letters-", "seventeen-letters", "a/b", "lo:1", "../lo" };
  const char *missing[] = { "missing", "fifteen-letters", ".", "..", "lo " };
  if (!test_needs_spaces ())
    return;
  g_auto (Place) place = { 0 };
  g_autofree char *content = NULL;
  place_init (&place);
  g_assert_true (g_file_set_contents (place.path, "before", -1, NULL));
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  for (gsize i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_autoptr (GError) error = NULL;
      test_assert_not_made (st_capture_new (ST_SPACE (netns), invalid[i], place.path, &error), error, ST_ERROR_INVALID_ARGUMENT, invalid[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (missing); i++)
    {
      g_autoptr (GError) error = NULL;
      test_assert_not_made (st_capture_new (ST_SPACE (netns), missing[i], place.path, &error), error, ST_ERROR_NOT_FOUND, missing[i]);
    }
  g_assert_true (g_file_get_contents (place.path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "before");
}

static void
test_bad_spaces (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) unmade = g_object_new (ST_TYPE_SPACE, NULL);
  g_autoptr (StNamespaceRef) closed = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  st_namespace_ref_close (closed);
  test_assert_not_made (st_capture_new (unmade, NULL, "/nonexistent/x", &error), error, ST_ERROR_CLOSED, "space");
  test_assert_not_made (st_capture_new (ST_SPACE (closed), NULL, "/nonexistent/x", &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (g_initable_new (ST_TYPE_CAPTURE, NULL, &error, "path", "x", NULL), error, ST_ERROR_INVALID_ARGUMENT, "a space");
}

static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StCapture) unmade = g_object_new (ST_TYPE_CAPTURE, NULL);
  g_assert_true (st_capture_is_closed (unmade));
  g_assert_cmpuint (st_capture_get_n_packets (unmade), ==, 0);
  g_assert_false (st_capture_close (unmade, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "capture");
  g_assert_false (st_capture_discard (unmade, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "capture");
}

static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  test_assert_not_made (st_capture_new (ST_SPACE (home), NULL, "/nonexistent/x", &error), error, ST_ERROR_PERMISSION_DENIED, "CAP_NET_RAW");
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/capture-file/discard", test_discard);
  test_add ("/capture-file/discard-foreign", test_discard_foreign);
  test_add ("/capture-file/keep", test_keep);
  test_add ("/capture-file/dropped", test_dropped);
  test_add ("/capture-file/outlives-space", test_outlives_space);
  test_add ("/capture-file/on-a-visit", test_on_a_visit);
  test_add ("/capture-file/fork", test_fork);
  test_add ("/capture-file/closed-by-two", test_closed_by_two);
  test_add ("/capture-file/full-disk", test_full_disk);
  test_add ("/capture-file/full-disk-unasked", test_full_disk_unasked);
  test_add ("/capture-file/bad-paths", test_bad_paths);
  test_add ("/capture-file/bad-interfaces", test_bad_interfaces);
  test_add ("/capture-file/bad-spaces", test_bad_spaces);
  test_add ("/capture-file/unmade", test_unmade);
  test_add ("/capture-file/forbidden", test_forbidden);
  return g_test_run ();
}
