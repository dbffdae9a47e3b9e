/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "view-support.h"

/* Writing where the host does not see it. */

static int
open_or_die (StMountView *view,
             const char  *path,
             int          flags,
             guint        mode)
{
  g_autoptr (GError) error = NULL;
  int fd = st_mount_view_open (view, path, flags, mode, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
  return fd;
}

static void
assert_open_fails (StMountView *view,
                   const char  *path,
                   int          flags,
                   GIOErrorEnum code)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (st_mount_view_open (view, path, flags, 0644, &error), ==, -1);
  assert_io_failed (error, code);
}

static void
write_text (int         fd,
            const char *text)
{
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  close (fd);
}

static struct stat
get_status (StMountView *view,
            const char  *path)
{
  struct stat status;
  int fd = open_or_die (view, path, O_PATH | O_NOFOLLOW, 0);
  g_assert_no_errno (fstat (fd, &status));
  close (fd);
  return status;
}

static void
test_open_flags (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  mode_t umask_before = umask (027);
  assert_open_fails (inside.view, "/mnt/file", O_WRONLY, G_IO_ERROR_NOT_FOUND);
  write_text (open_or_die (inside.view, "/mnt/file", O_WRONLY | O_CREAT, 0666), "one");
  umask (umask_before);
  g_assert_cmpuint (get_status (inside.view, "/mnt/file").st_mode, ==, S_IFREG | 0640);
  write_text (open_or_die (inside.view, "/mnt/file", O_WRONLY | O_CREAT | O_APPEND, 0666), "two");
  assert_content (inside.view, "/mnt/file", "onetwo");
  assert_open_fails (inside.view, "/mnt/file", O_WRONLY | O_CREAT | O_EXCL, G_IO_ERROR_EXISTS);
  assert_open_fails (inside.view, "/mnt", O_WRONLY | O_CREAT, G_IO_ERROR_IS_DIRECTORY);
  assert_open_fails (inside.view, "/mnt/", O_WRONLY | O_CREAT, G_IO_ERROR_IS_DIRECTORY);
  assert_open_fails (inside.view, "/mnt", O_WRONLY, G_IO_ERROR_IS_DIRECTORY);
  assert_open_fails (inside.view, "/mnt/file", O_RDONLY | O_DIRECTORY, G_IO_ERROR_NOT_DIRECTORY);
  assert_open_fails (inside.view, "/mnt/x", O_RDWR | O_CREAT | O_DIRECTORY, G_IO_ERROR_INVALID_ARGUMENT);
  assert_open_fails (inside.view, "/mnt/no/file", O_WRONLY | O_CREAT, G_IO_ERROR_NOT_FOUND);
  close (open_or_die (inside.view, "/mnt/file", O_RDWR | O_TRUNC, 0));
  assert_content (inside.view, "/mnt/file", "");
  close (open_or_die (inside.view, "/mnt", O_RDONLY | O_DIRECTORY, 0));
}

static void
make_links (void)
{
  g_assert_no_errno (mkdir ("/mnt/dir", 0755));
  g_assert_no_errno (symlink ("../mnt/dir/new", "/mnt/dangling"));
  g_assert_no_errno (symlink ("dangling", "/mnt/chain"));
}

static void
test_open_links (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_links);
  assert_open_fails (inside.view, "/mnt/chain", O_WRONLY | O_CREAT | O_EXCL, G_IO_ERROR_EXISTS);
  assert_open_fails (inside.view, "/mnt/chain", O_WRONLY | O_CREAT | O_NOFOLLOW, G_IO_ERROR_TOO_MANY_LINKS);
  assert_open_fails (inside.view, "/mnt/chain", O_RDONLY | O_NOFOLLOW, G_IO_ERROR_TOO_MANY_LINKS);
  write_text (open_or_die (inside.view, "/mnt/chain", O_WRONLY | O_CREAT, 0644), "made");
  assert_list (inside.view, "/mnt/dir", "new");
  assert_content (inside.view, "/mnt/chain", "made");
  g_assert_cmpuint (get_status (inside.view, "/mnt/chain").st_mode & S_IFMT, ==, S_IFLNK);
}

static void
test_open_nameless (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  int fd = open_or_die (inside.view, "/mnt", O_RDWR | O_TMPFILE, 0600);
  struct stat status;
  g_assert_no_errno (fstat (fd, &status));
  g_assert_cmpuint (status.st_nlink, ==, 0);
  write_text (fd, "nobody knows");
  g_assert_cmpint (get_status (inside.view, "/mnt").st_nlink, ==, 2);
}

