/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tests that go wrong, each in a way of its own, for test_*.py to run one by one. Those below /good do not. */

#define KINDS (ST_NAMESPACE_NET | ST_NAMESPACE_UTS)

static void
test_good_scope (void)
{
  ST_TEST_ENTER (KINDS);
}

static void
test_good_leave (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StVisit) visit = st_enter_transient (KINDS, &error);
  g_assert_no_error (error);
  g_assert_true (st_visit_leave (visit, &error));
}

static void
test_good_skip (void)
{
  g_test_skip ("no reason");
}

static StVisit *
enter (void)
{
  g_autoptr (GError) error = NULL;
  StVisit *visit = st_enter_transient (KINDS, &error);
  g_assert_no_error (error);
  return visit;
}

static void
test_forgotten (void)
{
  static StVisit *visit;
  visit = enter ();
  g_assert_true (st_visit_is_active (visit));
}

static void
test_dropped (void)
{
  g_autoptr (StVisit) visit = enter ();
  g_assert_true (st_visit_is_active (visit));
}

static void
test_dropped_in_scope (void)
{
  ST_TEST_ENTER (KINDS);
  g_object_unref (enter ());
}

static void
test_skipped_inside (void)
{
  g_object_unref (enter ());
  g_test_skip ("no reason");
}

static void
test_exit (void)
{
  exit (0);
}

static void
test_exit_inside (void)
{
  ST_TEST_ENTER (KINDS);
  exit (0);
}

static gboolean
exit_now (gpointer data,
          GError **error)
{
  exit (0);
}

static void
test_exit_in_call (void)
{
  g_autoptr (StSpace) space = st_space_new_transient (KINDS, NULL);
  st_space_call (space, exit_now, NULL, NULL);
}

static void
test_assertion (void)
{
  ST_TEST_ENTER (KINDS);
  g_assert_cmpint (1, ==, 2);
}

static void
test_error (void)
{
  ST_TEST_ENTER (KINDS);
  g_error ("an error");
}

static void
test_crash (void)
{
  ST_TEST_ENTER (KINDS);
  raise (SIGSEGV);
}

static void
test_fail (void)
{
  ST_TEST_ENTER (KINDS);
  g_test_fail_printf ("it failed");
}

static gboolean
fail_assertion (gpointer data,
                GError **error)
{
  g_assert_cmpint (1, ==, 2);
  return TRUE;
}

static void
test_worker (void)
{
  g_autoptr (StSpace) space = st_space_new_transient (KINDS, NULL);
  st_space_run_in_thread (space, fail_assertion, NULL, NULL, NULL);
}

static void
test_held (void)
{
  g_autoptr (StTransientNetns) netns = st_transient_netns_new (NULL);
  g_assert_cmpint (1, ==, 2);
}

static void
test_at_home (void)
{
  g_assert_cmpint (1, ==, 2);
}

static void
test_bad_kinds (void)
{
  ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_PID);
}

static void
test_not_fatal (void)
{
  g_test_set_nonfatal_assertions ();
  ST_TEST_ENTER (ST_NAMESPACE_PID);
  g_print ("went on\n");
}

static gpointer
wait_forever (gpointer data)
{
  for (;;)
    pause ();
  return NULL;
}

static void
test_stray (void)
{
  ST_TEST_ENTER (KINDS);
  g_thread_unref (g_thread_new ("a-stray", wait_forever, NULL));
}

static gboolean
start_stray (gpointer data,
             GError **error)
{
  g_thread_unref (g_thread_new ("a-stray", wait_forever, NULL));
  return TRUE;
}

static void
test_stray_of_call (void)
{
  g_autoptr (StSpace) space = st_space_new_transient (KINDS, NULL);
  g_assert_true (st_space_call (space, start_stray, NULL, NULL));
}

static void
test_leaked_descriptor (void)
{
  g_assert_cmpint (dup (STDIN_FILENO), >=, 0);
  st_test_assert_nothing_leaked ();
}

