/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"

#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_ROUNDS 2
#define RSS_SLACK (256 * 1024) /* of the allocator's own */
#define HEAP_SLACK (16 * 1024)
#define THREAD_END_TIMEOUT (5 * G_GUINT64_CONSTANT (1000000000))

static guint64
now (void)
{
  struct timespec time;
  clock_gettime (CLOCK_MONOTONIC, &time);
  return (guint64) time.tv_sec * 1000000000 + (guint64) time.tv_nsec;
}

double
bench_sample (const BenchRow *row)
{
  const guint64 begin = now ();
  for (int i = 0; i < row->batch; i++)
    row->run (row->data);
  const guint64 end = now ();
  if (row->after)
    row->after (row->data);
  return (double) (end - begin) / row->batch;
}

static int
compare (const void *a,
         const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* Takes @samples. */
double
bench_take_median (double *samples,
                   int     n_samples)
{
  qsort (samples, (size_t) n_samples, sizeof *samples, compare);
  double median = samples[n_samples / 2];
  g_free (samples);
  return median;
}

static void
measure (const BenchRow *rows,
         gsize           n_rows,
         int             n_rounds,
         double         *medians)
{
  g_autofree double **samples = g_new (double *, n_rows);
  for (gsize i = 0; i < n_rows; i++)
    samples[i] = g_new (double, n_rounds);
  for (int round = -WARM_UP_ROUNDS; round < n_rounds; round++)
    for (gsize i = 0; i < n_rows; i++)
      {
        const double taken = bench_sample (&rows[i]);
        if (round >= 0)
          samples[i][round] = taken;
      }
  for (gsize i = 0; i < n_rows; i++)
    medians[i] = bench_take_median (samples[i], n_rounds);
}

static double
find_control (const BenchRow *rows,
              gsize           n_rows,
              const double   *medians,
              const char     *name)
{
  for (gsize i = 0; i < n_rows; i++)
    if (strcmp (rows[i].name, name) == 0)
      return medians[i];
  g_error ("no control \"%s\" in this table", name);
}

static const char *
judge (Bench *self,
       double ratio,
       double bar)
{
  if (ratio <= bar)
    return "ok";
  if (ratio <= bar * BENCH_NOISE)
    return "near";
  self->n_over++;
  return "OVER";
}

void
bench_title (const char *title)
{
  printf ("\n%-50s %9s %9s %7s %6s\n", title, "raw us", "ours us", "ratio", "bar");
}

void
bench_print (Bench      *self,
             const char *name,
             double      control,
             double      ours,
             double      bar)
{
  const double ratio = ours / control;
  printf ("%-50s %9.2f %9.2f %7.3f %6.2f %s\n", name, control / 1000, ours / 1000, ratio, bar, judge (self, ratio, bar));
  fflush (stdout);
}

void
bench_table (Bench          *self,
             const char     *title,
             const BenchRow *rows,
             gsize           n_rows)
{
  g_autofree double *medians = g_new (double, n_rows);
  measure (rows, n_rows, self->rounds, medians);

  bench_title (title);
  for (gsize i = 0; i < n_rows; i++)
    if (rows[i].control)
      bench_print (self, rows[i].name, find_control (rows, n_rows, medians, rows[i].control), medians[i], rows[i].bar);
}

static int
count_entries (const char *path)
{
  int n_entries = 0;
  GDir *directory = g_dir_open (path, 0, NULL);
  g_assert_nonnull (directory);
  while (g_dir_read_name (directory))
    n_entries++;
  g_dir_close (directory);
  return n_entries;
}

typedef struct
{
  gint64 fds;
  gint64 threads;
  gint64 rss;
  gint64 heap;
} Belongings;

static gint64
get_rss (void)
{
  g_autofree char *text = NULL;
  long long pages = 0;
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*d %lld", &pages), ==, 1);
  return pages * sysconf (_SC_PAGESIZE);
}

static Belongings
look_through (void)
{
  return (Belongings) { count_entries ("/proc/self/fd"), count_entries ("/proc/self/task"), get_rss (),
                        (gint64) mallinfo2 ().uordblks };
}

static void
repeat (void   (*run) (gpointer data),
        gpointer data,
        int      n_times)
{
  while (n_times-- > 0)
    run (data);
}

/* A thread that has answered may still be on its way out. */
static Belongings
look_through_after (const Belongings *before)
{
  const guint64 deadline = now () + THREAD_END_TIMEOUT;
  Belongings after = look_through ();
  while ((after.threads > before->threads || after.fds > before->fds) && now () < deadline)
    {
      sched_yield ();
      after = look_through ();
    }
  return after;
}

/* What an operation keeps for good, it has after the first times. */
void
bench_growth (Bench      *self,
              const char *name,
              void      (*run) (gpointer data),
              gpointer    data,
              int         n_times)
{
  repeat (run, data, n_times / 5);
  const Belongings before = look_through ();
  repeat (run, data, n_times);
  const Belongings after = look_through_after (&before);

  const gint64 fds = after.fds - before.fds, threads = after.threads - before.threads;
  const gint64 rss = after.rss - before.rss, heap = after.heap - before.heap;
  const gboolean grows = fds > 0 || threads > 0 || rss > RSS_SLACK || heap > HEAP_SLACK;
  self->n_growing += grows;
  printf ("%-36s %7d %+6" G_GINT64_FORMAT " %+8" G_GINT64_FORMAT " %+10" G_GINT64_FORMAT " %+10" G_GINT64_FORMAT " %s\n", name,
          n_times, fds, threads, rss / 1024, heap, grows ? "GROWS" : "ok");
  fflush (stdout);
}

void
bench_pin (void)
{
  cpu_set_t one;
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  if (sched_setaffinity (0, sizeof one, &one) < 0)
    g_error ("cannot pin to one CPU: %m");
  (void) setpriority (PRIO_PROCESS, 0, -20); /* as far as we may */
}

void
bench_hurry (void)
{
  const struct sched_param first = { .sched_priority = 1 };
  (void) sched_setscheduler (0, SCHED_FIFO, &first); /* as far as we may */
}

void
bench_relax (void)
{
  const struct sched_param none = { 0 };
  (void) sched_setscheduler (0, SCHED_OTHER, &none);
}

void
bench_unpin (void)
{
  cpu_set_t all;
  memset (&all, 0xff, sizeof all);
  if (sched_setaffinity (0, sizeof all, &all) < 0)
    g_error ("cannot have more than one CPU: %m");
}
