/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "raw.h"

#include "st-kernel.h"

#include <spacetest/spacetest.h>

#define POOL_SIZE 32
#define BLOCK 100 /* more in a row than the pool holds */
#define BAR 0.04

/* Someone who takes a network, works for a while, and drops it. */
typedef struct
{
  StNetnsPool *pool;
  StTransientNetns *taken;
  gint64 work; /* microseconds */
} User;

static void
acquire (gpointer data)
{
  User *user = data;
  g_autoptr (GError) error = NULL;
  user->taken = st_netns_pool_acquire (user->pool, &error);
  g_assert_no_error (error);
}

static void
work_and_drop (gpointer data)
{
  User *user = data;
  const gint64 begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begin < user->work)
    ;
  g_clear_object (&user->taken);
}

static void
fill (StNetnsPool *pool)
{
  g_autoptr (GError) error = NULL;
  st_netns_pool_fill (pool, NULL, &error);
  g_assert_no_error (error);
}

/* Block by block, as a pool is about what happens between two of them. */
static void
measure (const BenchRow *raw,
         const BenchRow *ours,
         int             n,
         double         *raw_samples,
         double         *our_samples)
{
  for (int i = 0; i < n; i++)
    {
      if (i % BLOCK == 0)
        {
          for (int j = i; j < MIN (n, i + BLOCK); j++)
            raw_samples[j] = bench_sample (raw);
          fill (((User *) ours->data)->pool);
        }
      our_samples[i] = bench_sample (ours);
    }
}

static void
compare (Bench       *bench,
         const char  *name,
         StNetnsPool *pool,
         gint64       work)
{
  RawKind raw;
  User user = { pool, NULL, work };
  double *raw_samples = g_new (double, bench->rounds);
  double *our_samples = g_new (double, bench->rounds);
  raw_kind_init (&raw, CLONE_NEWNET, "net", ST_PIDFD_GET_NET);
  measure (&(BenchRow){ "raw net", raw_make_lo_up, &raw, 1, .after = raw_drop },
           &(BenchRow){ name, acquire, &user, 1, .after = work_and_drop }, bench->rounds, raw_samples, our_samples);
  raw_kind_clear (&raw);
  const double control = bench_take_median (raw_samples, bench->rounds);
  bench_print (bench, name, control, bench_take_median (our_samples, bench->rounds), BAR);
}

/* The pool's thread may have another CPU, or it could never be ahead. */
void
bench_pool (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  bench_unpin ();
  g_autoptr (StNetnsPool) pool = st_netns_pool_new (POOL_SIZE, &error);
  g_assert_no_error (error);
  fill (pool);
  bench_pin ();
  bench_title ("a network from a warm pool");
  compare (bench, "taken every 500 us", pool, 500);
  compare (bench, "taken every 1000 us", pool, 1000);
}
