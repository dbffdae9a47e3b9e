/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Switching in a process that lacks what others have. Whatever fails on the way, the thread is where it was, and nothing is left. */
#include "scarce-support.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_TYPES (ST_NAMESPACE_CGROUP | MANY_TYPES)
#define MANY_TYPES (ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_UTS)

static gboolean
succeed (gpointer data,
         GError **error)
{
  return TRUE;
}

/* An attempt at something, with what is there. */
typedef gboolean (*Attempt) (StSpace *space,
                             GError **error);

static gboolean
try_call (StSpace *space,
          GError **error)
{
  return st_space_call (space, succeed, NULL, error);
}

static gboolean
try_enter (StSpace *space,
           GError **error)
{
  g_autoptr (StVisit) visit = st_space_enter (space, error);
  return visit && st_visit_leave (visit, error);
}

static gboolean
try_enter_transient (StSpace *space,
                     GError **error)
{
  g_autoptr (StVisit) visit = st_enter_transient (MANY_TYPES, error);
  return visit && st_visit_leave (visit, error);
}

static gboolean
try_new_transient (StSpace *space,
                   GError **error)
{
  g_autoptr (StSpace) made = st_space_new_transient (MANY_TYPES, error);
  return made != NULL;
}

static gboolean
try_run_in_thread (StSpace *space,
                   GError **error)
{
  g_autoptr (StSpace) set = st_space_new_for_pid (getpid (), ST_NAMESPACE_UTS, NULL);
  return st_space_run_in_thread (set ? set : space, succeed, NULL, NULL, error);
}

/* Nothing to look up, so that starting the thread comes first. */
static gboolean
try_run_in_thread_of_all (StSpace *space,
                          GError **error)
{
  gboolean done = st_space_run_in_thread (space, succeed, NULL, NULL, error);
  if (done)
    st_namespace_ref_close (st_space_get_ref (space, ST_NAMESPACE_UTS, NULL));
  return done;
}

static gboolean
try_mount (StSpace *space,
           GError **error)
{
  StTransientMntns *mnt = ST_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL));
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_autofree char *root = NULL;
  return st_transient_mntns_mount_sysfs (mnt, error) && st_transient_mntns_mount_tmpfs (mnt, "/tmp", 4096, error) &&
         st_transient_mntns_overlay_file (mnt, "/etc/passwd", content, error);
}

static gboolean
try_find_strays (StSpace *space,
                 GError **error)
{
  g_auto (GStrv) strays = st_find_strays (error);
  return strays != NULL;
}

static const struct
{
  const char *name;
  Attempt attempt;
} attempts[] = {
  { "call", try_call },
  { "enter", try_enter },
  { "enter-transient", try_enter_transient },
  { "new-transient", try_new_transient },
  { "run-in-thread", try_run_in_thread },
  { "run-in-thread-of-all", try_run_in_thread_of_all },
  { "mount", try_mount },
  { "find-strays", try_find_strays },
};

#define MOST_DESCRIPTORS 64

static void
attempt_with_few (gpointer data)
{
  const Attempt attempt = attempts[GPOINTER_TO_UINT (data)].attempt;
  guint done = 0, failed = 0;
  scarce_end ();
  for (guint left = 0; done == 0 && left < MOST_DESCRIPTORS; left++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StSpace) space = test_new_space (ALL_TYPES);
      g_auto (GStrv) traces = test_collect_traces ();
      scarce_begin (left);
      if (attempt (space, &error))
        done++;
      else
        {
          failed++;
          test_assert_failed (error, ST_ERROR_EXHAUSTED, "");
        }
      scarce_end ();
      if (!done)
        test_assert_traces (traces);
    }
  g_assert_cmpuint (done, ==, 1);
  g_assert_cmpuint (failed, >, 0);
}

/* Wherever on the way descriptors run out. */
static void
test_few_descriptors (void)
{
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_test_message ("%s", attempts[i].name);
      test_in_child (attempt_with_few, GUINT_TO_POINTER (i));
    }
}

