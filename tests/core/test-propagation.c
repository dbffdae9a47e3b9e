/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Nothing that is mounted inside may ever be seen outside. As everything may be private here, each test is a process in a mount
 * namespace of its own where all is shared: its host. */
#include "support.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE "/tmp"

static void
be_host (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("host", PLACE, "tmpfs", 0, NULL));
  g_assert_no_errno (mkdir (PLACE "/below", 0755));
  g_assert_no_errno (mkdir (PLACE "/other", 0755));
  g_assert_true (g_file_set_contents (PLACE "/file", "host", 4, NULL));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

static char *
get_mounts (void)
{
  char *mounts = NULL;
  g_assert_true (g_file_get_contents ("/proc/thread-self/mountinfo", &mounts, NULL, NULL));
  return mounts;
}

static void
assert_mounts (const char *expected)
{
  g_autofree char *mounts = get_mounts ();
  g_assert_cmpstr (mounts, ==, expected);
}

static gboolean
mount_by_hand (gpointer data,
               GError **error)
{
  g_assert_no_errno (mount ("inside", PLACE "/other", "tmpfs", 0, NULL));
  return TRUE;
}

static void
mount_everything (StTransientMntns *mnt)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("inside", 6);
  g_assert_true (st_transient_mntns_overlay_file (mnt, PLACE "/file", content, &error));
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_tmpfs (mnt, PLACE "/below", 4096, &error));
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_mount_sysfs (mnt, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_call (ST_SPACE (mnt), mount_by_hand, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (ST_SPACE (mnt), mount_by_hand, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
mount_in_transient (gpointer unused)
{
  be_host ();
  g_autofree char *before = get_mounts ();
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  mount_everything (mnt);
  assert_mounts (before);
  g_object_unref (g_steal_pointer (&mnt));
  assert_mounts (before);
}

static void
mount_in_entered_transient (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  be_host ();
  g_autofree char *before = get_mounts ();
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_MNT | ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  mount_by_hand (NULL, NULL);
  mount_everything (ST_TRANSIENT_MNTNS (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_MNT, NULL)));
  g_assert_true (st_visit_leave (visit, &error));
  assert_mounts (before);
}

/* Number 16a, 16b: from a chroot that is no mount point, and what is above it. */
static void
mount_from_chroot (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  be_host ();
  g_assert_no_errno (mkdir (PLACE "/root", 0755));
  g_assert_no_errno (mkdir (PLACE "/root/proc", 0755));
  g_assert_no_errno (mount ("/proc", PLACE "/root/proc", NULL, MS_BIND | MS_REC, NULL));
  g_autofree char *before = get_mounts ();
  pid_t child = fork ();
  if (child == 0)
    {
      g_assert_no_errno (chroot (PLACE "/root"));
      g_assert_no_errno (chdir ("/"));
      g_autoptr (StTransientMntns) mnt = test_new_mntns ();
      mount_everything (mnt);
      g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_MNT, &error);
      g_assert_no_error (error);
      mount_everything (ST_TRANSIENT_MNTNS (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_MNT, NULL)));
      g_assert_true (st_visit_leave (visit, &error));
      _exit (0);
    }
  int status;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  assert_mounts (before);
}

/* Number 16d: in a mount namespace that somebody else made, with shared propagation. */
static void
mount_from_foreign (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  be_host ();
  int child = test_start_idle_child (CLONE_NEWNS);
  g_autoptr (StNamespaceRef) foreign = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_MNT, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_autofree char *before = get_mounts ();
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (foreign), &error);
  g_assert_no_error (error);
  g_autofree char *foreign_before = get_mounts ();
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  mount_everything (mnt);
  g_autoptr (StVisit) inner = st_enter_transient (ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  mount_everything (ST_TRANSIENT_MNTNS (st_space_get_ref (st_visit_get_space (inner), ST_NAMESPACE_MNT, NULL)));
  g_assert_true (st_visit_leave (inner, &error));
  assert_mounts (foreign_before);
  g_assert_true (st_visit_leave (visit, &error));
  assert_mounts (before);
}

static gboolean
make_shared (gpointer data,
             GError **error)
{
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
  return TRUE;
}

