/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A path by which a file inside is seen from outside. */
static char *
path_inside (StTransientMntns *mnt,
             const char       *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *root = st_transient_mntns_get_root_path (mnt, &error);
  g_assert_no_error (error);
  return g_build_filename (root, path, NULL);
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
list_directory (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  g_assert_no_error (error);
  for (const char *name; (name = g_dir_read_name (directory));)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}

static void
assert_lists (StTransientMntns *mnt,
              const char       *path,
              const char       *expected)
{
  g_autofree char *inside = path_inside (mnt, path);
  g_autofree char *names = list_directory (inside);
  g_assert_cmpstr (names, ==, expected);
}

static void
assert_read_only (StTransientMntns *mnt,
                  const char       *path,
                  gboolean          expected)
{
  struct statvfs status;
  g_autofree char *inside = path_inside (mnt, path);
  g_assert_no_errno (statvfs (inside, &status));
  g_assert_cmpint ((status.f_flag & ST_RDONLY) != 0, ==, expected);
}

/* Of a network that is not home's: the interfaces are right, the rest of /sys is still there, and nobody can write to it. */
static void
assert_sysfs_of_new_network (StTransientMntns *mnt)
{
  if (st_transient_mntns_get_sysfs (mnt) == ST_SYSFS_COVERED)
    assert_lists (mnt, "/sys/class/net", "");
  else
    {
      g_assert_cmpint (st_transient_mntns_get_sysfs (mnt), ==, ST_SYSFS_FRESH);
      assert_lists (mnt, "/sys/class/net", "lo");
      assert_read_only (mnt, "/sys", TRUE);
    }
  if (g_file_test ("/sys/fs/cgroup", G_FILE_TEST_IS_DIR))
    {
      g_autofree char *cgroups = list_directory ("/sys/fs/cgroup");
      assert_lists (mnt, "/sys/fs/cgroup", cgroups);
    }
}

/* A copy of the caller's, /sys included. */
static void
test_plain (void)
{
  if (!test_needs_real_root ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_autofree char *interfaces = list_directory ("/sys/class/net");
  g_assert_cmpint (st_transient_mntns_get_sysfs (mnt), ==, ST_SYSFS_KEPT);
  assert_lists (mnt, "/sys/class/net", interfaces);
}

/* MNT-04, MNT-06 */
static void
test_made_in_network (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  assert_sysfs_of_new_network (mnt);
  g_assert_true (st_visit_leave (visit, &error));
}

static void
test_made_with_network (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  assert_sysfs_of_new_network (ST_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL)));
}

/* MNT-04 again, seen from within */
static void
test_entered_with_network (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  StTransientMntns *mnt = ST_TRANSIENT_MNTNS (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_MNT, NULL));
  g_autofree char *seen = list_directory ("/sys/class/net");
  g_assert_cmpstr (seen, ==, st_transient_mntns_get_sysfs (mnt) == ST_SYSFS_COVERED ? "" : "lo");
  g_assert_true (st_visit_leave (visit, &error));
  assert_sysfs_of_new_network (mnt);
}

/* It shows the network of who asks. */
static void
test_mount_sysfs (void)
{
  g_autoptr (GError) error = NULL;
  int notified = 0;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_signal_connect (mnt, "notify::sysfs", G_CALLBACK (test_count), &notified);
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_true (st_transient_mntns_mount_sysfs (mnt, &error));
  g_assert_no_error (error);
  g_assert_cmpint (notified, ==, 1);
  assert_sysfs_of_new_network (mnt);
  g_assert_true (st_transient_mntns_mount_sysfs (mnt, &error)); /* again */
  g_assert_no_error (error);
  assert_sysfs_of_new_network (mnt);
  g_assert_true (st_visit_leave (visit, &error));
}

/* MNT-03: harmless here, as it is mounted inside wherever the caller stands. */
static void
test_mount_sysfs_at_home (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_autofree char *interfaces = list_directory ("/sys/class/net");
  g_assert_true (st_transient_mntns_mount_sysfs (mnt, &error));
  g_assert_no_error (error);
  assert_lists (mnt, "/sys/class/net", interfaces);
  assert_read_only (mnt, "/sys", TRUE);
}

static gboolean
visit_and_mount (gpointer data,
                 GError **error)
{
  return st_transient_mntns_mount_tmpfs (data, "/tmp", 4096, error);
}

static gpointer
mount_on_thread (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (visit_and_mount (data, &error));
  g_assert_no_error (error);
  return NULL;
}

