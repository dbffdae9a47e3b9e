/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

/* What the suites of pools share. */

static inline StNetnsPool *
make_pool (int size)
{
  g_autoptr (GError) error = NULL;
  StNetnsPool *pool = st_netns_pool_new (size, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_netns_pool_get_size (pool), ==, size);
  return pool;
}

static inline void
fill (StNetnsPool *pool)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_netns_pool_fill (pool, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, st_netns_pool_get_size (pool));
}

static inline StTransientNetns *
acquire (StNetnsPool *pool)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *netns = st_netns_pool_acquire (pool, &error);
  g_assert_no_error (error);
  return netns;
}

static inline void
wait_for_ready (StNetnsPool *pool,
                int          n)
{
  while (st_netns_pool_get_n_ready (pool) < n)
    g_thread_yield ();
}

/* A set that owns the networks in it. */
static inline GHashTable *
make_set (void)
{
  return g_hash_table_new_full ((GHashFunc) st_namespace_ref_hash, (GEqualFunc) st_namespace_ref_equal, g_object_unref, NULL);
}

static inline void
add_another (GHashTable       *set,
             StTransientNetns *netns)
{
  g_assert_true (g_hash_table_add (set, netns));
}

static inline void
assert_acquire_fails (StNetnsPool *pool,
                      StError      code,
                      const char  *text)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_netns_pool_acquire (pool, &error), error, code, text);
}

static inline void
assert_fill_fails (StNetnsPool *pool,
                   StError      code,
                   const char  *text)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_netns_pool_fill (pool, NULL, &error));
  test_assert_failed (error, code, text);
}
