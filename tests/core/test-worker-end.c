/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A worker's thread that is ended in the midst of its work, as the interpreter of a language does to whoever asks for it too late. */
#include "support.h"

#include <gio/gio.h>
#include <pthread.h>
#include <unistd.h>

#define N_PENDING 50

typedef struct
{
  StSpace *space;
  GCancellable *cancellable;
  int opened; /* a semaphore's descriptor, or -1 */
  int ran;
  int freed;
  int freed_by; /* a thread */
  int finished;
  gboolean result;
  GError *error;
} Run;

static void
await (int fd)
{
  char byte;
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
}

static gboolean
succeed (gpointer data,
         GError **error)
{
  Run *run = data;
  run->ran++;
  if (run->opened >= 0)
    await (run->opened);
  return TRUE;
}

static gboolean
end_thread (gpointer data,
            GError **error)
{
  succeed (data, error);
  pthread_exit (NULL);
}

static gboolean
close_and_end_thread (gpointer data,
                      GError **error)
{
  Run *run = data;
  succeed (data, error);
  st_namespace_ref_close (ST_NAMESPACE_REF (run->space));
  pthread_exit (NULL);
}

/* What the destroy notify of a binding does, once the language's interpreter has ended. */
static void
free_and_end_thread (gpointer data)
{
  Run *run = data;
  g_atomic_int_inc (&run->freed);
  run->freed_by = gettid ();
  if (gettid () != getpid ())
    pthread_exit (NULL);
}

static void
on_finished (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  Run *run = data;
  run->finished++;
  run->result = st_space_run_in_thread_finish (ST_SPACE (source), result, &run->error);
}

static void
start (Run    *run,
       StFunc  func)
{
  st_space_run_in_thread_async (run->space, func, run, free_and_end_thread, run->cancellable, on_finished, run);
}

static void
await_run (Run *run)
{
  while (!run->finished)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (run->finished, ==, 1);
  g_assert_cmpint (run->freed, ==, 1);
}

/* The first one ends the thread, as it runs or as it is freed; those that wait behind it are told once, and freed by who asked. */
static void
check_pending (StFunc      first_func,
               const char *failure)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree Run *pending = g_new0 (Run, N_PENDING);
  int gate[2];
  g_assert_no_error (error);
  g_assert_cmpint (pipe (gate), ==, 0);

  Run first = { .space = ST_SPACE (own), .opened = gate[0] };
  start (&first, first_func);
  for (int i = 0; i < N_PENDING; i++)
    {
      pending[i] = (Run){ .space = ST_SPACE (own), .opened = -1, .cancellable = i % 2 ? cancellable : NULL };
      start (&pending[i], end_thread);
    }
  g_assert_cmpint (write (gate[1], "", 1), ==, 1);
  await_run (&first);
  g_assert_true (first.result == (failure == NULL));
  if (failure)
    test_assert_failed (first.error, ST_ERROR_CALLBACK_FAILED, failure);
  for (int i = 0; i < N_PENDING; i++)
    {
      await_run (&pending[i]);
      g_assert_cmpint (pending[i].freed_by, ==, gettid ());
      g_assert_cmpint (pending[i].ran, ==, 0);
      test_assert_failed (pending[i].error, ST_ERROR_CALLBACK_FAILED, "an earlier function ended the thread");
    }
  g_cancellable_cancel (cancellable); /* nobody is there to hear it */
  close (gate[0]);
  close (gate[1]);
}

static void
test_ended_by_function (void)
{
  check_pending (end_thread, "the function ended its thread instead of returning");
}

/* The function has done what it should: that is what is told. */
static void
test_ended_by_free_function (void)
{
  check_pending (succeed, NULL);
}

static void
test_ended_after_close (void)
{
  check_pending (close_and_end_thread, "the function ended its thread instead of returning");
}

/* Each ends its thread, and the next one gets another. */
static void
test_ended_again_and_again (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 20; i++)
    {
      Run run = { .space = ST_SPACE (own), .opened = -1 };
      start (&run, i % 2 ? end_thread : succeed);
      await_run (&run);
      g_assert_cmpint (run.ran, ==, 1);
      g_clear_error (&run.error);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker-end/by-function", test_ended_by_function);
  test_add ("/worker-end/by-free-function", test_ended_by_free_function);
  test_add ("/worker-end/after-close", test_ended_after_close);
  test_add ("/worker-end/again-and-again", test_ended_again_and_again);
  return g_test_run ();
}
