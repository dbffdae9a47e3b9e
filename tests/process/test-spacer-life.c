/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

#include <sys/wait.h>

/* How helpers end, who is told, and what keeps them. */

static void
count_death (StSpacer *spacer,
             gpointer  data)
{
  ++*(guint *) data;
}

static void
wait_for_deaths (const guint *deaths,
                 guint        n)
{
  while (*deaths < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
run_what_is_due (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
assert_nothing_works (StSpacer   *spacer,
                      StError     code,
                      const char *text)
{
  g_autoptr (GError) error = NULL;
  gpointer made = st_spacer_create_subspace (spacer, USER, NULL, NULL, &error);
  test_assert_not_made (made, error, code, text);
  made = st_spacer_create_space (spacer, SIX, NULL, &error);
  test_assert_not_made (made, error, code, text);
  made = st_spacer_create_transient (spacer, ST_NAMESPACE_NET, NULL, &error);
  test_assert_not_made (made, error, code, text);
  g_assert_cmpint (st_spacer_get_pid (spacer, &error), ==, -1);
  test_assert_failed (error, code, text);

  SpacerWait wait = { NULL };
  st_spacer_create_subspace_async (spacer, USER, NULL, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  made = st_spacer_create_subspace_finish (spacer, result, &error);
  test_assert_not_made (made, error, code, text);
  st_spacer_create_transient_async (spacer, ST_NAMESPACE_NET, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) other = spacer_wait (&wait);
  made = st_spacer_create_transient_finish (spacer, other, &error);
  test_assert_not_made (made, error, code, text);
}

static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = g_object_new (ST_TYPE_SPACER, NULL);
  assert_nothing_works (spacer, ST_ERROR_CLOSED, "constructor");
  g_assert_null (st_spacer_get_space (spacer, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "constructor");
  g_assert_true (st_spacer_is_closed (spacer));
  st_spacer_set_timeout (spacer, 7);
  st_spacer_close (spacer);
}

static void
test_close (void)
{
  g_autoptr (GError) error = NULL;
  guint deaths = 0;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_signal_connect (spacer, "died", G_CALLBACK (count_death), &deaths);
  int pidfd = spacer_watch (spacer);
  g_assert_false (st_spacer_is_closed (spacer));
  st_spacer_close (spacer);
  g_assert_true (st_spacer_is_closed (spacer));
  st_spacer_close (spacer);
  assert_nothing_works (spacer, ST_ERROR_CLOSED, "closed");
  g_assert_null (st_spacer_get_space (spacer, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  spacer_wait_for_end (pidfd);
  run_what_is_due ();
  g_assert_cmpuint (deaths, ==, 0);
}

static void
test_close_ends_all_below (void)
{
  if (!spacer_can_have_users ())
    return;
  guint deaths = 0;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) middle = spacer_below (spacer, USER | PID);
  g_autoptr (StSpacer) below = spacer_below (middle, USER);
  g_signal_connect (below, "died", G_CALLBACK (count_death), &deaths);
  int pidfds[] = { spacer_watch (spacer), spacer_watch (middle), spacer_watch (below) };
  st_spacer_close (spacer);
  g_assert_true (st_spacer_is_closed (below));
  assert_nothing_works (below, ST_ERROR_CLOSED, "closed");
  for (gsize i = 0; i < G_N_ELEMENTS (pidfds); i++)
    spacer_wait_for_end (pidfds[i]);
  run_what_is_due ();
  g_assert_cmpuint (deaths, ==, 0);
}

static void
test_close_leaves_those_above (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_autoptr (StSpacer) sibling = spacer_below (spacer, USER);
  int pidfd = spacer_watch (below);
  st_spacer_close (below);
  spacer_wait_for_end (pidfd);
  g_autoptr (StSpacer) another = spacer_below (spacer, USER);
  g_autoptr (StSpacer) nested = spacer_below (sibling, USER);
}

static void
test_died (void)
{
  guint deaths = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_signal_connect (spacer, "died", G_CALLBACK (count_death), &deaths);
  spacer_kill (spacer, SIGKILL);
  wait_for_deaths (&deaths, 1);
  assert_nothing_works (spacer, ST_ERROR_HELPER_FAILED, "ended");
  g_assert_null (st_spacer_get_space (spacer, &error));
  test_assert_failed (error, ST_ERROR_HELPER_FAILED, "ended");
  g_assert_false (st_spacer_is_closed (spacer));
  run_what_is_due ();
  g_assert_cmpuint (deaths, ==, 1);
  st_spacer_close (spacer);
  assert_nothing_works (spacer, ST_ERROR_CLOSED, "closed");
}

static void
test_middle_died (void)
{
  if (!spacer_can_have_users ())
    return;
  guint deaths = 0, others = 0;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) middle = spacer_below (spacer, USER | PID);
  g_autoptr (StSpacer) below = spacer_below (middle, USER);
  g_signal_connect (spacer, "died", G_CALLBACK (count_death), &others);
  g_signal_connect (middle, "died", G_CALLBACK (count_death), &deaths);
  g_signal_connect (below, "died", G_CALLBACK (count_death), &deaths);
  spacer_kill (middle, SIGKILL);
  wait_for_deaths (&deaths, 2);
  assert_nothing_works (below, ST_ERROR_HELPER_FAILED, "lives in");
  g_autoptr (StSpacer) another = spacer_below (spacer, USER);
  g_assert_cmpuint (others, ==, 0);
}

static gpointer
start_in_context (gpointer context)
{
  g_main_context_push_thread_default (context);
  StSpacer *spacer = spacer_start ();
  g_main_context_pop_thread_default (context);
  return spacer;
}

static void
test_died_in_context (void)
{
  guint deaths = 0;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (StSpacer) spacer = start_in_context (context);
  g_signal_connect (spacer, "died", G_CALLBACK (count_death), &deaths);
  int pidfd = spacer_watch (spacer);
  spacer_kill (spacer, SIGKILL);
  spacer_wait_for_end (pidfd);
  run_what_is_due ();
  g_assert_cmpuint (deaths, ==, 0);
  while (deaths == 0)
    g_main_context_iteration (context, TRUE);
}

static void
drop_while_told (StSpacer *spacer,
                 gpointer  data)
{
  g_clear_object ((StSpacer **) data);
}

static void
test_dropped_by_who_is_told (void)
{
  StSpacer *spacer = spacer_start ();
  g_signal_connect (spacer, "died", G_CALLBACK (drop_while_told), &spacer);
  spacer_kill (spacer, SIGKILL);
  while (spacer)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_dropped (void)
{
  StSpacer *spacer = spacer_start ();
  int pidfd = spacer_watch (spacer);
  g_assert_nonnull (st_spacer_get_space (spacer, NULL));
  g_assert_finalize_object (spacer);
  spacer_wait_for_end (pidfd);
}

static gboolean
has_ended (int pidfd)
{
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  return poll (&ended, 1, 0) > 0;
}

/* Neither the spacers above nor the spacer itself have to be kept for what came of them. */
static void
test_kept_by_references (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  StSpacer *spacer = spacer_start ();
  StSpacer *below = spacer_below (spacer, USER | PID);
  int above = spacer_watch (spacer), pidfd = spacer_watch (below);
  g_assert_finalize_object (spacer);
  StNamespaceRef *net = st_spacer_create_transient (below, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  StSpace *home = g_object_ref (st_spacer_get_space (below, NULL));
  g_assert_finalize_object (below);
  g_assert_finalize_object (net);
  g_assert_false (has_ended (pidfd));
  g_assert_false (has_ended (above));
  g_assert_finalize_object (home);
  spacer_wait_for_end (pidfd);
  spacer_wait_for_end (above);
}

static void
test_namespaces_outlive_it (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_autoptr (StSpace) space = st_spacer_create_space (below, SIX, NULL, &error);
  g_assert_no_error (error);
  int pidfd = spacer_watch (below);
  st_spacer_close (spacer);
  spacer_wait_for_end (pidfd);
  for (gsize i = 0; i < G_N_ELEMENTS (spacer_six); i++)
    {
      g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (st_space_get_ref (space, spacer_six[i], NULL), &error);
      g_assert_no_error (error);
    }
}

static void
use_inherited (gpointer data)
{
  g_autoptr (GError) error = NULL;
  StSpacer *spacer = data;
  StSpace *space = st_spacer_create_space (spacer, SIX, NULL, &error);
  test_assert_not_made (space, error, ST_ERROR_HELPER_FAILED, "forked");
  g_assert_cmpint (st_spacer_get_pid (spacer, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_HELPER_FAILED, "forked");
  st_spacer_close (spacer);
}

static void
test_forked (void)
{
  g_autoptr (StSpacer) spacer = spacer_start ();
  int pid = spacer_pid (spacer);
  test_in_child (use_inherited, spacer);
  g_assert_cmpint (spacer_pid (spacer), ==, pid);
  g_assert_nonnull (st_spacer_get_space (spacer, NULL));
}

/* Somebody else has a copy of our end of the connection, as any child that was forked without our knowing. */
static void
test_end_seen_in_spite_of_copies (void)
{
  int pipes[2];
  g_autoptr (StSpacer) spacer = spacer_start ();
  int pidfd = spacer_watch (spacer);
  g_assert_no_errno (pipe (pipes));
  pid_t child = fork ();
  if (child == 0)
    {
      char byte;
      close (pipes[1]);
      _exit (read (pipes[0], &byte, 1) == 0 ? 0 : 1);
    }
  close (pipes[0]);
  st_spacer_close (spacer);
  spacer_wait_for_end (pidfd);
  close (pipes[1]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, NULL, 0)), ==, child);
}

static StSpacer *
get_default (void)
{
  g_autoptr (GError) error = NULL;
  StSpacer *spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  return spacer;
}

static void
get_own_default (gpointer data)
{
  g_autoptr (StSpacer) spacer = get_default ();
  g_assert_cmpint (spacer_pid (spacer), !=, *(int *) data);
}

/* In a child, which has none at first. */
static void
use_default (gpointer unused)
{
  g_autoptr (StSpacer) first = get_default ();
  g_autoptr (StSpacer) again = get_default ();
  g_assert_true (first == again);
  int pid = spacer_pid (first);
  test_in_child (get_own_default, &pid);
  g_assert_cmpint (spacer_pid (first), ==, pid);

  st_spacer_close (first);
  g_autoptr (StSpacer) second = get_default ();
  g_assert_true (second != first);
  int pidfd = spacer_watch (second);
  spacer_kill (second, SIGKILL);
  spacer_wait_for_end (pidfd);
  g_autoptr (StSpacer) third = get_default ();
  g_assert_true (third != second);
  g_assert_true (third == get_default ());
  g_object_unref (third);
  st_spacer_close (third);
}

static StNamespaceRef *
network_of (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_for_pid (spacer_pid (spacer), ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  return ref;
}

/* Nothing of where its first user is gets into it. */
static void
test_default (void)
{
  test_in_child (use_default, NULL);
}

static void
use_default_on_visit (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) shared = get_default ();
  g_autoptr (StSpacer) own = spacer_start ();
  g_autoptr (StNamespaceRef) of_shared = network_of (shared);
  g_autoptr (StNamespaceRef) of_own = network_of (own);
  g_assert_true (st_namespace_ref_equal (of_shared, home));
  g_assert_false (st_namespace_ref_equal (of_own, home));
  st_visit_leave (visit, &error);
  g_assert_no_error (error);
}

static void
test_default_is_at_home (void)
{
  if (test_needs_privilege ())
    test_in_child (use_default_on_visit, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/life/unmade", test_unmade);
  test_add ("/spacer/life/SPCR-11/close", test_close);
  test_add ("/spacer/life/close-ends-all-below", test_close_ends_all_below);
  test_add ("/spacer/life/close-leaves-those-above", test_close_leaves_those_above);
  test_add ("/spacer/life/died", test_died);
  test_add ("/spacer/life/middle-died", test_middle_died);
  test_add ("/spacer/life/died-in-context", test_died_in_context);
  test_add ("/spacer/life/dropped-by-who-is-told", test_dropped_by_who_is_told);
  test_add ("/spacer/life/dropped", test_dropped);
  test_add ("/spacer/life/kept-by-references", test_kept_by_references);
  test_add ("/spacer/life/namespaces-outlive-it", test_namespaces_outlive_it);
  test_add ("/spacer/life/forked", test_forked);
  test_add ("/spacer/life/end-seen-in-spite-of-copies", test_end_seen_in_spite_of_copies);
  test_add ("/spacer/life/default", test_default);
  test_add ("/spacer/life/default-is-at-home", test_default_is_at_home);
  return g_test_run ();
}
