/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Runs that wait for others, without blocking the caller, and what becomes of those that are cancelled or come too late. */
#include "support.h"

#include <gio/gio.h>
#include <unistd.h>

/* A function that is in the way of the others until it may go. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean reached;
  gboolean opened;
} Gate;

static gboolean
pass (gpointer data,
      GError **error)
{
  Gate *gate = data;
  g_mutex_lock (&gate->lock);
  gate->reached = TRUE;
  g_cond_broadcast (&gate->changed);
  while (!gate->opened)
    g_cond_wait (&gate->changed, &gate->lock);
  g_mutex_unlock (&gate->lock);
  return TRUE;
}

static void
await (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  while (!gate->reached)
    g_cond_wait (&gate->changed, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
open_gate (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->opened = TRUE;
  g_cond_broadcast (&gate->changed);
  g_mutex_unlock (&gate->lock);
}

/* A run, and what came of it. */
typedef struct
{
  GString *log;
  char name;
  int freed;
  int finished;
  int freed_before; /* the result was there */
  GError *error;
} Run;

static gboolean
write_name (gpointer data,
            GError **error)
{
  Run *run = data;
  g_string_append_c (run->log, run->name);
  return TRUE;
}

static gboolean
fail (gpointer data,
      GError **error)
{
  write_name (data, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "of the function");
  return FALSE;
}

static void
mark_freed (gpointer data)
{
  g_atomic_int_inc (&((Run *) data)->freed);
}

static void
on_finished (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  Run *run = data;
  run->finished++;
  run->freed_before = g_atomic_int_get (&run->freed);
  gboolean done = st_space_run_in_thread_finish (ST_SPACE (source), result, &run->error);
  g_assert_true (done == (run->error == NULL));
}

static void
start (StSpace      *space,
       StFunc        func,
       Run          *run,
       GCancellable *cancellable)
{
  st_space_run_in_thread_async (space, func, run, mark_freed, cancellable, on_finished, run);
}

static void
await_run (Run *run)
{
  while (!run->finished)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (run->finished, ==, 1);
  g_assert_cmpint (run->freed, ==, 1);
  g_assert_cmpint (run->freed_before, ==, 1);
}

static void
assert_cancelled (Run *run)
{
  await_run (run);
  g_assert_error (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&run->error);
}

static void
assert_done (Run *run)
{
  await_run (run);
  g_assert_no_error (run->error);
}

static StSpace *
new_space (void)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  return ST_SPACE (ref);
}

static gpointer
run_in_gate (gpointer data)
{
  gpointer *both = data;
  g_autoptr (GError) error = NULL;
  g_assert_true (st_space_run_in_thread (both[0], pass, both[1], NULL, &error));
  g_assert_no_error (error);
  return NULL;
}

/* The space's thread is busy from here until the gate is opened. */
static GThread *
occupy (gpointer both[2])
{
  GThread *thread = g_thread_new ("occupant", run_in_gate, both);
  await (both[1]);
  return thread;
}

static void
test_order (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  Gate gate = { 0 };
  gpointer both[] = { space, &gate };
  Run runs[26], last = { log, '.' };
  GThread *occupant = occupy (both);
  for (int i = 0; i < 26; i++)
    {
      runs[i] = (Run) { log, (char) ('a' + i) };
      start (space, write_name, &runs[i], NULL);
    }
  open_gate (&gate);
  g_assert_true (st_space_run_in_thread (space, write_name, &last, NULL, &error)); /* behind all of them */
  g_assert_cmpstr (log->str, ==, "abcdefghijklmnopqrstuvwxyz.");
  for (int i = 0; i < 26; i++)
    assert_done (&runs[i]);
  g_thread_join (occupant);
}

