/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tests that do what no test should, for test_*.py to run one by one. Those below /good may. */

#define KINDS (ST_NAMESPACE_NET | ST_NAMESPACE_UTS)

static StVisit *
enter (void)
{
  g_autoptr (GError) error = NULL;
  StVisit *visit = st_enter_transient (KINDS, &error);
  g_assert_no_error (error);
  return visit;
}

static void
become (const char *name)
{
  execl (name, name, NULL);
  g_assert_not_reached ();
}

static void
test_now (void)
{
  _exit (0);
}

static void
test_quick (void)
{
  quick_exit (0);
}

static void
test_skipped (void)
{
  _exit (77);
}

static void
test_other_status (void)
{
  _exit (3);
}

static void
test_now_inside (void)
{
  ST_TEST_ENTER (KINDS);
  _exit (0);
}

static gboolean
exit_now (gpointer data,
          GError **error)
{
  _exit (0);
}

static void
test_now_in_call (void)
{
  g_autoptr (StSpace) space = st_space_new_transient (KINDS, NULL);
  st_space_call (space, exit_now, NULL, NULL);
}

static void
test_now_on_worker (void)
{
  g_autoptr (StSpace) space = st_space_new_transient (KINDS, NULL);
  st_space_run_in_thread (space, exit_now, NULL, NULL, NULL);
}

static void
test_unfinished_line (void)
{
  g_print ("half a line");
  _exit (0);
}

static void
test_exec (void)
{
  become ("/bin/true");
}

static void
test_exec_inside (void)
{
  ST_TEST_ENTER (KINDS);
  become ("/bin/true");
}

static int
wait_for (pid_t child)
{
  int status;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return status;
}

static void
test_good_children (void)
{
  pid_t child = fork ();
  if (child == 0)
    _exit (0);
  g_assert_cmpint (wait_for (child), ==, 0);
  child = fork ();
  if (child == 0)
    exit (0);
  g_assert_cmpint (wait_for (child), ==, 0);
  child = fork ();
  if (child == 0)
    become ("/bin/true");
  g_assert_cmpint (wait_for (child), ==, 0);
}

static void
test_good_child_inside (void)
{
  ST_TEST_ENTER (KINDS);
  test_good_children ();
}

static void
test_good_subprocess (void)
{
  if (g_test_subprocess ())
    _exit (0);
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

/* The parent takes any status. */
static void
test_came_back (void)
{
  pid_t child = fork ();
  if (child > 0)
    wait_for (child);
}

static void
test_came_back_inside (void)
{
  ST_TEST_ENTER (KINDS);
  test_came_back ();
}

static void
test_came_back_on_visit (void)
{
  g_autoptr (StVisit) visit = enter ();
  pid_t child = fork ();
  if (child == 0)
    return;
  wait_for (child);
  g_assert_true (st_visit_leave (visit, NULL));
}

static void
test_not_waited_for (void)
{
  if (fork () == 0)
    return;
  siginfo_t info;
  g_assert_no_errno (waitid (P_ALL, 0, &info, WEXITED | WNOWAIT));
  st_test_assert_nothing_leaked ();
}

static void
count (void)
{
  g_printerr ("one more test\n");
}

static void
test_enter_net (void)
{
  ST_TEST_ENTER (ST_NAMESPACE_NET);
}

static void
test_require_net (void)
{
  if (st_test_require (ST_NAMESPACE_NET))
    count ();
}

static gpointer
leave (gpointer visit)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_visit_leave (visit, &error));
  g_printerr ("%s\n", error->message);
  return NULL;
}

static void
test_left_elsewhere (void)
{
  g_autoptr (StVisit) visit = enter ();
  g_thread_join (g_thread_new ("another", leave, visit));
}

static gpointer
enter_and_end (gpointer data)
{
  g_object_unref (enter ());
  return NULL;
}

static void
test_thread_ended (void)
{
  g_thread_join (g_thread_new ("visitor", enter_and_end, NULL));
}

static void
test_thread_ended_begun (void)
{
  ST_TEST_ENTER (KINDS);
  test_thread_ended ();
}

static gpointer
enter_and_exit (gpointer data)
{
  g_object_unref (enter ());
  g_thread_exit (NULL);
  return NULL;
}