static void
on_result (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
start_no_thread (gpointer unused)
{
  const struct rlimit none = { 0, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_errno (setrlimit (RLIMIT_NPROC, &none));
  g_assert_null (st_transient_mntns_new (&error)); /* forgets the parent's workshop */
  test_assert_failed (error, ST_ERROR_EXHAUSTED, "RLIMIT_NPROC");
  g_auto (GStrv) traces = test_collect_traces ();
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), succeed, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_EXHAUSTED, "cannot start a thread");
  g_assert_null (st_transient_mntns_new (&error));
  test_assert_failed (error, ST_ERROR_EXHAUSTED, "RLIMIT_NPROC");
  st_transient_netns_new_async (NULL, on_result, &result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (st_transient_netns_new_finish (result, &error));
  test_assert_failed (error, ST_ERROR_EXHAUSTED, "cannot start a thread");
  g_clear_object (&result);
  g_assert_true (st_space_call (ST_SPACE (own), succeed, NULL, &error)); /* needs none */
  g_assert_no_error (error);
  test_assert_traces (traces);
}

/* Root has no limit. */
static void
test_no_threads (void)
{
  if (!test_is_real_root ())
    test_in_child (start_no_thread, NULL);
  else
    g_test_skip ("root may start any number of threads");
}

static void
hide_proc (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("none", "/proc", "tmpfs", 0, NULL));
}

static void
check_found (gboolean done,
             GError **error)
{
  if (!done)
    test_assert_failed (*error, ST_ERROR_NOT_FOUND, "cannot");
}

/* Where the kernel answers without /proc it works; where it does not, the error says what is missing. */
static void
switch_without_proc (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  hide_proc ();
  check_found (try_call (space, &error), &error);
  check_found (try_enter (space, &error), &error);
  check_found (st_space_run_in_thread (space, succeed, NULL, NULL, &error), &error);
  g_assert_null (st_find_strays (&error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "");
  g_autoptr (StTransientMntns) mnt = st_transient_mntns_new (&error);
  check_found (mnt != NULL, &error);
  if (!mnt)
    return;
  g_assert_false (st_transient_mntns_mount_tmpfs (mnt, "/tmp", 0, &error)); /* who knows whether it is shared? */
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "/tmp");
  check_found (try_enter (ST_SPACE (mnt), &error), &error);
}

static void
test_no_proc (void)
{
  if (test_needs_privilege ())
    test_in_child (switch_without_proc, NULL);
}

static gboolean
cover_proc (gpointer data,
            GError **error)
{
  g_assert_no_errno (mount ("none", "/proc", "tmpfs", 0, NULL));
  return TRUE;
}

