/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean ended;
} Inside;

static gpointer
wait_inside (gpointer data)
{
  Inside *inside = data;
  g_mutex_lock (&inside->lock);
  while (!inside->ended)
    g_cond_wait (&inside->changed, &inside->lock);
  g_mutex_unlock (&inside->lock);
  return NULL;
}

/* It shares root and working directory with the visitor, and setns() says EINVAL to who does. */
static void
test_thread_started_inside (void)
{
  Inside inside = { 0 };
  if (!test_needs_privilege ())
    return;
  StVisit *visit = test_enter_new (ST_NAMESPACE_MNT);
  GThread *thread = g_thread_new ("inside", wait_inside, &inside);
  test_leave (visit);
  g_mutex_lock (&inside.lock);
  inside.ended = TRUE;
  g_cond_signal (&inside.changed);
  g_mutex_unlock (&inside.lock);
  g_thread_join (thread);
}

static gboolean
start_thread (gpointer data,
              GError **error)
{
  GThread **thread = g_object_get_data (data, "thread");
  *thread = g_thread_new ("inside", wait_inside, g_object_get_data (data, "inside"));
  return TRUE;
}

static void
test_thread_started_in_call (void)
{
  g_autoptr (GError) error = NULL;
  Inside inside = { 0 };
  GThread *thread = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientMntns) mnt = st_transient_mntns_new (&error);
  g_object_set_data (G_OBJECT (mnt), "inside", &inside);
  g_object_set_data (G_OBJECT (mnt), "thread", &thread);
  g_assert_true (st_space_call (ST_SPACE (mnt), start_thread, mnt, &error));
  g_assert_no_error (error);
  g_mutex_lock (&inside.lock);
  inside.ended = TRUE;
  g_cond_signal (&inside.changed);
  g_mutex_unlock (&inside.lock);
  g_thread_join (thread);
}

static void
assert_same_directory (const char        *path,
                       const struct stat *expected)
{
  struct stat status;
  g_assert_no_errno (stat (path, &status));
  g_assert_cmpuint (status.st_dev, ==, expected->st_dev);
  g_assert_cmpuint (status.st_ino, ==, expected->st_ino);
}

static void
assert_place_restored (void)
{
  g_autoptr (GError) error = NULL;
  struct stat root, cwd;
  g_assert_no_errno (stat ("/", &root));
  g_assert_no_errno (stat (".", &cwd));
  g_autoptr (StTransientMntns) mnt = st_transient_mntns_new (&error);
  StVisit *visit = st_space_enter (ST_SPACE (mnt), &error);
  g_assert_no_error (error);
  test_leave (visit);
  assert_same_directory ("/", &root);
  assert_same_directory (".", &cwd);
  visit = test_enter_new (ST_NAMESPACE_MNT);
  assert_same_directory ("/", &root); /* made in a copy of its own, the thread keeps its place */
  assert_same_directory (".", &cwd);
  test_leave (visit);
  assert_same_directory ("/", &root);
  assert_same_directory (".", &cwd);
}

static void
go_to_directory (gpointer unused)
{
  g_assert_no_errno (chdir ("/proc/sys/kernel"));
  assert_place_restored ();
}

static void
go_to_removed_directory (gpointer unused)
{
  char path[] = "/tmp/spacetest-XXXXXX";
  g_assert_nonnull (g_mkdtemp (path));
  g_assert_no_errno (chdir (path));
  g_assert_no_errno (rmdir (path));
  assert_place_restored ();
}

/* Into a directory that is no mount point, with the working directory below it, and with the /proc that old kernels need. */
static void
go_to_chroot (gpointer path)
{
  test_change_root (path);
  g_assert_no_errno (chdir ("/below"));
  assert_place_restored ();
}

static void
test_working_directory (void)
{
  if (!test_needs_privilege ())
    return;
  test_in_child (go_to_directory, NULL);
  test_in_child (go_to_removed_directory, NULL);
}

static void
test_chroot (void)
{
  char path[] = "/tmp/spacetest-XXXXXX";
  if (!test_needs_privilege ())
    return;
  g_assert_nonnull (g_mkdtemp (path));
  g_autofree char *below = g_build_filename (path, "below", NULL);
  g_autofree char *proc = g_build_filename (path, "proc", NULL);
  g_assert_no_errno (mkdir (below, 0755));
  g_assert_no_errno (mkdir (proc, 0755));
  test_in_child (go_to_chroot, path);
  g_assert_no_errno (rmdir (proc));
  g_assert_no_errno (rmdir (below));
  g_assert_no_errno (rmdir (path));
}

static gboolean
never_called (gpointer data,
              GError **error)
{
  g_assert_not_reached ();
}

static void
assert_all_refused (StSpace *space,
                    GError **error)
{
  g_assert_null (st_space_enter (space, error));
  test_assert_failed (*error, ST_ERROR_NO_RETURN, "no visit any more");
  g_assert_false (st_space_call (space, never_called, NULL, error));
  test_assert_failed (*error, ST_ERROR_NO_RETURN, "no visit any more");
  g_assert_false (st_space_run_in_thread (space, never_called, NULL, NULL, error));
  test_assert_failed (*error, ST_ERROR_NO_RETURN, "no visit any more");
  g_assert_null (st_enter_transient (ST_NAMESPACE_UTS, error));
  test_assert_failed (*error, ST_ERROR_NO_RETURN, "no visit any more");
}