static void
test_thread_ended_exit (void)
{
  g_thread_join (g_thread_new ("visitor", enter_and_exit, NULL));
}

static gboolean
enter_and_exit_inside (gpointer data,
                       GError **error)
{
  enter_and_exit (data);
  return TRUE;
}

/* The call's own stay is on a stack that is gone by then. */
static gpointer
call_and_exit (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) here = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  st_space_call (ST_SPACE (here), enter_and_exit_inside, NULL, &error);
  return NULL;
}

static void
test_thread_ended_in_call (void)
{
  ST_TEST_ENTER (KINDS);
  g_thread_join (g_thread_new ("visitor", call_and_exit, NULL));
}

static gpointer
enter_and_leave (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = enter ();
  g_assert_true (st_visit_leave (visit, &error));
  return NULL;
}

static void
test_thread_left (void)
{
  ST_TEST_ENTER (KINDS);
  g_thread_join (g_thread_new ("visitor", enter_and_leave, NULL));
}

static gpointer
enter_and_stay (gpointer data)
{
  g_object_unref (enter ());
  g_async_queue_push (data, data);
  for (;;)
    pause ();
  return NULL;
}

static void
test_thread_stays (void)
{
  GAsyncQueue *queue = g_async_queue_new ();
  g_thread_unref (g_thread_new ("visitor", enter_and_stay, queue));
  g_async_queue_pop (queue);
}

/* Of this one, the library is told of the end. */
static void
test_thread_stays_begun (void)
{
  g_autoptr (StVisit) visit = enter ();
  g_assert_true (st_visit_leave (visit, NULL));
  test_thread_stays ();
}

static gpointer
free_scope (gpointer scope)
{
  st_test_scope_free (scope);
  return NULL;
}

static void
test_scope_elsewhere (void)
{
  StTestScope *scope = st_test_scope_new (KINDS, NULL, __FILE__, __LINE__, G_STRFUNC);
  g_thread_join (g_thread_new ("another", free_scope, scope));
}

static void
test_scope_null (void)
{
  st_test_scope_free (NULL);
}

static void
test_enter_none (void)
{
  ST_TEST_ENTER (ST_NAMESPACE_NONE);
}

static void
test_enter_nonsense (void)
{
  ST_TEST_ENTER (12345);
}

static void
test_require_failed (void)
{
  g_test_fail_printf ("it failed");
  if (st_test_require (KINDS))
    count ();
}

static void
test_require_none (void)
{
  if (st_test_require (ST_NAMESPACE_NONE))
    count ();
}

static void
test_require_pid (void)
{
  if (st_test_require (ST_NAMESPACE_PID))
    {
      ST_TEST_ENTER (ST_NAMESPACE_PID);
    }
}

static void
test_add_late (void)
{
  st_test_add_in ("/late/net", KINDS, count);
}

static void
test_fixture (gpointer     *fixture,
              gconstpointer data)
{
}

static void
test_add_fixture_late (void)
{
  st_test_add ("/late/fixture", gpointer, NULL, NULL, test_fixture, NULL);
}

static void
test_init_again (void)
{
  int argc = 1;
  char *words[] = { (char *) "hostile", NULL }, **argv = words;
  st_test_init (&argc, &argv, NULL);
}

static void
test_capture_null (void)
{
  ST_TEST_CAPTURE (NULL, NULL);
}

/* Until there is something on standard input. */
static void
test_wait (void)
{
  char byte;
  g_test_message ("process %d", (int) getpid ());
  g_assert_cmpint (read (STDIN_FILENO, &byte, 1), ==, 1);
}

static void
misuse (const char *how)
{
  g_autoptr (StTestScope) scope = NULL;
  if (g_str_equal (how, "null-path"))
    st_test_add_in (NULL, KINDS, count);
  else if (g_str_equal (how, "relative-path"))
    st_test_add_in ("relative", KINDS, count);
  else if (g_str_equal (how, "null-test"))
    st_test_add_in ("/null/test", KINDS, NULL);
  else if (g_str_equal (how, "null-space"))
    st_test_add_in_space ("/null/space", NULL, count);
  else if (g_str_equal (how, "null-fixture-test"))
    st_test_add ("/null/fixture", gpointer, NULL, NULL, NULL, NULL);
  else if (g_str_equal (how, "enter"))
    scope = st_test_scope_new (KINDS, NULL, __FILE__, __LINE__, G_STRFUNC);
  else if (g_str_equal (how, "require"))
    st_test_require (12345);
  else if (g_str_equal (how, "require-fine"))
    st_test_require (KINDS);
  else if (g_str_equal (how, "exit-at-once"))
    _exit (0);
  else if (g_str_equal (how, "exit-by-run"))
    _exit (g_test_run ());
}