/* 1.1.3 number 3: only there, not at home. */
static void
test_no_proc_inside (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_MNT | ST_NAMESPACE_NET);
  g_assert_true (st_space_call (space, cover_proc, NULL, &error));
  g_assert_true (try_call (space, &error));
  g_assert_no_error (error);
  g_assert_true (try_enter (space, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (space, succeed, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
check_refused (gpointer  made,
               GError  **error)
{
  g_assert_null (made);
  test_assert_failed (*error, ST_ERROR_PERMISSION_DENIED, "");
}

/* Root in a user namespace, but what it is in belongs to others: it could make namespaces, and not come home from them. */
static void
own_only_user (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_assert_no_errno (unshare (CLONE_NEWUSER));
  g_assert_true (test_is_privileged ());
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_auto (GStrv) traces = NULL;
  check_refused (st_transient_mntns_new (&error), &error);
  check_refused (st_transient_mntns_new (&error), &error); /* what tried it is not left inside */
  traces = test_collect_traces ();
  check_refused (st_transient_netns_new (&error), &error);
  check_refused (st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error), &error);
  check_refused (st_enter_transient (ST_NAMESPACE_NET, &error), &error);
  check_refused (st_enter_transient (ST_NAMESPACE_MNT, &error), &error);
  check_refused (st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error), &error);
  g_assert_true (st_space_call (ST_SPACE (own), succeed, NULL, &error)); /* the thread is not lost */
  g_assert_no_error (error);
  test_assert_traces (traces);

  int child = test_start_idle_child (CLONE_NEWNET);
  g_autoptr (StNamespaceRef) made_by_child = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_NET, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_assert_false (try_call (ST_SPACE (made_by_child), &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "cannot enter net namespace");
  g_assert_true (st_space_run_in_thread (ST_SPACE (made_by_child), succeed, NULL, NULL, &error)); /* which never comes home */
  g_assert_no_error (error);
}

static void
test_own_only_user (void)
{
  test_in_child (own_only_user, NULL);
}

static void
close_stdin_and_switch (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) made = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_no_errno (close (STDIN_FILENO));
  g_assert_cmpint (st_namespace_ref_dup_fd (made, &error), ==, 0);
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_take_fd (0, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_true (try_call (ST_SPACE (ref), &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (ST_SPACE (ref), succeed, NULL, NULL, &error));
  g_assert_no_error (error);
  st_namespace_ref_close (ref);
  g_assert_cmpint (fcntl (STDIN_FILENO, F_GETFD), ==, -1);
}

/* 1.2 number 7: a descriptor like others */
static void
test_descriptor_zero (void)
{
  if (test_needs_privilege ())
    test_in_child (close_stdin_and_switch, NULL);
}

static void
pend_pid_namespace (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_UTS | ST_NAMESPACE_NET);
  g_autoptr (StSpace) new_mnt = test_new_space (ST_NAMESPACE_MNT);
  g_assert_no_errno (unshare (CLONE_NEWPID));
  g_assert_false (st_space_run_in_thread (space, succeed, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "CLONE_NEWPID");
  int init = test_start_idle_child (0);
  g_autofree char *for_children = test_where ("pid_for_children");
  g_assert_cmpstr (for_children, !=, "-");
  g_assert_true (try_call (space, &error));
  g_assert_true (try_enter (space, &error));
  g_assert_true (try_call (new_mnt, &error));
  test_assert_where ("pid_for_children", for_children);
  g_assert_false (st_space_run_in_thread (space, succeed, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "CLONE_NEWPID");
  test_end_idle_child (init);
}

/* 1.1.3 number 4: what the caller prepared for its children is left alone. */
static void
test_pid_for_children (void)
{
  if (test_needs_privilege ())
    test_in_child (pend_pid_namespace, NULL);
}

/* 1.1.3 number 9: no child keeps a namespace alive because nobody told its descriptor to close. */
static void
test_close_on_exec (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (MANY_TYPES);
  g_autofree char *root = st_transient_mntns_get_root_path (ST_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL)), &error);
  g_assert_true (st_space_run_in_thread (space, succeed, NULL, NULL, &error));
  g_autoptr (StVisit) outer = st_space_enter (space, &error);
  g_autoptr (StVisit) inner = st_enter_transient (MANY_TYPES, &error);
  g_assert_no_error (error);
  g_auto (GStrv) traces = test_collect_traces ();
  guint n = 0;
  for (char **line = traces; *line; line++)
    {
      int fd;
      if (sscanf (*line, "descriptor %d", &fd) != 1 || fd <= STDERR_FILENO || !strchr (*line, '['))
        continue;
      n++;
      g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
    }
  g_assert_cmpuint (n, >, 16);
  g_assert_true (st_visit_leave (inner, &error));
  g_assert_true (st_visit_leave (outer, &error));
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/failures/few-descriptors", test_few_descriptors);
  test_add ("/failures/no-threads", test_no_threads);
  test_add ("/failures/no-proc", test_no_proc);
  test_add ("/failures/no-proc-inside", test_no_proc_inside);
  test_add ("/failures/own-only-user", test_own_only_user);
  test_add ("/failures/descriptor-zero", test_descriptor_zero);
  test_add ("/failures/pid-for-children", test_pid_for_children);
  test_add ("/failures/close-on-exec", test_close_on_exec);
  return g_test_run ();
}
