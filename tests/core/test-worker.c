/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "func-support.h"
#include "worker-support.h"

#include <sched.h>
#include <unistd.h>

/* SPACE-23, MNT-02, OPS-11 */
static void
test_two_kinds (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  int child = test_start_idle_child (CLONE_NEWNS);
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_MNT, &error);
  test_end_idle_child (child);
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  StNamespaceRef *refs[] = { mnt, ST_NAMESPACE_REF (net) };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  g_assert_no_error (error);
  const int tid = run_look (space);
  assert_run_sees (space, ST_NAMESPACE_MNT);
  assert_run_sees (space, ST_NAMESPACE_NET);
  g_assert_cmpint (run_look (space), ==, tid);
}

/* SPACE-25 for workers: one of its own for a caller who stands elsewhere, and each keeps its place. */
static void
test_caller_elsewhere (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
  g_autofree char *home = test_where ("ipc");
  Seen seen = { .kind = "ipc" };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpstr (seen.where, ==, home);
  const int at_home = seen.tid;

  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_IPC, &error);
  g_assert_no_error (error);
  g_autofree char *inside = test_where ("ipc");
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpstr (seen.where, ==, inside);
  const int from_inside = seen.tid;
  g_assert_cmpint (from_inside, !=, at_home);
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpint (seen.tid, ==, from_inside);
  g_assert_true (st_visit_leave (visit, &error));

  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_cmpint (seen.tid, ==, at_home);
  g_assert_cmpstr (seen.where, ==, home);
  g_free (seen.where);
}

static void
test_results (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_without_error, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "without an error");
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_with_error, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), succeed_with_error, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), fail_with_error, NULL, NULL, NULL));
}

static gboolean
end_thread (gpointer data,
            GError **error)
{
  g_thread_exit (NULL);
  return TRUE;
}

static gboolean
enter_and_end_thread (gpointer space,
                      GError **error)
{
  StVisit *visit = st_space_enter (space, error);
  g_object_unref (visit); /* the thread keeps it */
  g_thread_exit (NULL);
  return TRUE;
}

/* 1.1.3 number 14: it must not look like success. */
static void
test_function_ends_thread (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  const int first = run_look (ST_SPACE (own));
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), end_thread, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended its thread");
  g_assert_cmpint (run_look (ST_SPACE (own)), !=, first);
  g_assert_false (st_space_run_in_thread (ST_SPACE (own), enter_and_end_thread, own, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended its thread");
  run_look (ST_SPACE (own));
}

static gboolean
enter_and_stay (gpointer space,
                GError **error)
{
  g_autoptr (StVisit) visit = st_space_enter (space, error);
  return visit != NULL;
}

static void
test_leaves_visit_open (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = test_new_space (ST_NAMESPACE_NET);
  const int tid = run_look (space);
  g_assert_false (st_space_run_in_thread (space, enter_and_stay, other, NULL, &error));
  test_assert_failed (error, ST_ERROR_WRONG_ORDER, "1 of its visits");
  assert_run_sees (space, ST_NAMESPACE_NET);
  g_assert_cmpint (run_look (space), ==, tid);
}

static gboolean
visit_without_return (gpointer space,
                      GError **error)
{
  g_autoptr (StVisit) visit = st_space_enter (space, error);
  test_drop_capabilities ();
  return visit && st_visit_leave (visit, error);
}

/* The worker is replaced, the caller is fine. */
static void
test_worker_lost (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = test_new_space (ST_NAMESPACE_NET);
  const int tid = run_look (space);
  g_assert_false (st_space_run_in_thread (space, visit_without_return, other, NULL, &error));
  test_assert_failed (error, ST_ERROR_NO_RETURN, "net namespace");
  g_assert_cmpint (run_look (space), !=, tid);
  assert_run_sees (space, ST_NAMESPACE_NET);
}

typedef struct
{
  StSpace *space;
  StSpace *other;
  int tid;
  int nested_tid;
} Nesting;

static gboolean
run_nested (gpointer data,
            GError **error)
{
  Nesting *nesting = data;
  Seen own = { 0 }, others = { .kind = "uts" }, called = { .kind = "uts" };
  nesting->tid = gettid ();
  gboolean done = st_space_run_in_thread (nesting->space, look, &own, NULL, error) && /* that very worker */
                  st_space_run_in_thread (nesting->other, look, &others, NULL, error) &&
                  st_space_call (nesting->other, look, &called, error);
  nesting->nested_tid = own.tid;
  g_assert_cmpint (others.tid, !=, nesting->tid);
  g_assert_cmpint (called.tid, ==, nesting->tid);
  g_assert_cmpstr (others.where, ==, called.where);
  g_free (others.where);
  g_free (called.where);
  return done;
}

static void
test_nested (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = test_new_space (ST_NAMESPACE_UTS | ST_NAMESPACE_MNT);
  Nesting nesting = { space, other };
  g_assert_true (st_space_run_in_thread (space, run_nested, &nesting, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (nesting.nested_tid, ==, nesting.tid);
}

typedef struct
{
  StSpace *space;
  int tid;
} Racer;

static gpointer
race (gpointer data)
{
  Racer *racer = data;
  racer->tid = run_look (racer->space);
  return NULL;
}

/* All get the same worker, whoever comes first. */
static void
test_concurrent_callers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  Racer racers[8];
  GThread *threads[8];
  for (int i = 0; i < 8; i++)
    {
      racers[i] = (Racer) { ST_SPACE (own) };
      threads[i] = g_thread_new ("racer", race, &racers[i]);
    }
  for (int i = 0; i < 8; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpint (racers[i].tid, ==, racers[0].tid);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker/two-kinds/SPACE-23", test_two_kinds);
  test_add ("/worker/caller-elsewhere/SPACE-25", test_caller_elsewhere);
  test_add ("/worker/results", test_results);
  test_add ("/worker/function-ends-thread", test_function_ends_thread);
  test_add ("/worker/leaves-visit-open", test_leaves_visit_open);
  test_add ("/worker/lost", test_worker_lost);
  test_add ("/worker/nested", test_nested);
  test_add ("/worker/concurrent-callers", test_concurrent_callers);
  return g_test_run ();
}
