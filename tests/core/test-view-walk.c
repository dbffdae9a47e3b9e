/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "view-support.h"

#include "st-kernel.h"
#include "st-view.h"

#include <errno.h>

/* Walking by hand and openat2() must agree on every path. */

#define N_PATHS 20000

static void
make_tree (void)
{
  g_assert_no_errno (mkdir ("/mnt/dir", 0755));
  g_assert_no_errno (mkdir ("/mnt/dir/sub", 0755));
  g_assert_no_errno (mkdir ("/mnt/dir/sub/mount", 0755));
  g_assert_no_errno (mount ("tmpfs", "/mnt/dir/sub/mount", "tmpfs", 0, NULL));
  g_assert_true (g_file_set_contents ("/mnt/dir/file", "", 0, NULL));
  g_assert_true (g_file_set_contents ("/mnt/dir/sub/mount/file", "", 0, NULL));
  g_assert_no_errno (symlink ("/mnt/dir", "/mnt/absolute"));
  g_assert_no_errno (symlink ("dir/sub/", "/mnt/relative"));
  g_assert_no_errno (symlink ("../../../../../../mnt//", "/mnt/dir/sub/up"));
  g_assert_no_errno (symlink ("/", "/mnt/dir/sub/mount/root"));
  g_assert_no_errno (symlink ("dir/file/", "/mnt/wrong"));
  g_assert_no_errno (symlink ("absolute/./file", "/mnt/chain"));
  g_assert_no_errno (symlink ("loop", "/mnt/loop"));
  g_assert_no_errno (symlink ("dir/../nothing", "/mnt/dangling"));
  g_assert_no_errno (symlink ("/proc/self/cwd", "/mnt/magic"));
}

static char *
make_path (void)
{
  static const char *const starts[] = { "/mnt", "/mnt/dir/sub", "/mnt/dir/sub/mount", "/proc/self", "/proc", "" };
  static const char *const names[] = { "dir", "sub", "mount", "file", "absolute", "relative", "up", "root", "wrong", "chain", "loop",
                                       "dangling", "magic", "nothing", "..", "..", ".", "", "mnt", "cwd", "exe", "fd/0", "ns/mnt", "mounts",
                                       "thread-self" };
  GString *path = g_string_new (starts[g_test_rand_int_range (0, G_N_ELEMENTS (starts))]);
  for (int n = g_test_rand_int_range (1, 5); n > 0; n--)
    {
      g_string_append_c (path, '/');
      g_string_append (path, names[g_test_rand_int_range (0, G_N_ELEMENTS (names))]);
    }
  return g_string_free (path, FALSE);
}

static void
assert_same (const char *path,
             int         flags,
             int         expected,
             int         walked)
{
  StViewFile a = { 0 }, b = { 0 };
  if (expected < 0 || walked < 0)
    {
      if (expected != walked)
        g_error ("%s with %#o: %s, but walking gives %s", path, flags, g_strerror (-MIN (expected, 0)), g_strerror (-MIN (walked, 0)));
      return;
    }
  g_assert_cmpint (st_view_inspect (expected, &a), ==, 0);
  g_assert_cmpint (st_view_inspect (walked, &b), ==, 0);
  if (a.inode != b.inode || a.device != b.device || a.mount_id != b.mount_id)
    g_error ("%s with %#o: walking gives another file", path, flags);
}

static void
compare_inside (void)
{
  static const int flags[] = { 0, O_NOFOLLOW, O_DIRECTORY, O_NOFOLLOW | O_DIRECTORY };
  int root = st_view_open_root ();
  int found = 0;
  g_assert_cmpint (root, >=, 0);
  for (int i = 0; i < N_PATHS; i++)
    {
      g_autofree char *path = make_path ();
      int flag = flags[i % G_N_ELEMENTS (flags)];
      int expected = st_view_lookup (root, path, flag);
      int walked = st_view_walk (root, path, flag);
      assert_same (path, flag, expected, walked);
      found += expected >= 0;
      if (expected >= 0)
        close (expected);
      if (walked >= 0)
        close (walked);
    }
  close (root);
  g_assert_cmpint (found, >, N_PATHS / 20);
  g_test_message ("%d of %d paths led somewhere", found, N_PATHS);
}

static void
test_agrees (void)
{
  if (!test_needs_privilege ())
    return;
  int root = st_view_open_root ();
  int probe = st_view_lookup (root, "/", 0);
  close (root);
  if (probe < 0)
    {
      g_test_skip ("no openat2() to compare with");
      return;
    }
  close (probe);
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_tree);
  run_inside (inside.mntns, compare_inside);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/view-walk/agrees", test_agrees);
  return g_test_run ();
}