/* Number 18: whoever asks, from the main thread or another, inside or outside. */
static void
test_mount_from_anywhere (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_assert_true (visit_and_mount (mnt, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_call (ST_SPACE (mnt), visit_and_mount, mnt, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (ST_SPACE (mnt), visit_and_mount, mnt, NULL, &error));
  g_assert_no_error (error);
  g_thread_join (g_thread_new ("mounts", mount_on_thread, mnt));
}

static void
test_mount_proc (void)
{
  g_autoptr (GError) error = NULL;
  struct statfs status;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  if (!st_transient_mntns_mount_proc (mnt, &error))
    {
      g_assert_false (test_is_real_root ()); /* a user namespace needs a PID namespace, too */
      test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "run under \"spacetest run --pid\"");
      return;
    }
  g_autofree char *self = g_strdup_printf ("/proc/%d/comm", getpid ());
  g_autofree char *inside = path_inside (mnt, self);
  g_assert_true (g_file_test (inside, G_FILE_TEST_EXISTS));
  g_autofree char *proc = path_inside (mnt, "/proc");
  g_assert_no_errno (statfs (proc, &status));
  g_assert_cmphex (status.f_type, ==, 0x9fa0);
}

static void
assert_capacity (StTransientMntns *mnt,
                 const char       *path,
                 guint64           expected)
{
  struct statfs status;
  g_autofree char *inside = path_inside (mnt, path);
  g_assert_no_errno (statfs (inside, &status));
  g_assert_cmphex (status.f_type, ==, 0x01021994);
  if (expected)
    g_assert_cmpuint ((guint64) status.f_blocks * (guint64) status.f_bsize, ==, expected);
}

/* MNT-07 */
static void
test_mount_tmpfs (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_assert_true (st_transient_mntns_mount_tmpfs (mnt, "/tmp", 64 * 1024, &error));
  g_assert_no_error (error);
  assert_capacity (mnt, "/tmp", 64 * 1024);
  assert_lists (mnt, "/tmp", "");
  g_autofree char *file = path_inside (mnt, "/tmp/file");
  g_assert_true (g_file_set_contents (file, "inside", 6, &error));
  assert_lists (mnt, "/tmp", "file");
  g_assert_false (g_file_test ("/tmp/file", G_FILE_TEST_EXISTS));
  g_assert_true (st_transient_mntns_mount_tmpfs (mnt, "/tmp", 0, &error));
  assert_capacity (mnt, "/tmp", 0);
  assert_lists (mnt, "/tmp", "");
}

static void
test_bad_tmpfs (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *long_path = g_strconcat ("/", filler, NULL);
  const struct { const char *path; StError code; } cases[] = {
    { "tmp", ST_ERROR_INVALID_ARGUMENT },
    { "", ST_ERROR_INVALID_ARGUMENT },
    { "/nowhere-at-all", ST_ERROR_NOT_FOUND },
    { "/proc/self/comm", ST_ERROR_NOT_FOUND },
    { long_path, ST_ERROR_INVALID_ARGUMENT },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_false (st_transient_mntns_mount_tmpfs (mnt, cases[i].path, 0, &error));
      g_assert_cmpuint (strlen (error->message), <, 1000);
      test_assert_failed (error, cases[i].code, "");
    }
}

static void
read_in_child (gpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "inside");
}

/* MNT-05 */
static void
test_root_path (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_autofree char *root = st_transient_mntns_get_root_path (mnt, &error);
  g_autofree char *again = st_transient_mntns_get_root_path (mnt, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (root, ==, again);
  g_assert_true (st_transient_mntns_mount_tmpfs (mnt, "/tmp", 4096, &error));
  g_autofree char *file = g_build_filename (root, "tmp", "file", NULL);
  g_assert_true (g_file_set_contents (file, "inside", 6, &error));
  test_in_child (read_in_child, file);

  st_namespace_ref_close (ST_NAMESPACE_REF (mnt));
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (root, G_FILE_TEST_EXISTS));
  g_assert_null (st_transient_mntns_get_root_path (mnt, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
}

static void
assert_all_closed (StTransientMntns *mnt)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_assert_false (st_transient_mntns_mount_sysfs (mnt, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
  g_assert_false (st_transient_mntns_mount_proc (mnt, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
  g_assert_false (st_transient_mntns_mount_tmpfs (mnt, "/tmp", 0, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
  g_assert_false (st_transient_mntns_overlay_file (mnt, "/etc/passwd", content, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
  g_assert_null (st_transient_mntns_get_root_path (mnt, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "");
}

static void
test_no_constructor (void)
{
  g_autoptr (StTransientMntns) mnt = g_object_new (ST_TYPE_TRANSIENT_MNTNS, NULL);
  assert_all_closed (mnt);
}

static void
test_closed (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  st_namespace_ref_close (ST_NAMESPACE_REF (mnt));
  assert_all_closed (mnt);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/transient-mntns/plain", test_plain);
  test_add ("/transient-mntns/made-in-network/MNT-06", test_made_in_network);
  test_add ("/transient-mntns/made-with-network", test_made_with_network);
  test_add ("/transient-mntns/entered-with-network/MNT-04", test_entered_with_network);
  test_add ("/transient-mntns/mount-sysfs", test_mount_sysfs);
  test_add ("/transient-mntns/mount-sysfs-at-home/MNT-03", test_mount_sysfs_at_home);
  test_add ("/transient-mntns/mount-from-anywhere", test_mount_from_anywhere);
  test_add ("/transient-mntns/mount-proc", test_mount_proc);
  test_add ("/transient-mntns/mount-tmpfs/MNT-07", test_mount_tmpfs);
  test_add ("/transient-mntns/bad-tmpfs", test_bad_tmpfs);
  test_add ("/transient-mntns/root-path/MNT-05", test_root_path);
  test_add ("/transient-mntns/no-constructor", test_no_constructor);
  test_add ("/transient-mntns/closed", test_closed);
  return g_test_run ();
}