static void
test_replace (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  mode_t umask_before = umask (022);
  replace_text (inside.view, "/mnt/note", "first", &error);
  umask (umask_before);
  g_assert_no_error (error);
  struct stat first = get_status (inside.view, "/mnt/note");
  g_assert_cmpuint (first.st_mode, ==, S_IFREG | 0644);

  int old = open_or_die (inside.view, "/mnt/note", O_RDWR, 0);
  g_assert_no_errno (fchmod (old, 0751));
  replace_text (inside.view, "/mnt/note", "second one", &error);
  g_assert_no_error (error);
  assert_content (inside.view, "/mnt/note", "second one");
  g_assert_cmpint (lseek (old, 0, SEEK_END), ==, 5); /* who has it open still has the old */
  close (old);
  struct stat second = get_status (inside.view, "/mnt/note");
  g_assert_cmpuint (second.st_mode, ==, S_IFREG | 0751);
  g_assert_cmpuint (second.st_ino, !=, first.st_ino);
  replace_text (inside.view, "/mnt/note", "", &error);
  g_assert_no_error (error);
  assert_content (inside.view, "/mnt/note", "");
  assert_list (inside.view, "/mnt", "note");
}

static void
give_away (void)
{
  g_assert_true (g_file_set_contents ("/mnt/theirs", "theirs", -1, NULL));
  g_assert_no_errno (chown ("/mnt/theirs", 1234, 5678));
  g_assert_no_errno (chmod ("/mnt/theirs", 06755));
}

static void
test_replace_keeps_owner (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, give_away);
  replace_text (inside.view, "/mnt/theirs", "still theirs", &error);
  g_assert_no_error (error);
  struct stat status = get_status (inside.view, "/mnt/theirs");
  g_assert_cmpuint (status.st_uid, ==, 1234);
  g_assert_cmpuint (status.st_gid, ==, 5678);
  g_assert_cmpuint (status.st_mode, ==, S_IFREG | 06755);
}

static void
test_replace_links (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_links);
  replace_text (inside.view, "/mnt/chain", "made", &error);
  g_assert_no_error (error);
  replace_text (inside.view, "/mnt/chain", "made anew", &error);
  g_assert_no_error (error);
  assert_content (inside.view, "/mnt/dir/new", "made anew");
  assert_list (inside.view, "/mnt/dir", "new");
  g_assert_cmpuint (get_status (inside.view, "/mnt/chain").st_mode & S_IFMT, ==, S_IFLNK);
}

static void
mount_small (void)
{
  g_assert_no_errno (mkdir ("/mnt/small", 0755));
  g_assert_no_errno (mount ("tmpfs", "/mnt/small", "tmpfs", 0, "size=64k"));
}

static void
test_replace_when_full (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *much = g_strnfill (256 * 1024, 'x');
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, mount_small);
  replace_text (inside.view, "/mnt/small/note", "kept", &error);
  g_assert_no_error (error);
  g_assert_false (replace_text (inside.view, "/mnt/small/note", much, &error));
  assert_io_failed (error, G_IO_ERROR_NO_SPACE);
  assert_content (inside.view, "/mnt/small/note", "kept");
  assert_list (inside.view, "/mnt/small", "note");
}

static void
mount_read_only (void)
{
  g_assert_true (g_file_set_contents ("/mnt/note", "kept", -1, NULL));
  g_assert_no_errno (mount (NULL, "/mnt", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL));
}

static void
test_read_only (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, mount_read_only);
  g_assert_false (replace_text (inside.view, "/mnt/note", "lost", &error));
  assert_io_failed (error, G_IO_ERROR_READ_ONLY);
  g_assert_false (replace_text (inside.view, "/mnt/new", "lost", &error));
  assert_io_failed (error, G_IO_ERROR_READ_ONLY);
  assert_open_fails (inside.view, "/mnt/note", O_RDWR, G_IO_ERROR_READ_ONLY);
  assert_content (inside.view, "/mnt/note", "kept");
  assert_list (inside.view, "/mnt", "note");
}

static void
test_covered_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) cover = text_bytes ("covered");
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  replace_text (inside.view, "/mnt/note", "below", &error);
  g_assert_no_error (error);
  st_transient_mntns_overlay_file (inside.mntns, "/mnt/note", cover, &error);
  g_assert_no_error (error);
  g_assert_false (replace_text (inside.view, "/mnt/note", "lost", &error));
  assert_io_failed (error, G_IO_ERROR_BUSY);
  assert_content (inside.view, "/mnt/note", "covered");
  write_text (open_or_die (inside.view, "/mnt/note", O_WRONLY | O_TRUNC, 0), "written");
  assert_content (inside.view, "/mnt/note", "written");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/mount-view/write/open-flags", test_open_flags);
  test_add ("/mount-view/write/open-links", test_open_links);
  test_add ("/mount-view/write/open-nameless", test_open_nameless);
  test_add ("/mount-view/write/replace", test_replace);
  test_add ("/mount-view/write/replace-keeps-owner", test_replace_keeps_owner);
  test_add ("/mount-view/write/replace-links", test_replace_links);
  test_add ("/mount-view/write/replace-when-full", test_replace_when_full);
  test_add ("/mount-view/write/read-only", test_read_only);
  test_add ("/mount-view/write/covered-file", test_covered_file);
  return g_test_run ();
}