static void
test_leaked_child (void)
{
  int child = fork ();
  if (child == 0)
    _exit (0);
  siginfo_t info;
  g_assert_no_errno (waitid (P_PID, (id_t) child, &info, WEXITED | WNOWAIT));
  st_test_assert_nothing_leaked ();
}

static void
test_leaked_namespace (void)
{
  static StTransientNetns *netns;
  netns = st_transient_netns_new (NULL);
  g_assert_nonnull (netns);
  st_test_assert_nothing_leaked ();
}

static void
test_leaked_visit (void)
{
  g_object_unref (enter ());
  st_test_assert_nothing_leaked ();
}

static void
test_leaked_stray (void)
{
  ST_TEST_ENTER (KINDS);
  g_thread_unref (g_thread_new ("a-stray", wait_forever, NULL));
  st_test_assert_nothing_leaked ();
}

static void
test_leaked_not_fatal (void)
{
  g_test_set_nonfatal_assertions ();
  g_assert_cmpint (dup (STDIN_FILENO), >=, 0);
  st_test_assert_nothing_leaked ();
  g_test_message ("went on");
}

static void
test_set_up (gpointer     *fixture,
             gconstpointer data)
{
  *fixture = enter ();
}

static void
test_nothing (gpointer     *fixture,
              gconstpointer data)
{
}

static void
test_tear_down (gpointer     *fixture,
                gconstpointer data)
{
  g_assert_true (st_visit_leave (*fixture, NULL));
  g_object_unref (*fixture);
}

static void
test_require_net (void)
{
  if (st_test_require (KINDS))
    g_test_message ("can have them");
}

static void
test_require_nonsense (void)
{
  if (st_test_require (12345))
    g_test_message ("can have them");
}

static void
test_as_init_or_below (void)
{
  g_test_message ("process %d of user %d", getpid (), getuid ());
  g_assert_cmpint (getpid (), <, 10);
  g_assert_cmpint (getuid (), ==, 0);
}

static void
test_assert (void)
{
  g_assert_cmpint (getuid (), ==, 42);
}

static void
test_exit_in_copy (void)
{
  exit (0);
}

static void
test_fail_in_copy (void)
{
  g_test_fail_printf ("by itself");
}

static void
test_killed (void)
{
  raise (SIGKILL);
}

static void
test_skip (void)
{
  g_test_skip ("no reason");
}

static void
test_incomplete (void)
{
  g_print ("printed\n");
  g_test_message ("said");
  g_test_incomplete ("not yet");
}

static void
never (void)
{
  g_print ("went on\n");
}

static StTransientNetns *
start_capture (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  ST_TEST_CAPTURE (ST_SPACE (netns), "lo");
  return netns;
}

static void
send_packet (StTransientNetns *netns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string ("127.0.0.1", 9);
  g_autoptr (GSocket) sender =
    st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_send_to (sender, target, "a packet of the test", 20, NULL, &error);
  g_assert_no_error (error);
}

static void
test_good_captured (void)
{
  ST_TEST_ENTER (KINDS);
  ST_TEST_CAPTURE (st_test_get_space (), NULL);
  st_test_assert_nothing_leaked ();
}

static void
test_captured_fail (void)
{
  g_test_set_nonfatal_assertions ();
  g_autoptr (StTransientNetns) netns = start_capture ();
  send_packet (netns);
  g_test_fail_printf ("it failed");
}

static void
test_captured_assertion (void)
{
  g_autoptr (StTransientNetns) netns = start_capture ();
  g_assert_cmpint (1, ==, 2);
}

static void
test_captured_inside (void)
{
  ST_TEST_ENTER (KINDS);
  ST_TEST_CAPTURE (st_test_get_space (), NULL);
  g_assert_cmpint (1, ==, 2);
}