static void
assert_all_refused (StTransientMntns *mnt)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("inside", 6);
  g_assert_false (st_transient_mntns_overlay_file (mnt, PLACE "/file", content, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "mount --make-rprivate");
  g_assert_false (st_transient_mntns_mount_tmpfs (mnt, PLACE "/below", 0, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, PLACE "/below");
  g_assert_false (st_transient_mntns_mount_sysfs (mnt, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "/sys");
  g_assert_false (st_transient_mntns_mount_proc (mnt, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "/proc");
}

static gboolean
ask_from_within (gpointer data,
                 GError **error)
{
  assert_all_refused (data);
  return TRUE;
}

static void
mount_where_it_is_shared_again (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  be_host ();
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_assert_true (st_space_call (ST_SPACE (mnt), make_shared, NULL, &error));
  g_autofree char *root = st_transient_mntns_get_root_path (mnt, &error);
  assert_all_refused (mnt);
  g_assert_true (st_space_call (ST_SPACE (mnt), ask_from_within, mnt, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (ST_SPACE (mnt), ask_from_within, mnt, NULL, &error));
  g_assert_no_error (error);
}

/* A link that leads where it is shared, and one that is covered itself. */
static gboolean
share_only_other (gpointer data,
                  GError **error)
{
  g_assert_no_errno (mount ("inside", PLACE "/other", "tmpfs", 0, NULL));
  g_assert_no_errno (mkdir (PLACE "/other/below", 0755));
  g_assert_no_errno (mount (NULL, PLACE "/other", NULL, MS_SHARED, NULL));
  return TRUE;
}

static void
mount_by_link (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static ("inside", 6);
  be_host ();
  g_assert_no_errno (symlink ("other/below", PLACE "/link"));
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_assert_true (st_space_call (ST_SPACE (mnt), share_only_other, NULL, &error));
  g_assert_false (st_transient_mntns_mount_tmpfs (mnt, PLACE "/link", 0, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, PLACE "/link");
  g_assert_false (st_transient_mntns_mount_tmpfs (mnt, PLACE "/below/../other/below", 0, &error));
  test_assert_failed (error, ST_ERROR_WOULD_TOUCH_HOST, "");
  g_assert_true (st_transient_mntns_mount_tmpfs (mnt, PLACE "/below", 0, &error));
  g_assert_no_error (error);
  g_assert_true (st_transient_mntns_overlay_file (mnt, PLACE "/link", content, &error));
  g_assert_no_error (error);
}

/* Private means that later mounts of the host do not arrive either. */
static void
mount_outside (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  be_host ();
  g_autoptr (StTransientMntns) mnt = test_new_mntns ();
  g_autofree char *root = st_transient_mntns_get_root_path (mnt, &error);
  g_assert_no_error (error);
  g_assert_no_errno (mount ("late", PLACE "/below", "tmpfs", 0, NULL));
  g_assert_true (g_file_set_contents (PLACE "/below/late", "x", 1, &error));
  g_autofree char *late = g_build_filename (root, PLACE "/below/late", NULL);
  g_assert_false (g_file_test (late, G_FILE_TEST_EXISTS));
}

static void
run (gconstpointer func)
{
  if (test_needs_privilege ())
    test_in_child ((void (*) (gpointer)) func, NULL);
}

#define ADD(name)                          \
  static void test_##name (void)           \
  {                                        \
    run (name);                            \
  }

ADD (mount_in_transient)
ADD (mount_in_entered_transient)
ADD (mount_from_chroot)
ADD (mount_from_foreign)
ADD (mount_where_it_is_shared_again)
ADD (mount_by_link)
ADD (mount_outside)

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/propagation/transient", test_mount_in_transient);
  test_add ("/propagation/entered-transient", test_mount_in_entered_transient);
  test_add ("/propagation/chroot", test_mount_from_chroot);
  test_add ("/propagation/foreign", test_mount_from_foreign);
  test_add ("/propagation/shared-again", test_mount_where_it_is_shared_again);
  test_add ("/propagation/link", test_mount_by_link);
  test_add ("/propagation/outside", test_mount_outside);
  return g_test_run ();
}
