/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Workers that run functions on each other: in a circle they would wait for ever. */
#include "worker-support.h"

#define ROUNDS 200

/* A way through spaces: each function runs the next one in the space after its own. */
typedef struct
{
  StSpace **spaces; /* up to NULL */
  int steps;
} Way;

static gboolean
go_on (gpointer data,
       GError **error)
{
  Way *way = data;
  StSpace *next = *way->spaces++;
  way->steps++;
  if (!next)
    return TRUE;
  return st_space_run_in_thread (next, go_on, way, NULL, error);
}

static int
walk (StSpace **spaces,
      GError  **error)
{
  Way way = { .spaces = spaces };
  g_assert_true (go_on (&way, error) == (*error == NULL));
  return way.steps - 1;
}

static void
assert_refused (StSpace **spaces,
                int       steps)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (walk (spaces, &error), ==, steps);
  test_assert_failed (error, ST_ERROR_WRONG_THREAD, "both would wait for ever");
}

static void
assert_walked (StSpace **spaces,
               int       steps)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (walk (spaces, &error), ==, steps);
  g_assert_no_error (error);
}

static void
test_circle (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) a = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) b = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) c = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) d = test_new_space (ST_NAMESPACE_UTS);
  for (int round = 0; round < 3; round++)
    {
      assert_refused ((StSpace *[]){ a, b, a, NULL }, 2);
      assert_refused ((StSpace *[]){ a, b, c, a, NULL }, 3);
      assert_refused ((StSpace *[]){ a, b, c, d, b, NULL }, 4);
      assert_walked ((StSpace *[]){ a, b, c, d, NULL }, 4);
      assert_walked ((StSpace *[]){ d, c, b, a, NULL }, 4);
      assert_walked ((StSpace *[]){ a, a, b, b, NULL }, 4); /* straight through */
    }
}

typedef struct
{
  StSpace *way[4];
  guint walked;
  guint refused;
} Walker;

static gpointer
walk_often (gpointer data)
{
  Walker *walker = data;
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GError) error = NULL;
      walk (walker->way, &error);
      if (error)
        g_assert_error (error, ST_ERROR, ST_ERROR_WRONG_THREAD);
      walker->refused += error != NULL;
      walker->walked += error == NULL;
    }
  return NULL;
}

static void
walk_together (Walker *one,
               Walker *other)
{
  g_autoptr (GThread) thread = g_thread_ref (g_thread_new ("walker", walk_often, one));
  walk_often (other);
  g_thread_join (thread);
}

/* Threads that have nothing to do with each other: if their functions meet, one of them is refused, and none waits for ever. */
static void
test_meeting (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) a = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) b = test_new_space (ST_NAMESPACE_UTS);
  Walker there = { { a, b, NULL } };
  Walker back = { { b, a, NULL } };
  walk_together (&there, &back);
  g_assert_cmpuint (there.walked + there.refused, ==, ROUNDS);
  g_assert_cmpuint (back.walked + back.refused, ==, ROUNDS);
  g_test_message ("%u and %u of %d refused", there.refused, back.refused, ROUNDS);
}

/* No circle, so nothing is refused, however often they pass each other. */
static void
test_passing (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) a = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) b = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) c = test_new_space (ST_NAMESPACE_UTS);
  Walker one = { { a, b, c, NULL } };
  Walker other = { { b, c, NULL } };
  walk_together (&one, &other);
  g_assert_cmpuint (one.refused + other.refused, ==, 0);
}

/* A function that asks back, queued from one thread, its result taken on another. */
typedef struct
{
  StSpace *there; /* where it runs */
  StSpace *back;  /* where it asks */
  GMainContext *context;
  GAsyncResult *result;
} Echo;

static void
take_result (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  ((Echo *) data)->result = g_object_ref (result);
}

static gboolean
ask_back (gpointer data,
          GError **error)
{
  Echo *echo = data;
  Seen seen = { 0 };
  return st_space_run_in_thread (echo->back, look, &seen, NULL, error);
}

static gboolean
queue_echo (gpointer data,
            GError **error)
{
  Echo *echo = data;
  g_main_context_push_thread_default (echo->context);
  st_space_run_in_thread_async (echo->there, ask_back, echo, NULL, NULL, take_result, echo);
  g_main_context_pop_thread_default (echo->context);
  return TRUE;
}

static gboolean
queue_echo_and_wait (gpointer data,
                     GError **error)
{
  Echo *echo = data;
  Seen seen = { 0 };
  queue_echo (echo, error);
  return st_space_run_in_thread (echo->there, look, &seen, NULL, error);
}

static gboolean
wait_for_queueing (gpointer data,
                   GError **error)
{
  Echo *echo = data;
  return st_space_run_in_thread (echo->there, queue_echo, echo, NULL, error);
}

/* Gives what the function met with, and in @error the echo. */
static GError *
hear (Echo    *echo,
      StFunc   func,
      GError **error)
{
  GError *failure = NULL;
  g_autoptr (GMainContext) context = g_main_context_new ();
  echo->context = context;
  echo->result = NULL;
  st_space_run_in_thread (echo->back, func, echo, NULL, &failure);
  while (!echo->result)
    g_main_context_iteration (context, TRUE);
  st_space_run_in_thread_finish (echo->there, echo->result, error);
  g_clear_object (&echo->result);
  return failure;
}

/* In the queue of the other, before ours, is one that waits for us: one of both is refused. */
static void
test_queued_before (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) a = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) b = test_new_space (ST_NAMESPACE_UTS);
  Echo echo = { .there = b, .back = a };
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GError) late = NULL;
      g_autoptr (GError) early = hear (&echo, queue_echo_and_wait, &late);
      g_assert_true ((early == NULL) != (late == NULL));
      const GError *refusal = early ? early : late;
      g_assert_error (refusal, ST_ERROR, ST_ERROR_WRONG_THREAD);
    }
}

/* Who waited has got what it waited for, though it may not have woken up yet: it can be asked. */
static void
test_queued_after (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) a = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) b = test_new_space (ST_NAMESPACE_UTS);
  Echo echo = { .there = b, .back = a };
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GError) late = NULL;
      g_autoptr (GError) early = hear (&echo, wait_for_queueing, &late);
      g_assert_no_error (early);
      g_assert_no_error (late);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/worker-circle/circle", test_circle);
  test_add ("/worker-circle/meeting", test_meeting);
  test_add ("/worker-circle/passing", test_passing);
  test_add ("/worker-circle/queued-after", test_queued_after);
  test_add ("/worker-circle/queued-before", test_queued_before);
  return g_test_run ();
}
