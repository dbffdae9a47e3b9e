/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "soak.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

#define N_THREADS 8
#define POOL_SIZE 16
#define USUAL_SECONDS 60
#define MAX_SECONDS 480   /* of the ten minutes that a test may take */
#define WARM_UP 60        /* operations: what is kept for good is kept after these */

static gpointer
be_worker (gpointer data)
{
  Worker *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  soak_work (self);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
work (gint64   deadline,
      guint32  seed,
      guint64 *counts)
{
  g_autoptr (GError) error = NULL;
  Common common = { .pool = st_netns_pool_new (POOL_SIZE, &error) };
  g_autofree guint64 *each = g_new0 (guint64, N_THREADS * soak_n_operations);
  GThread *threads[N_THREADS];
  Worker workers[N_THREADS];
  g_assert_no_error (error);
  common.spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_mutex_init (&common.lock);
  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i] = (Worker) { &common, g_rand_new_with_seed (seed + i), deadline, each + i * soak_n_operations };
      threads[i] = g_thread_new ("soak", be_worker, &workers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      g_rand_free (workers[i].random);
      for (guint j = 0; j < soak_n_operations; j++)
        counts[j] += workers[i].counts[j];
    }
  g_mutex_clear (&common.lock);
  g_clear_object (&common.left_luggage);
  g_object_unref (common.pool);
  g_object_unref (common.spacer);
}

static void
print_counts (const guint64 *counts,
              gint64         seconds)
{
  guint64 sum = 0;
  for (guint i = 0; i < soak_n_operations; i++)
    {
      printf ("# %-34s %9" G_GUINT64_FORMAT "\n", soak_get_name (i), counts[i]);
      sum += counts[i];
    }
  printf ("# %-34s %9" G_GUINT64_FORMAT ", %" G_GINT64_FORMAT " a second by %d threads\n", "all", sum, (gint64) sum / seconds, N_THREADS);
}

static gint64
get_number (const char *variable,
            gint64      usual,
            gint64      largest)
{
  gint64 number = usual;
  const char *text = g_getenv (variable);
  if (text && !g_ascii_string_to_signed (text, 10, 1, largest, &number, NULL))
    g_error ("%s must be 1 to %" G_GINT64_FORMAT ", not %s", variable, largest, text);
  return number;
}

/* What was started in the warm-up has ended, but for the default spacer: that stays. */
static void
read_baseline (gint64 n_children,
               State *before)
{
  const State unbusy = { .n_fds = G_MAXINT64, .n_threads = G_MAXINT64, .n_children = n_children };
  state_wait (&unbusy, before);
  g_assert_cmpint (before->n_children, <=, n_children);
}

static void
start_default_spacer (State *state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  state_read (state);
}

static void
test_soak (void)
{
  g_autoptr (GError) error = NULL;
  State idle = { 0 }, before = { 0 }, after = { 0 };
  g_autofree guint64 *counts = g_new0 (guint64, soak_n_operations);
  if (!test_needs_privilege ())
    return;
  const gint64 seconds = get_number ("SPACETEST_SOAK_SECONDS", USUAL_SECONDS, MAX_SECONDS);
  const guint32 seed = (guint32) get_number ("SPACETEST_SOAK_SEED", 1 + g_random_int_range (0, 1000000), G_MAXINT32);
  printf ("# %" G_GINT64_FORMAT " s, SPACETEST_SOAK_SEED=%u\n", seconds, seed);
  start_default_spacer (&idle);
  work (WARM_UP, seed, counts);
  memset (counts, 0, soak_n_operations * sizeof *counts);

  read_baseline (idle.n_children, &before);
  work (g_get_monotonic_time () + seconds * G_USEC_PER_SEC, seed, counts);
  state_wait (&before, &after);
  print_counts (counts, seconds);
  g_assert_true (state_compare (&before, &after));
  state_clear (&idle);
  state_clear (&before);
  state_clear (&after);

  g_auto (GStrv) strays = st_find_strays (&error);
  g_assert_no_error (error);
  g_assert_cmpstr (strays[0], ==, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  g_test_add_func ("/soak/everything-at-once", test_soak); /* which compares by itself: what is kept for good is there after its warm-up */
  return g_test_run ();
}
