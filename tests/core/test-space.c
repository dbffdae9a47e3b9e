/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREIGN_TYPES (ST_NAMESPACE_USER | ST_NAMESPACE_NET)

static void
test_new_of_nothing (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (st_space_new (NULL, 0, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "at least one");
}

static void
test_new_of_doubles (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) one = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_autoptr (StNamespaceRef) two = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  StNamespaceRef *refs[] = { one, two };
  g_assert_null (st_space_new (refs, 2, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "two net namespaces");
}

static void
test_new_of_null (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  StNamespaceRef *refs[] = { net, NULL };
  g_assert_null (st_space_new (refs, 2, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "place 1");
}

static gboolean
count (gpointer data,
       GError **error)
{
  ++*(int *) data;
  return TRUE;
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  StNamespaceRef *refs[] = { uts, net };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  int calls = 0;
  g_assert_no_error (error);
  st_namespace_ref_close (net);

  g_assert_false (st_space_call (space, count, &calls, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_null (st_space_enter (space, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_false (st_space_run_in_thread (space, count, &calls, NULL, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_null (st_space_new (refs, 2, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_cmpint (calls, ==, 0);
  g_assert_true (st_space_get_types (space) == (ST_NAMESPACE_NET | ST_NAMESPACE_UTS));
}

static void
on_result (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* What a binding makes with Spacetest.Space() and its like. */
static void
test_no_constructor (void)
{
  const GType types[] = { ST_TYPE_SPACE, ST_TYPE_NAMESPACE_REF, ST_TYPE_TRANSIENT_NETNS, ST_TYPE_TRANSIENT_MNTNS };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StSpace) space = g_object_new (types[i], NULL);
      g_autoptr (GAsyncResult) result = NULL;
      int calls = 0;
      g_assert_cmpint (st_space_get_types (space), ==, ST_NAMESPACE_NONE);
      g_assert_null (st_space_get_ref (space, ST_NAMESPACE_NET, &error));
      test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
      g_assert_null (st_space_enter (space, &error));
      test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
      g_assert_false (st_space_call (space, count, &calls, &error));
      test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
      g_assert_false (st_space_run_in_thread (space, count, &calls, NULL, &error));
      test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
      st_space_run_in_thread_async (space, count, &calls, NULL, NULL, on_result, &result);
      while (!result)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (st_space_run_in_thread_finish (space, result, &error));
      test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
      g_assert_cmpint (calls, ==, 0);
    }

  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = g_object_new (ST_TYPE_VISIT, NULL);
  g_assert_false (st_visit_is_active (visit));
  g_assert_null (st_visit_get_space (visit));
  g_assert_false (st_visit_leave (visit, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
}

static void
test_get_ref (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_space_new_for_pid (getpid (), ST_NAMESPACE_UTS | ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_get_namespace_type (st_space_get_ref (space, ST_NAMESPACE_UTS, &error)), ==, ST_NAMESPACE_UTS);
  g_assert_null (st_space_get_ref (space, ST_NAMESPACE_IPC, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "no ipc namespace");
  g_assert_null (st_space_get_ref (space, ST_NAMESPACE_UTS | ST_NAMESPACE_NET, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
  g_assert_null (st_space_get_ref (space, ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
}

static void
test_for_pid (void)
{
  const StNamespaceType all = ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_PID |
                              ST_NAMESPACE_TIME | ST_NAMESPACE_USER | ST_NAMESPACE_UTS;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) own = st_space_new_for_pid (getpid (), all, &error);
  g_assert_no_error (error);
  g_assert_true (st_space_get_types (own) == all);
  g_autofree char *name = st_namespace_ref_to_string (st_space_get_ref (own, ST_NAMESPACE_UTS, NULL));
  test_assert_where ("uts", name);

  int child = test_start_idle_child (CLONE_NEWUSER | CLONE_NEWNET);
  g_autoptr (StSpace) childs = st_space_new_for_pid (child, FOREIGN_TYPES, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_equal (st_space_get_ref (childs, ST_NAMESPACE_NET, NULL), st_space_get_ref (own, ST_NAMESPACE_NET, NULL)));
}

static void
test_for_wrong_pid (void)
{
  g_autoptr (GError) error = NULL;
  const struct { int pid; StError code; } cases[] = {
    { 0, ST_ERROR_INVALID_ARGUMENT }, { -1, ST_ERROR_INVALID_ARGUMENT }, { (1 << 22) + 1, ST_ERROR_NOT_FOUND },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_null (st_space_new_for_pid (cases[i].pid, ST_NAMESPACE_NET, &error));
      test_assert_failed (error, cases[i].code, "");
    }
  g_assert_null (st_space_new_for_pid (getpid (), ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
  g_assert_null (st_space_new_for_pid (getpid (), ST_NAMESPACE_NET | 1, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
}

static void
test_for_ended_pid (void)
{
  g_autoptr (GError) error = NULL;
  siginfo_t info;
  int child = test_start_idle_child (0);
  g_assert_no_errno (kill (child, SIGKILL));
  g_assert_no_errno (waitid (P_PID, child, &info, WEXITED | WNOWAIT));
  g_assert_null (st_space_new_for_pid (child, ST_NAMESPACE_NET, &error)); /* a zombie */
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "");
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  g_assert_null (st_space_new_for_pid (child, ST_NAMESPACE_NET, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "");
}

/* OPS-03: as nobody */
static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  int calls = 0;
  if (!test_needs_no_privilege ())
    return;
  g_assert_null (st_namespace_ref_new_for_path ("/proc/1/ns/pid", ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "/proc/1/ns/pid");

  int child = test_start_idle_child (CLONE_NEWUSER | CLONE_NEWNET);
  g_autoptr (StSpace) space = st_space_new_for_pid (child, ST_NAMESPACE_NET, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_assert_false (st_space_call (space, count, &calls, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "cannot enter net namespace");
  g_assert_false (st_space_run_in_thread (space, count, &calls, NULL, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "spacetest run");
  g_assert_null (st_space_enter (space, &error));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "cannot enter net namespace");
  g_assert_cmpint (calls, ==, 0);
}

/* OPS-02, OPS-04 to OPS-07, SPACE-20, SPACE-24, SPACE-27, NET-07, NET-14: what is no reference gets no further than its constructor. */
static void
test_bad_references (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (st_namespace_ref_new_for_path ("foobar", ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "foobar");
  g_assert_null (st_namespace_ref_new_for_path ("/proc/self/comm", ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_NOT_A_NAMESPACE, "/proc/self/comm");
  g_assert_null (st_namespace_ref_new_for_path ("/proc/self/ns/net", ST_NAMESPACE_UTS, &error));
  test_assert_failed (error, ST_ERROR_WRONG_TYPE, "net");
  g_assert_null (st_namespace_ref_new_for_path ("/proc/self/ns/net", 1, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
  g_assert_null (st_namespace_ref_new_for_fd (-1, ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "-1");
  g_assert_null (st_namespace_ref_new_for_fd (STDIN_FILENO, ST_NAMESPACE_NONE, &error));
  test_assert_failed (error, ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
}

static void
assert_no_way_in (int             flags,
                  StNamespaceType type,
                  const char     *entry)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *refusal = g_strdup_printf ("cannot enter %s namespace", st_namespace_type_get_name (type));
  int calls = 0, child = test_start_idle_child (flags);
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", child, entry);
  g_autoptr (StNamespaceRef) foreign = st_namespace_ref_new_for_path (path, type, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_assert_false (st_space_call (ST_SPACE (foreign), count, &calls, &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, refusal);
  g_assert_null (st_space_enter (ST_SPACE (foreign), &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "spawn it, use a spacer or re-execute");
  g_assert_false (st_space_run_in_thread (ST_SPACE (foreign), count, &calls, NULL, &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, refusal);
  g_assert_cmpint (calls, ==, 0);
}

/* SPACE-21 */
static void
test_foreign_user (void)
{
  assert_no_way_in (CLONE_NEWUSER, ST_NAMESPACE_USER, "user");
}

static void
test_foreign_time (void)
{
  assert_no_way_in (CLONE_NEWUSER | ST_NAMESPACE_TIME, ST_NAMESPACE_TIME, "time_for_children");
}

/* SPACE-28, OPS-03, OPS-08: here, being there already is enough, with or without permission to switch. */
static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  int calls = 0;
  g_autoptr (StSpace) space = st_space_new_for_pid (getpid (), ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME | ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_assert_true (st_space_call (space, count, &calls, &error));
  g_assert_no_error (error);
  g_assert_true (st_space_run_in_thread (space, count, &calls, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (StVisit) visit = st_space_enter (space, &error);
  g_assert_no_error (error);
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_assert_cmpint (calls, ==, 2);
}

/* SPACE-14, SPACE-17: mnt works here */
static void
test_transient_of_process_kinds (void)
{
  const StNamespaceType types[] = { ST_NAMESPACE_USER, ST_NAMESPACE_PID, ST_NAMESPACE_TIME };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (st_namespace_ref_new_transient (types[i], &error));
      test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "cannot create");
      g_assert_null (st_space_new_transient (types[i] | ST_NAMESPACE_NET, &error));
      test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "spacetest run");
      g_assert_null (st_enter_transient (types[i] | ST_NAMESPACE_NET, &error));
      test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "spacetest run");
    }
}

static void
test_transient_of_no_kind (void)
{
  const guint types[] = { ST_NAMESPACE_NONE, 1, ST_NAMESPACE_NET | 1 };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (st_namespace_ref_new_transient (types[i], &error));
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
      g_assert_null (st_space_new_transient (types[i], &error));
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
      g_assert_null (st_enter_transient (types[i], &error));
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/space/new-of-nothing", test_new_of_nothing);
  test_add ("/space/new-of-doubles", test_new_of_doubles);
  test_add ("/space/new-of-null", test_new_of_null);
  test_add ("/space/closed", test_closed);
  test_add ("/space/no-constructor", test_no_constructor);
  test_add ("/space/get-ref", test_get_ref);
  test_add ("/space/for-pid", test_for_pid);
  test_add ("/space/for-wrong-pid", test_for_wrong_pid);
  test_add ("/space/for-ended-pid", test_for_ended_pid);
  test_add ("/space/forbidden/OPS-03", test_forbidden);
  test_add ("/space/bad-references/OPS-02", test_bad_references);
  test_add ("/space/foreign-user/SPACE-21", test_foreign_user);
  test_add ("/space/foreign-time", test_foreign_time);
  test_add ("/space/own/SPACE-28", test_own);
  test_add ("/space/transient-of-process-kinds/SPACE-14", test_transient_of_process_kinds);
  test_add ("/space/transient-of-no-kind", test_transient_of_no_kind);
  return g_test_run ();
}