static void
test_results (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  Run fails = { log, 'f' };
  start (space, fail, &fails, NULL);
  await_run (&fails);
  g_assert_error (fails.error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&fails.error);
  st_space_run_in_thread_async (space, write_name, &fails, NULL, NULL, NULL, NULL); /* nobody cares */
  st_namespace_ref_close (ST_NAMESPACE_REF (space));
  g_assert_cmpstr (log->str, ==, "ff");
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_cancelled_before (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Run async = { log, 'a' }, sync = { log, 's' };
  g_cancellable_cancel (cancellable);
  start (space, write_name, &async, cancellable);
  g_assert_cmpint (async.finished, ==, 0); /* never from within the call */
  assert_cancelled (&async);
  g_assert_false (st_space_run_in_thread (space, write_name, &sync, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (log->str, ==, "");
}

static gpointer
run_cancellable (gpointer data)
{
  gpointer *all = data;
  GError *error = NULL;
  g_assert_false (st_space_run_in_thread (all[0], write_name, all[1], all[2], &error));
  return error;
}

static void
test_cancelled_in_queue (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Gate gate = { 0 };
  gpointer both[] = { space, &gate };
  Run first = { log, '1' }, cancelled = { log, 'c' }, last = { log, '2' }, sync = { log, 's' };
  gpointer all[] = { space, &sync, cancellable };
  GThread *occupant = occupy (both);
  start (space, write_name, &first, NULL);
  start (space, write_name, &cancelled, cancellable);
  start (space, write_name, &last, NULL);
  GThread *waits = g_thread_new ("waits", run_cancellable, all);
  g_cancellable_cancel (cancellable);
  assert_cancelled (&cancelled); /* at once, with the gate still closed */
  g_autoptr (GError) error = g_thread_join (waits);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  open_gate (&gate);
  assert_done (&first);
  assert_done (&last);
  g_assert_cmpstr (log->str, ==, "12");
  g_thread_join (occupant);
}

static gboolean
pass_and_write (gpointer data,
                GError **error)
{
  gpointer *both = data;
  return pass (both[0], error) && write_name (both[1], error);
}

static void
mark_both_freed (gpointer data)
{
  mark_freed (((gpointer *) data)[1]);
}

/* What has begun can't be taken back: its result counts. */
static void
test_cancelled_while_running (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Gate gate = { 0 };
  Run run = { log, 'r' };
  gpointer both[] = { &gate, &run };
  st_space_run_in_thread_async (space, pass_and_write, both, mark_both_freed, cancellable, on_finished, &run);
  await (&gate);
  g_cancellable_cancel (cancellable);
  open_gate (&gate);
  assert_done (&run);
  g_assert_cmpstr (log->str, ==, "r");
}

static gboolean
cancel_own (gpointer data,
            GError **error)
{
  g_cancellable_cancel (data);
  return TRUE;
}

static void
test_cancelled_by_itself (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_assert_true (st_space_run_in_thread (space, cancel_own, cancellable, cancellable, &error));
  g_assert_no_error (error);
}

static gpointer
close_space (gpointer space)
{
  st_namespace_ref_close (space);
  return NULL;
}

/* Closing waits for what is queued, and takes nothing from under it. */
static void
test_closed_with_queue (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  Gate gate = { 0 };
  gpointer both[] = { space, &gate };
  Run queued = { log, 'q' }, late = { log, 'l' };
  GThread *occupant = occupy (both);
  start (space, write_name, &queued, NULL);
  GThread *closer = g_thread_new ("closer", close_space, space);
  while (!st_namespace_ref_is_closed (ST_NAMESPACE_REF (space)))
    g_thread_yield ();
  start (space, write_name, &late, NULL);
  await_run (&late);
  test_assert_failed (late.error, ST_ERROR_CLOSED, "");
  open_gate (&gate);
  g_thread_join (closer);
  assert_done (&queued);
  g_assert_cmpstr (log->str, ==, "q");
  g_thread_join (occupant);
}

static gboolean
end_thread (gpointer data,
            GError **error)
{
  pass (data, error);
  g_thread_exit (NULL);
  return TRUE;
}

static void
ignore_result (GObject      *source,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_run_in_thread_finish (ST_SPACE (source), result, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended its thread");
  *(gboolean *) data = TRUE;
}

/* Nobody waits for ever for a thread that is gone. */
static void
test_thread_ended_with_queue (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean ended = FALSE;
  Gate gate = { 0 };
  Run queued = { log, 'q' }, next = { log, 'n' };
  st_space_run_in_thread_async (space, end_thread, &gate, NULL, NULL, ignore_result, &ended);
  await (&gate);
  start (space, write_name, &queued, NULL);
  open_gate (&gate);
  await_run (&queued);
  test_assert_failed (queued.error, ST_ERROR_CALLBACK_FAILED, "an earlier function ended the thread");
  while (!ended)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (st_space_run_in_thread (space, write_name, &next, NULL, &error));
  g_assert_cmpstr (log->str, ==, "n");
}

static gboolean
end_thread_later (gpointer data)
{
  g_thread_exit (NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
park_thread_end (gpointer data,
                 GError **error)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_callback (source, end_thread_later, NULL, NULL);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_attach (source, g_main_context_get_thread_default ());
  return TRUE;
}

static gboolean
get_thread (gpointer data,
            GError **error)
{
  *(int *) data = gettid ();
  return TRUE;
}

/* Who comes in between is told, who comes later gets a new thread. */
static void
end_with_parked_source (gpointer unused)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GError) error = NULL;
  int first, tid;
  g_assert_true (st_space_run_in_thread (space, get_thread, &first, NULL, &error));
  g_assert_true (st_space_run_in_thread (space, park_thread_end, NULL, NULL, &error));
  for (tid = first; tid == first;)
    if (!st_space_run_in_thread (space, get_thread, &tid, NULL, &error))
      test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "ended the thread");
}

/* In a child, as GLib can't free a main context that was being dispatched when its thread ended. */
static void
test_parked_source_ends_thread (void)
{
  test_in_child (end_with_parked_source, NULL);
}

static gboolean
iterate (gpointer data,
         GError **error)
{
  Gate *gate = data;
  pass (gate, error);
  for (int i = 0; i < 100; i++)
    g_main_context_iteration (g_main_context_get_thread_default (), FALSE);
  return TRUE;
}

/* One at a time, even if a function looks after its own sources meanwhile. */
static void
test_iterating_function (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  Gate gate = { 0 };
  Run queued = { log, 'q' }, iterating = { log, 'i' };
  st_space_run_in_thread_async (space, iterate, &gate, NULL, NULL, on_finished, &iterating);
  await (&gate);
  start (space, write_name, &queued, NULL);
  open_gate (&gate);
  assert_done (&queued);
  g_assert_cmpint (iterating.finished, ==, 1);
}

static gpointer
use_own_context (gpointer space)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GString) log = g_string_new (NULL);
  Run run = { log, 'r' };
  g_main_context_push_thread_default (context);
  start (space, write_name, &run, NULL);
  while (!run.finished)
    g_main_context_iteration (context, TRUE);
  g_assert_no_error (run.error);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_callers_context (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_thread_join (g_thread_new ("caller", use_own_context, space));
}

static void
on_wrong_result (GObject      *source,
                 GAsyncResult *result,
                 gpointer      data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) other = new_space ();
  g_assert_false (st_space_run_in_thread_finish (other, result, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_assert_null (st_space_new_transient_finish (result, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_assert_true (st_space_run_in_thread_finish (ST_SPACE (source), result, &error));
  *(gboolean *) data = TRUE;
}

static void
test_wrong_finish (void)
{
  g_autoptr (StSpace) space = new_space ();
  g_autoptr (GString) log = g_string_new (NULL);
  Run run = { log, 'r' };
  gboolean finished = FALSE;
  st_space_run_in_thread_async (space, write_name, &run, NULL, NULL, on_wrong_result, &finished);
  while (!finished)
    g_main_context_iteration (NULL, TRUE);
}

/* The call keeps the space until its callback was called. */
static void
test_dropped_with_queue (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Run run = { log, 'r' };
  StSpace *space = new_space ();
  start (space, write_name, &run, NULL);
  g_object_unref (space);
  assert_done (&run);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker-queue/order", test_order);
  test_add ("/worker-queue/results", test_results);
  test_add ("/worker-queue/cancelled-before", test_cancelled_before);
  test_add ("/worker-queue/cancelled-in-queue", test_cancelled_in_queue);
  test_add ("/worker-queue/cancelled-while-running", test_cancelled_while_running);
  test_add ("/worker-queue/cancelled-by-itself", test_cancelled_by_itself);
  test_add ("/worker-queue/closed-with-queue", test_closed_with_queue);
  test_add ("/worker-queue/thread-ended-with-queue", test_thread_ended_with_queue);
  test_add ("/worker-queue/parked-source-ends-thread", test_parked_source_ends_thread);
  test_add ("/worker-queue/iterating-function", test_iterating_function);
  test_add ("/worker-queue/callers-context", test_callers_context);
  test_add ("/worker-queue/wrong-finish", test_wrong_finish);
  test_add ("/worker-queue/dropped-with-queue", test_dropped_with_queue);
  return g_test_run ();
}
