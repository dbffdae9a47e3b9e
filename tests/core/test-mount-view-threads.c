/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "view-support.h"

#include <errno.h>
#include <stdio.h>

/* From any thread, wherever it stands, and whatever others do meanwhile. */

#define N_THREADS 4
#define N_ROUNDS 300
#define N_LOOKUPS 3000

static void
hide_proc (void)
{
  g_assert_no_errno (mount ("tmpfs", "/proc", "tmpfs", 0, NULL));
}

static void
use_view (StMountView *view)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *resolved = NULL;
  replace_text (view, "/mnt/note", "written", &error);
  g_assert_no_error (error);
  assert_content (view, "/mnt/note", "written");
  assert_list (view, "/mnt", "note");
  resolved = st_mount_view_resolve (view, "/mnt/../mnt/note", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (resolved, ==, "/mnt/note");
}

/* There is no /proc where the thread stands, nor in the view. */
static void
test_without_proc (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  g_autoptr (StTransientMntns) elsewhere = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  run_inside (elsewhere, hide_proc);
  run_inside (inside.mntns, hide_proc);
  ST_VISIT_SCOPE (ST_SPACE (elsewhere), &error);
  g_assert_no_error (error);
  g_assert_cmpint (access ("/proc/self", F_OK), ==, -1);
  use_view (inside.view);
  g_autoptr (StMountView) another = st_mount_view_new (ST_NAMESPACE_REF (inside.mntns), &error);
  g_assert_no_error (error);
  use_view (another);
}

static int umount_errno;

static void
lose_root (void)
{
  umount_errno = umount2 ("/", MNT_DETACH) < 0 ? errno : 0;
}

/* What is left is the first root of the kernel, the same one in all namespaces. */
static void
test_root_gone (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  g_auto (Inside) inside = make_inside ();
  g_autoptr (StTransientMntns) rootless = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  run_inside (rootless, lose_root);
  if (umount_errno)
    {
      test_skip ("the root can't be unmounted here");
      return;
    }
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (rootless), &error);
  g_assert_no_error (error);
  g_assert_null (st_mount_view_load (view, "/usr/bin/env", &error));
  assert_io_failed (error, G_IO_ERROR_NOT_FOUND);
  g_assert_false (replace_text (view, "/note", "lost", &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "kernel");

  ST_VISIT_SCOPE (ST_SPACE (rootless), &error);
  g_assert_no_error (error);
  use_view (inside.view);
  g_assert_false (replace_text (inside.view, "/etc/st-new", "lost", &error)); /* not seen here, but at home */
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "host");
}

typedef struct
{
  StMountView *view;
  int number;
  int rounds; /* that were done before it was closed */
} Writer;

static gboolean
is_closed (GError *error)
{
  gboolean closed = g_error_matches (error, ST_ERROR, ST_ERROR_CLOSED);
  if (!closed)
    g_assert_no_error (error);
  return closed;
}

static gpointer
write_until_closed (gpointer data)
{
  Writer *writer = data;
  g_autofree char *path = g_strdup_printf ("/mnt/%d", writer->number);
  for (;; writer->rounds++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("round %d", writer->rounds);
      if (!replace_text (writer->view, path, text, &error) && is_closed (error))
        return NULL;
      g_autoptr (GBytes) content = st_mount_view_load (writer->view, path, &error);
      if (!content && is_closed (error))
        return NULL;
      g_assert_cmpmem (g_bytes_get_data (content, NULL), g_bytes_get_size (content), text, strlen (text));
      if (writer->number == 0 && writer->rounds == N_ROUNDS)
        st_mount_view_close (writer->view);
    }
}

static void
test_closed_meanwhile (void)
{
  Writer writers[N_THREADS];
  GThread *threads[N_THREADS];
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  for (int i = 0; i < N_THREADS; i++)
    {
      writers[i] = (Writer) { inside.view, i, 0 };
      threads[i] = g_thread_new ("writer", write_until_closed, &writers[i]);
    }
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (writers[0].rounds, ==, N_ROUNDS + 1);
  g_assert_true (st_mount_view_is_closed (inside.view));
}

static void
make_tree (void)
{
  g_assert_no_errno (mkdir ("/mnt/a", 0755));
  g_assert_no_errno (mkdir ("/mnt/a/b", 0755));
  g_assert_no_errno (mkdir ("/mnt/moves", 0755));
  g_assert_true (g_file_set_contents ("/mnt/a/file", "found", -1, NULL));
}

typedef struct
{
  int directory;
  gint stop;
  gint moves;
} Mover;

static gpointer
move (gpointer data)
{
  Mover *mover = data;
  for (gboolean there = FALSE; !g_atomic_int_get (&mover->stop); there = !there, g_atomic_int_inc (&mover->moves))
    g_assert_no_errno (renameat (mover->directory, there ? "moved" : "moves", mover->directory, there ? "moves" : "moved"));
  return NULL;
}

/* Looking up ".." is not sure of itself while anything at all is renamed, and the kernel says EAGAIN. */
static void
test_renamed_meanwhile (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_tree);
  Mover mover = { .directory = st_mount_view_open (inside.view, "/mnt", O_PATH | O_DIRECTORY, 0, &error) };
  g_assert_no_error (error);
  GThread *thread = g_thread_new ("mover", move, &mover);
  while (g_atomic_int_get (&mover.moves) == 0)
    g_thread_yield ();
  for (int i = 0; i < N_LOOKUPS; i++)
    assert_content (inside.view, "/mnt/a/b/../b/../b/../../../mnt/a/file", "found");
  g_atomic_int_set (&mover.stop, TRUE);
  g_thread_join (thread);
  close (mover.directory);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/mount-view/threads/without-proc", test_without_proc);
  test_add ("/mount-view/threads/root-gone", test_root_gone);
  test_add ("/mount-view/threads/closed-meanwhile", test_closed_meanwhile);
  test_add ("/mount-view/threads/renamed-meanwhile", test_renamed_meanwhile);
  return g_test_run ();
}