int
main (int    argc,
      char **argv)
{
  const char *how = g_getenv ("MISUSE");
  if (g_strcmp0 (how, "no-init") == 0)
    g_test_init (&argc, &argv, NULL);
  else if (g_strcmp0 (how, "null-init") == 0)
    st_test_init (NULL, NULL, NULL);
  else
    st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/add/late", test_add_late);
  g_test_add_func ("/add/late-fixture", test_add_fixture_late);
  g_test_add_func ("/capture/null", test_capture_null);
  g_test_add_func ("/enter/net", test_enter_net);
  g_test_add_func ("/enter/none", test_enter_none);
  g_test_add_func ("/enter/nonsense", test_enter_nonsense);
  g_test_add_func ("/forked/came-back", test_came_back);
  g_test_add_func ("/forked/inside", test_came_back_inside);
  g_test_add_func ("/forked/not-waited-for", test_not_waited_for);
  g_test_add_func ("/forked/on-visit", test_came_back_on_visit);
  st_test_add_in ("/forked/in/net", KINDS, test_came_back);
  st_test_add_in ("/forked/in/user", ST_NAMESPACE_USER, test_came_back);
  g_test_add_func ("/gone/at-once", test_now);
  g_test_add_func ("/gone/exec", test_exec);
  g_test_add_func ("/gone/exec-inside", test_exec_inside);
  g_test_add_func ("/gone/in-call", test_now_in_call);
  st_test_add_in ("/gone/in/net", KINDS, test_now);
  st_test_add_in ("/gone/in/net-exec", KINDS, test_exec);
  st_test_add_in ("/gone/in/user", ST_NAMESPACE_USER, test_now);
  st_test_add_in ("/gone/in/user-exec", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_exec);
  g_test_add_func ("/gone/inside", test_now_inside);
  g_test_add_func ("/gone/on-worker", test_now_on_worker);
  g_test_add_func ("/gone/other-status", test_other_status);
  g_test_add_func ("/gone/quick", test_quick);
  g_test_add_func ("/gone/skipped", test_skipped);
  g_test_add_func ("/gone/unfinished-line", test_unfinished_line);
  g_test_add_func ("/good/child-inside", test_good_child_inside);
  g_test_add_func ("/good/children", test_good_children);
  st_test_add_in ("/good/in/user-and-net", ST_NAMESPACE_USER | ST_NAMESPACE_NET, test_enter_net);
  g_test_add_func ("/good/subprocess", test_good_subprocess);
  st_test_add_in ("/in/user", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_enter_net);
  st_test_add_in ("/in/user-require", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_require_net);
  g_test_add_func ("/init-again", test_init_again);
  g_test_add_func ("/require/failed", test_require_failed);
  g_test_add_func ("/require/net", test_require_net);
  g_test_add_func ("/require/none", test_require_none);
  g_test_add_func ("/require/pid", test_require_pid);
  g_test_add_func ("/scope/elsewhere", test_scope_elsewhere);
  g_test_add_func ("/scope/null", test_scope_null);
  g_test_add_func ("/thread/ended", test_thread_ended);
  g_test_add_func ("/thread/ended-begun", test_thread_ended_begun);
  g_test_add_func ("/thread/ended-exit", test_thread_ended_exit);
  g_test_add_func ("/thread/ended-in-call", test_thread_ended_in_call);
  g_test_add_func ("/thread/left", test_thread_left);
  g_test_add_func ("/thread/left-elsewhere", test_left_elsewhere);
  g_test_add_func ("/thread/stays", test_thread_stays);
  g_test_add_func ("/thread/stays-begun", test_thread_stays_begun);
  g_test_add_func ("/wait", test_wait);
  if (how)
    misuse (how);
  return g_test_run ();
}