static void
leave_without_capabilities (gpointer unused)
{
  GError *error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_autoptr (StVisit) outer = test_enter_new (ST_NAMESPACE_UTS);
  g_autoptr (StVisit) visit = test_enter_new (ST_NAMESPACE_NET);
  test_drop_capabilities ();
  g_assert_false (st_visit_leave (visit, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "net namespace: Operation not permitted");
  g_assert_false (st_visit_is_active (visit));
  g_assert_false (st_visit_leave (visit, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "could not come home");
  assert_all_refused (ST_SPACE (own), &error);
  g_assert_false (st_visit_leave (outer, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "uts");
}

/* SPACE-16 */
static void
test_no_return (void)
{
  if (test_needs_privilege ())
    test_in_child (leave_without_capabilities, NULL);
}

static gboolean
drop_capabilities (gpointer data,
                   GError **error)
{
  ++*(int *) data;
  test_drop_capabilities ();
  return TRUE;
}

static gboolean
drop_capabilities_and_fail (gpointer data,
                            GError **error)
{
  drop_capabilities (data, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "of the function");
  return FALSE;
}

static void
call_without_return (gpointer func)
{
  GError *error = NULL;
  int calls = 0;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_assert_false (st_space_call (ST_SPACE (net), (StFunc) func, &calls, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "net namespace");
  g_assert_cmpint (calls, ==, 1);
  assert_all_refused (ST_SPACE (net), &error);
}

/* SPACE-22: that the thread is lost matters more than what else went wrong. */
static void
test_no_return_of_call (void)
{
  if (!test_needs_privilege ())
    return;
  test_in_child (call_without_return, drop_capabilities);
  test_in_child (call_without_return, drop_capabilities_and_fail);
}

static void
end_scope_without_capabilities (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_no_error (error);
  {
    ST_VISIT_SCOPE (ST_SPACE (net), &error);
    g_assert_no_error (error);
    test_drop_capabilities ();
  }
  g_print ("went on");
}

static void
leave_without_asking (gpointer unused)
{
  g_autoptr (StVisit) visit = test_enter_new (ST_NAMESPACE_NET);
  test_drop_capabilities ();
  st_visit_leave (visit, NULL);
  g_print ("went on");
}

static void
call_without_asking (gpointer func)
{
  int calls = 0;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (NULL);
  st_space_call (ST_SPACE (net), (StFunc) func, &calls, NULL);
  g_print ("went on");
}

static void
test_no_return_unasked (void)
{
  const char *message = "*cannot bring the thread home from net namespace*";
  if (!test_needs_privilege ())
    return;
  test_in_dying_child (end_scope_without_capabilities, NULL, message);
  test_in_dying_child (leave_without_asking, NULL, message);
  test_in_dying_child (call_without_asking, drop_capabilities, message);
  test_in_dying_child (call_without_asking, drop_capabilities_and_fail, message);
}

static void
assert_no_way_home (GError    **error,
                    const char *step,
                    const char *kind,
                    const char *option)
{
  g_autofree char *words =
    g_strdup_printf ("%s: Operation not permitted (no thread could come home to the %s namespace of this process, which belongs to another user "
                     "namespace; run under \"spacetest run --user %s\", or \"spacetest run\" without kinds; an action: in a space that has "
                     "%s, too)",
                     step, kind, option, kind);
  test_assert_failed (*error, ST_ERROR_PERMISSION_DENIED, words);
}

/* A thread that has made no visit in the user namespace around. */
static gpointer
visit_in_own_user_namespace (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (st_enter_transient (ST_NAMESPACE_NET, &error));
  assert_no_way_home (&error, "cannot create net namespace", "net", "--net");
  g_assert_null (st_enter_transient (ST_NAMESPACE_MNT, &error));
  assert_no_way_home (&error, "cannot create mnt namespace", "mnt", "--mount");
  g_assert_null (st_transient_mntns_new (&error));
  assert_no_way_home (&error, "cannot create mnt namespace", "mnt", "--mount");

  const int child = test_start_idle_child (CLONE_NEWUTS);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_assert_null (st_space_enter (ST_SPACE (uts), &error));
  g_assert_true (g_str_has_prefix (error->message, "cannot enter uts namespace uts:["));
  assert_no_way_home (&error, "]", "uts", "--uts");
  test_end_idle_child (child);

  test_drop_capabilities ();
  g_assert_null (st_enter_transient (ST_NAMESPACE_NET, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "no CAP_SYS_ADMIN");
  return NULL;
}

static void
go_to_own_user_namespace (gpointer unused)
{
  g_assert_no_errno (unshare (CLONE_NEWUSER));
  g_thread_join (g_thread_new ("visitor", visit_in_own_user_namespace, NULL));
}

/* All capabilities, and none of them at home. */
static void
test_own_user_namespace (void)
{
  g_autoptr (GError) error = NULL;
  if (st_probe (ST_NAMESPACE_USER, NULL, &error))
    test_in_child (go_to_own_user_namespace, NULL);
  else
    test_skip (error->message);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/way-home/thread-started-inside", test_thread_started_inside);
  test_add ("/way-home/thread-started-in-call", test_thread_started_in_call);
  test_add ("/way-home/working-directory", test_working_directory);
  test_add ("/way-home/chroot", test_chroot);
  test_add ("/way-home/own-user-namespace", test_own_user_namespace);
  test_add ("/way-home/no-return/SPACE-16", test_no_return);
  test_add ("/way-home/no-return-of-call/SPACE-22", test_no_return_of_call);
  test_add ("/way-home/no-return-unasked", test_no_return_unasked);
  return g_test_run ();
}
