/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "view-support.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#define BIG_SIZE (300 * 1024 * 1024)

static void
assert_closed (StMountView *view)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_mount_view_is_closed (view));
  g_assert_cmpint (st_mount_view_open (view, "/", O_RDONLY, 0, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, "mount view");
  g_assert_null (st_mount_view_load (view, "/", &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "mount view");
  g_assert_false (replace_text (view, "/", "", &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "mount view");
  g_assert_null (st_mount_view_list (view, "/", &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "mount view");
  g_assert_null (st_mount_view_resolve (view, "/", &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "mount view");
}

static void
test_without_constructor (void)
{
  g_autoptr (StMountView) view = g_object_new (ST_TYPE_MOUNT_VIEW, NULL);
  g_assert_null (st_mount_view_get_ref (view));
  assert_closed (view);
  st_mount_view_close (view);
}

static void
test_wrong_kind (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_null (st_mount_view_new (net, &error));
  test_assert_failed (error, ST_ERROR_WRONG_TYPE, "net:[");
}

static void
test_closed_reference (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_current (ST_NAMESPACE_MNT, &error);
  st_namespace_ref_close (mnt);
  g_assert_null (st_mount_view_new (mnt, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "reference");
}

static char *
read_children (void)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", (int) getpid (), (int) getpid ());
  char *children = NULL;
  g_file_get_contents (path, &children, NULL, NULL);
  return children;
}

/* Nobody has to live there for it. */
static void
test_transient (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autofree char *before = read_children ();
  g_auto (Inside) inside = make_inside ();
  g_assert_true (replace_text (inside.view, "/mnt/canary", "inside", &error));
  g_autoptr (GBytes) content = st_mount_view_load (inside.view, "/mnt/canary", &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (content, NULL), g_bytes_get_size (content), "inside", 6);
  g_autofree char *children = read_children ();
  g_assert_cmpstr (children, ==, before);
  st_mount_view_close (inside.view);
  assert_closed (inside.view);
}

/* One's own namespace needs no capability. */
static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = NULL;
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_current (ST_NAMESPACE_MNT, &error);
  g_autoptr (StMountView) view = st_mount_view_new (mnt, &error);
  int notified = 0;
  g_assert_no_error (error);
  g_assert_true (st_mount_view_get_ref (view) == mnt);
  g_assert_false (st_mount_view_is_closed (view));
  g_signal_connect (view, "notify::closed", G_CALLBACK (test_count), &notified);

  st_namespace_ref_close (mnt); /* the view has its own */
  g_assert_true (g_file_get_contents ("/etc/passwd", &expected, NULL, NULL));
  assert_content (view, "/etc/passwd", expected);

  int fd = st_mount_view_open (view, "/etc/passwd", O_RDONLY, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
  st_mount_view_close (view);
  st_mount_view_close (view);
  g_assert_cmpint (notified, ==, 1);
  assert_closed (view);
  g_assert_cmpint (lseek (fd, 0, SEEK_END), ==, strlen (expected));
  close (fd);
}

static void
look_without_capabilities (gpointer data)
{
  g_autoptr (GError) error = NULL;
  test_drop_capabilities ();
  g_assert_null (st_mount_view_new (data, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "CAP_SYS_ADMIN");
}

static void
test_permission (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  test_in_child (look_without_capabilities, mntns);
}

static void
make_links (void)
{
  g_assert_no_errno (mkdir ("/mnt/dir", 0755));
  g_assert_no_errno (mkdir ("/mnt/dir/sub", 0755));
  g_assert_true (g_file_set_contents ("/mnt/dir/file", "inside", -1, NULL));
  g_assert_no_errno (symlink ("/mnt/dir/file", "/mnt/absolute"));
  g_assert_no_errno (symlink ("dir/file", "/mnt/relative"));
  g_assert_no_errno (symlink ("../../../../../../mnt/dir", "/mnt/dir/sub/up"));
  g_assert_no_errno (symlink ("/mnt/absolute", "/mnt/chain"));
  g_assert_no_errno (symlink ("/mnt/loop2", "/mnt/loop1"));
  g_assert_no_errno (symlink ("loop1", "/mnt/loop2"));
  g_assert_no_errno (symlink ("/mnt/nothing", "/mnt/dangling"));
  g_assert_no_errno (symlink ("/proc/self/root/etc/passwd", "/mnt/magic"));
}

static void
assert_resolves (StMountView *view,
                 const char  *path,
                 const char  *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *resolved = st_mount_view_resolve (view, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (resolved, ==, expected);
}

static void
test_links (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_links);
  assert_content (inside.view, "/mnt/absolute", "inside");
  assert_content (inside.view, "/mnt/relative", "inside");
  assert_content (inside.view, "/mnt/chain", "inside");
  assert_content (inside.view, "/mnt/dir/sub/up/sub/../file", "inside");
  assert_content (inside.view, "/../../mnt//./dir/file", "inside");
  assert_list (inside.view, "/mnt/dir/sub/up", "file", "sub");
  assert_resolves (inside.view, "/mnt/chain", "/mnt/dir/file");
  assert_resolves (inside.view, "/mnt/dir/sub/up/", "/mnt/dir");
  assert_resolves (inside.view, "/../..", "/");
  g_assert_false (g_file_test ("/mnt/dir", G_FILE_TEST_EXISTS));
}

static void
assert_load_fails (StMountView *view,
                   const char  *path,
                   GIOErrorEnum code)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (st_mount_view_load (view, path, &error));
  assert_io_failed (error, code);
}

static void
test_magic_links (void)
{
  static const char *const magic[] = { "/proc/self/root",      "/proc/thread-self/cwd/x", "/proc/self/exe", "/proc/self/fd/0",
                                       "/proc/self/ns/net",    "/proc/self/root/mnt/dir", "/mnt/magic" };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_links);
  st_mount_view_set_allow_host (inside.view, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (magic); i++)
    {
      assert_load_fails (inside.view, magic[i], G_IO_ERROR_TOO_MANY_LINKS);
      g_assert_null (st_mount_view_resolve (inside.view, magic[i], &error));
      assert_io_failed (error, G_IO_ERROR_TOO_MANY_LINKS);
      g_assert_cmpint (st_mount_view_open (inside.view, magic[i], O_RDONLY | O_CREAT, 0644, &error), ==, -1);
      assert_io_failed (error, G_IO_ERROR_TOO_MANY_LINKS);
      g_assert_false (replace_text (inside.view, magic[i], "", &error));
      assert_io_failed (error, G_IO_ERROR_TOO_MANY_LINKS);
    }
  g_autoptr (GBytes) mounts = st_mount_view_load (inside.view, "/proc/mounts", &error); /* links of the ordinary kind */
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (mounts), >, 0);
  g_autoptr (GBytes) comm = st_mount_view_load (inside.view, "/proc/thread-self/comm", &error);
  g_assert_no_error (error);
}

static void
test_bad_paths (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strnfill (300, 'n');
  g_autofree char *long_name = g_strconcat ("/mnt/", name, NULL);
  g_autofree char *slashes = g_strnfill (4998, '/');
  g_autofree char *long_path = g_strconcat (slashes, "x", NULL);
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_links);

  g_assert_null (st_mount_view_load (inside.view, "", &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "absolute");
  g_assert_false (replace_text (inside.view, "mnt/dir", "", &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "absolute");
  assert_load_fails (inside.view, long_path, G_IO_ERROR_FILENAME_TOO_LONG);
  assert_load_fails (inside.view, long_name, G_IO_ERROR_FILENAME_TOO_LONG);
  assert_load_fails (inside.view, "/mnt/loop1", G_IO_ERROR_TOO_MANY_LINKS);
  assert_load_fails (inside.view, "/mnt/dangling", G_IO_ERROR_NOT_FOUND);
  assert_load_fails (inside.view, "/mnt/dir", G_IO_ERROR_IS_DIRECTORY);
  assert_load_fails (inside.view, "/mnt/dir/file/", G_IO_ERROR_NOT_DIRECTORY);
  assert_load_fails (inside.view, "/mnt/absolute/", G_IO_ERROR_NOT_DIRECTORY);
  assert_load_fails (inside.view, "/mnt/dir/file/x", G_IO_ERROR_NOT_DIRECTORY);
  assert_load_fails (inside.view, "/mnt/dir/file/..", G_IO_ERROR_NOT_DIRECTORY);
  g_assert_null (st_mount_view_list (inside.view, "/mnt/dir/file", &error));
  assert_io_failed (error, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_false (replace_text (inside.view, "/mnt/loop1", "", &error));
  assert_io_failed (error, G_IO_ERROR_TOO_MANY_LINKS);
  g_assert_false (replace_text (inside.view, long_path, "", &error));
  assert_io_failed (error, G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_false (replace_text (inside.view, long_name, "", &error));
  assert_io_failed (error, G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_false (replace_text (inside.view, "/mnt/new/", "", &error));
  assert_io_failed (error, G_IO_ERROR_NOT_FOUND);
  assert_list (inside.view, "/mnt/dir", "file", "sub");
}

static void
make_odd_files (void)
{
  struct sockaddr_un address = { AF_UNIX, "/mnt/socket" };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  close (fd);
  g_assert_no_errno (mkfifo ("/mnt/fifo", 0644));
}

/* None of this waits for anybody. */
static void
test_odd_files (void)
{
  static const char *const odd[] = { "/mnt/fifo", "/mnt/socket", "/dev/null" };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_odd_files);
  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      assert_load_fails (inside.view, odd[i], G_IO_ERROR_NOT_REGULAR_FILE);
      g_assert_false (replace_text (inside.view, odd[i], "", &error));
      assert_io_failed (error, G_IO_ERROR_NOT_REGULAR_FILE);
    }
  g_assert_cmpint (st_mount_view_open (inside.view, "/mnt/fifo", O_WRONLY, 0, &error), ==, -1);
  g_assert_nonnull (error);
  g_clear_error (&error);

  int reader = st_mount_view_open (inside.view, "/mnt/fifo", O_RDONLY, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fcntl (reader, F_GETFL) & O_NONBLOCK, ==, 0);
  int writer = st_mount_view_open (inside.view, "/mnt/fifo", O_WRONLY | O_NONBLOCK, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fcntl (writer, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
  close (reader);
  close (writer);
}

static void
make_big_file (void)
{
  int fd = open ("/mnt/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  g_assert_no_errno (ftruncate (fd, BIG_SIZE - 3));
  g_assert_cmpint (pwrite (fd, "end", 3, BIG_SIZE - 3), ==, 3);
  close (fd);
}

static void
test_big_file (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  run_inside (inside.mntns, make_big_file);
  g_autoptr (GBytes) content = st_mount_view_load (inside.view, "/mnt/big", &error);
  gsize size;
  g_assert_no_error (error);
  const char *data = g_bytes_get_data (content, &size);
  g_assert_cmpuint (size, ==, BIG_SIZE);
  g_assert_cmpmem (data + size - 3, 3, "end", 3);
}

static void
make_many_files (void)
{
  static const char *const names[] = { "b", "a\xff", "a", "ab", "B", ".hidden" };
  g_assert_no_errno (mkdir ("/mnt/few", 0755));
  g_assert_no_errno (mkdir ("/mnt/many", 0755));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strconcat ("/mnt/few/", names[i], NULL);
      g_assert_no_errno (mkdir (path, 0755));
    }
  for (int i = 0; i < 3000; i++)
    {
      g_autofree char *path = g_strdup_printf ("/mnt/many/%d", i);
      g_assert_no_errno (symlink ("x", path));
    }
}

static void
test_list (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_auto (Inside) inside = make_inside ();
  g_auto (GStrv) none = st_mount_view_list (inside.view, "/mnt", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  run_inside (inside.mntns, make_many_files);
  assert_list (inside.view, "/mnt/few", ".hidden", "B", "a", "ab", "a\xff", "b");
  g_auto (GStrv) many = st_mount_view_list (inside.view, "/mnt/many", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (many), ==, 3000);
}

/* A message must be valid text whatever the path is. */
static void
test_messages (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_current (ST_NAMESPACE_MNT, &error);
  g_autoptr (StMountView) view = st_mount_view_new (mnt, &error);
  g_assert_no_error (error);
  g_assert_null (st_mount_view_load (view, "/etc/\xff\xfe", &error));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, "cannot load /etc/"));
  g_assert_nonnull (strstr (error->message, "mnt:["));
  assert_io_failed (error, G_IO_ERROR_NOT_FOUND);
  g_assert_null (st_mount_view_load (view, "\xff", &error));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "absolute");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/mount-view/without-constructor", test_without_constructor);
  test_add ("/mount-view/wrong-kind", test_wrong_kind);
  test_add ("/mount-view/closed-reference", test_closed_reference);
  test_add ("/mount-view/SBOX-04/transient", test_transient);
  test_add ("/mount-view/own", test_own);
  test_add ("/mount-view/permission", test_permission);
  test_add ("/mount-view/links", test_links);
  test_add ("/mount-view/magic-links", test_magic_links);
  test_add ("/mount-view/bad-paths", test_bad_paths);
  test_add ("/mount-view/odd-files", test_odd_files);
  test_add ("/mount-view/big-file", test_big_file);
  test_add ("/mount-view/list", test_list);
  test_add ("/mount-view/messages", test_messages);
  return g_test_run ();
}