int
main (int    argc,
      char **argv)
{
  if (g_getenv ("CHECK_FIRST"))
    st_test_assert_nothing_leaked ();
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/captured/passed", test_good_captured);
  g_test_add_func ("/good/leave", test_good_leave);
  g_test_add_func ("/good/scope", test_good_scope);
  g_test_add_func ("/good/skip", test_good_skip);
  st_test_add ("/good/fixture", gpointer, NULL, test_set_up, test_nothing, test_tear_down);
  g_test_add_func ("/assertion", test_assertion);
  g_test_add_func ("/at-home", test_at_home);
  g_test_add_func ("/bad-kinds", test_bad_kinds);
  g_test_add_func ("/captured/assertion", test_captured_assertion);
  g_test_add_func ("/captured/fail", test_captured_fail);
  g_test_add_func ("/captured/inside", test_captured_inside);
  g_test_add_func ("/crash", test_crash);
  g_test_add_func ("/dropped", test_dropped);
  g_test_add_func ("/dropped-in-scope", test_dropped_in_scope);
  g_test_add_func ("/error", test_error);
  g_test_add_func ("/exit", test_exit);
  g_test_add_func ("/exit-in-call", test_exit_in_call);
  g_test_add_func ("/exit-inside", test_exit_inside);
  g_test_add_func ("/fail", test_fail);
  st_test_add ("/fixture-forgot", gpointer, NULL, test_set_up, test_nothing, NULL);
  g_test_add ("/fixture-of-glib", gpointer, NULL, test_set_up, test_nothing, test_tear_down);
  g_test_add_func ("/forgotten", test_forgotten);
  g_test_add_func ("/held", test_held);
  st_test_add_in ("/in/fail", KINDS, test_at_home);
  st_test_add_in ("/in/forgotten", KINDS, test_forgotten);
  st_test_add_in ("/in/net", KINDS, never);
  st_test_add_in ("/in/nonsense", 12345, never);
  st_test_add_in ("/in/none", ST_NAMESPACE_NONE, never);
  st_test_add_in ("/in/pid", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_as_init_or_below);
  st_test_add_in ("/in/pid-\303\274", ST_NAMESPACE_USER | ST_NAMESPACE_PID, test_as_init_or_below);
  st_test_add_in ("/in/pid-and-net", ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME | ST_NAMESPACE_NET, test_as_init_or_below);
  st_test_add_in ("/in/all-assert", ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME | ST_NAMESPACE_NET | ST_NAMESPACE_UTS, test_assert);
  st_test_add_in ("/in/user-assert", ST_NAMESPACE_USER, test_assert);
  st_test_add_in ("/in/user-exit", ST_NAMESPACE_USER, test_exit_in_copy);
  st_test_add_in ("/in/user-fail", ST_NAMESPACE_USER, test_fail_in_copy);
  st_test_add_in ("/in/user-incomplete", ST_NAMESPACE_USER, test_incomplete);
  st_test_add_in ("/in/user-killed", ST_NAMESPACE_USER, test_killed);
  st_test_add_in ("/in/user-skip", ST_NAMESPACE_USER, test_skip);
  g_test_add_func ("/leaked/child", test_leaked_child);
  g_test_add_func ("/leaked/descriptor", test_leaked_descriptor);
  g_test_add_func ("/leaked/namespace", test_leaked_namespace);
  g_test_add_func ("/leaked/not-fatal", test_leaked_not_fatal);
  g_test_add_func ("/leaked/stray", test_leaked_stray);
  g_test_add_func ("/leaked/visit", test_leaked_visit);
  g_test_add_func ("/not-fatal", test_not_fatal);
  g_test_add_func ("/require/net", test_require_net);
  g_test_add_func ("/require/nonsense", test_require_nonsense);
  g_test_add_func ("/skipped-inside", test_skipped_inside);
  g_test_add_func ("/stray", test_stray);
  g_test_add_func ("/stray-of-call", test_stray_of_call);
  g_test_add_func ("/with 'quotes'", test_assertion);
  g_test_add_func ("/worker", test_worker);

  /* What a program may do besides. */
  if (g_getenv ("ENTER_FIRST"))
    enter ();
  if (g_getenv ("CAPTURE_FIRST"))
    start_capture ();
  return g_test_run ();
}
