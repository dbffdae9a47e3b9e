/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What can be had here, and that asking does nothing else. Why something can't be had is in test-probe-blockers.c. */

#define ALL_KINDS (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_PID | \
                   ST_NAMESPACE_TIME | ST_NAMESPACE_USER | ST_NAMESPACE_UTS)

static const StNamespaceType kinds[] = {
  ST_NAMESPACE_CGROUP,
  ST_NAMESPACE_IPC,
  ST_NAMESPACE_MNT,
  ST_NAMESPACE_NET,
  ST_NAMESPACE_PID,
  ST_NAMESPACE_TIME,
  ST_NAMESPACE_USER,
  ST_NAMESPACE_UTS,
};

/* The kernel's own answer. */
static gboolean
kernel_makes (StNamespaceType types)
{
  int status;
  if (!test_is_privileged ())
    types |= ST_NAMESPACE_USER;
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (unshare ((int) types) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, &status, 0)), ==, child);
  return WIFEXITED (status) && WEXITSTATUS (status) == EXIT_SUCCESS;
}

static void
assert_agrees (StNamespaceType types,
               gboolean        answer,
               GError         *error)
{
  g_autofree char *text = st_namespace_types_to_string (types);
  gboolean expected = kernel_makes (types);
  if (expected && !answer && !strstr (error->message, "cannot create")) /* but not what belongs to it: see test-probe-blockers.c */
    test_skip (error->message);
  else if (answer != expected)
    g_error ("%s: the kernel says %s, and the probe %s", text, expected ? "yes" : "no", error ? error->message : "yes");
  g_assert_true (answer == (error == NULL));
  g_test_message ("%s: %s", text, answer ? "yes" : error->message);
}

static void
test_each_kind (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean answer = st_probe (kinds[i], NULL, &error);
      assert_agrees (kinds[i], answer, error);
    }
}

static void
test_pairs (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (gsize j = i + 1; j < G_N_ELEMENTS (kinds); j++)
      {
        g_autoptr (GError) error = NULL;
        gboolean answer = st_probe (kinds[i] | kinds[j], NULL, &error);
        assert_agrees (kinds[i] | kinds[j], answer, error);
      }
}

static void
test_together (void)
{
  const StNamespaceType lots[] = { ALL_KINDS, ALL_KINDS & ~ST_NAMESPACE_USER, ALL_KINDS & ~ST_NAMESPACE_MNT };
  for (gsize i = 0; i < G_N_ELEMENTS (lots); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean answer = st_probe (lots[i], NULL, &error);
      assert_agrees (lots[i], answer, error);
    }
}

static void
test_bad_kinds (void)
{
  const guint wrong[] = { 0, 1, ST_NAMESPACE_NET | 1, G_MAXUINT };
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (st_probe (wrong[i], NULL, &error));
      test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "kinds");
    }
}

static void
test_no_error_wanted (void)
{
  g_assert_false (st_probe (ST_NAMESPACE_NONE, NULL, NULL));
  g_assert_true (st_probe (ST_NAMESPACE_UTS, NULL, NULL) == kernel_makes (ST_NAMESPACE_UTS));
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  g_assert_false (st_probe (ST_NAMESPACE_UTS, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
keep_result (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  GAsyncResult **kept = data;
  g_assert_null (source);
  *kept = g_object_ref (result);
}

static GAsyncResult *
wait_for_probe (StNamespaceType types,
                GCancellable   *cancellable)
{
  GAsyncResult *result = NULL;
  st_probe_async (types, cancellable, keep_result, &result);
  g_assert_null (result);
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  return result;
}

static void
test_async (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = wait_for_probe (ALL_KINDS, NULL);
  gboolean answer = st_probe_finish (result, &error);
  assert_agrees (ALL_KINDS, answer, error);

  g_autoptr (GAsyncResult) refused = wait_for_probe (ST_NAMESPACE_NONE, NULL);
  g_clear_error (&error);
  g_assert_false (st_probe_finish (refused, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "kinds");
}

static void
test_async_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  g_autoptr (GAsyncResult) result = wait_for_probe (ST_NAMESPACE_UTS, cancellable);
  g_assert_false (st_probe_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_finish_of_another_call (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_return_boolean (task, TRUE);
  g_assert_false (st_probe_finish (G_ASYNC_RESULT (task), &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_assert_true (g_task_propagate_boolean (task, NULL));
}

static volatile sig_atomic_t ended_children;

static void
count_child (int signal)
{
  ended_children++;
}

/* The child shares our memory, our signal handlers and whoever waits for children. */
static void
test_caller_is_untouched (void)
{
  struct sigaction counting = { .sa_handler = count_child }, before;
  sigset_t mask = { 0 }, mask_after = { 0 }; /* the kernel fills a part of it */
  int dumpable = prctl (PR_GET_DUMPABLE);
  uid_t uid = geteuid ();
  g_assert_no_errno (sigaction (SIGCHLD, &counting, &before));
  pthread_sigmask (SIG_BLOCK, NULL, &mask);

  st_probe (ALL_KINDS, NULL, NULL);

  pthread_sigmask (SIG_BLOCK, NULL, &mask_after);
  g_assert_no_errno (sigaction (SIGCHLD, &before, NULL));
  g_assert_cmpint (ended_children, ==, 0);
  g_assert_cmpmem (&mask, sizeof mask, &mask_after, sizeof mask_after);
  g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, dumpable);
  g_assert_cmpint (geteuid (), ==, uid);
}

/* Whoever ignores its children's end has nobody left to wait for. */
static void
probe_without_zombies (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  signal (SIGCHLD, SIG_IGN);
  gboolean answer = st_probe (ALL_KINDS, NULL, &error);
  signal (SIGCHLD, SIG_DFL);
  assert_agrees (ALL_KINDS, answer, error);
}

static void
test_ignored_children (void)
{
  test_in_child (probe_without_zombies, NULL);
}

static gpointer
probe_often (gpointer data)
{
  const gboolean expected = GPOINTER_TO_INT (data);
  for (int i = 0; i < 25; i++)
    {
      g_autoptr (GError) error = NULL;
      if (st_probe (ST_NAMESPACE_UTS | ST_NAMESPACE_MNT | ST_NAMESPACE_PID, NULL, &error) != expected)
        g_error ("%s", error ? error->message : "works all of a sudden");
    }
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];
  const gboolean expected = kernel_makes (ST_NAMESPACE_UTS | ST_NAMESPACE_MNT | ST_NAMESPACE_PID);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("prober", probe_often, GINT_TO_POINTER (expected));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* The answer is for the thread that asks. */
static void
test_on_a_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  gboolean answer = st_probe (ALL_KINDS, NULL, &error);
  assert_agrees (ALL_KINDS, answer, error);
  g_assert_true (st_visit_leave (visit, NULL));
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/probe/each-kind", test_each_kind);
  test_add ("/probe/pairs", test_pairs);
  test_add ("/probe/together", test_together);
  test_add ("/probe/bad-kinds", test_bad_kinds);
  test_add ("/probe/no-error-wanted", test_no_error_wanted);
  test_add ("/probe/cancelled", test_cancelled);
  test_add ("/probe/async", test_async);
  test_add ("/probe/async-cancelled", test_async_cancelled);
  test_add ("/probe/finish-of-another-call", test_finish_of_another_call);
  test_add ("/probe/caller-is-untouched", test_caller_is_untouched);
  test_add ("/probe/ignored-children", test_ignored_children);
  test_add ("/probe/threads", test_threads);
  test_add ("/probe/on-a-visit", test_on_a_visit);
  return g_test_run ();
}
