/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Pools among threads, visits and forks, and without descriptors. */
#include "idle-child.h"
#include "pool-support.h"
#include "scarce-support.h"

#include <gio/gio.h>
#include <sched.h>
#include <unistd.h>

#define SIZE 4
#define N_THREADS 8
#define N_EACH 12
#define N_FORKS 30

typedef struct
{
  StNetnsPool *pool;
  StTransientNetns *taken[N_EACH];
} Taker;

static gpointer
take (gpointer data)
{
  Taker *taker = data;
  for (int i = 0; i < N_EACH; i++)
    taker->taken[i] = acquire (taker->pool);
  return NULL;
}

static void
test_threads (void)
{
  Taker takers[N_THREADS];
  GThread *threads[N_THREADS];
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (16);
  g_autoptr (GHashTable) all = make_set ();
  for (int i = 0; i < N_THREADS; i++)
    {
      takers[i].pool = pool;
      threads[i] = g_thread_new ("taker", take, &takers[i]);
    }
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (int i = 0; i < N_THREADS; i++)
    for (int j = 0; j < N_EACH; j++)
      add_another (all, takers[i].taken[j]);
  g_assert_cmpuint (g_hash_table_size (all), ==, N_THREADS * N_EACH);
}

/* The names of the networks that this process holds descriptors of. */
static GHashTable *
collect_held (void)
{
  GHashTable *held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (int fd = 0; fd < SCARCE_USUAL; fd++)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
      char *target = g_file_read_link (path, NULL);
      if (target && g_str_has_prefix (target, "net:"))
        g_hash_table_add (held, target);
      else
        g_free (target);
    }
  return held;
}

static void
use_in_child (gpointer pool)
{
  g_autoptr (GHashTable) inherited = collect_held ();
  g_assert_cmpuint (g_hash_table_size (inherited), >=, SIZE);
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, 0);
  g_autoptr (StTransientNetns) first = acquire (pool);
  fill (pool);
  g_autoptr (StTransientNetns) second = acquire (pool);
  st_netns_pool_close (pool);
  assert_acquire_fails (pool, ST_ERROR_CLOSED, "closed");

  g_autoptr (GHashTable) held = collect_held ();
  g_assert_cmpuint (g_hash_table_size (held), ==, g_hash_table_size (inherited) - SIZE + 2);
  g_autofree char *first_name = st_namespace_ref_to_string (ST_NAMESPACE_REF (first));
  g_autofree char *second_name = st_namespace_ref_to_string (ST_NAMESPACE_REF (second));
  g_assert_false (g_hash_table_contains (inherited, first_name));
  g_assert_false (g_hash_table_contains (inherited, second_name));
}

/* Those that were ready are the parent's, or both would get the same. */
static void
test_fork (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  fill (pool);
  test_in_child (use_in_child, pool);
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, SIZE);
  g_object_unref (acquire (pool));
}

static void
drop_in_child (gpointer pool)
{
  g_object_unref (pool);
}

static void
acquire_in_child (gpointer pool)
{
  g_object_unref (acquire (pool));
}

/* Whatever the pool's thread is about to do. */
static void
test_fork_while_it_fills (void)
{
  if (!test_needs_privilege ())
    return;
  for (int i = 0; i < N_FORKS; i++)
    {
      g_autoptr (StNetnsPool) pool = make_pool (64);
      wait_for_ready (pool, i % 3);
      test_in_child (i % 2 ? acquire_in_child : drop_in_child, pool);
    }
}

/* Networks belong to who makes them, wherever he is on a visit. */
static void
assert_belongs_to (StTransientNetns *netns,
                   StNamespaceRef   *user)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (ST_NAMESPACE_REF (netns), &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (owner, user));
}

static void
test_made_on_a_visit (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  if (!test_needs_privilege ())
    return;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWNET);
  g_autoptr (StNamespaceRef) user = st_namespace_ref_new_current (ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) foreign = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StVisit) visit = st_space_enter (ST_SPACE (foreign), &error);
  g_assert_no_error (error);
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  fill (pool);
  g_autoptr (StTransientNetns) inside = acquire (pool);
  g_assert_true (st_visit_leave (visit, &error));
  g_autoptr (StTransientNetns) outside = acquire (pool);
  fill (pool);
  assert_belongs_to (inside, user);
  assert_belongs_to (outside, user);
  g_auto (GStrv) strays = st_find_strays (&error);
  g_assert_no_error (error);
  g_assert_cmpstr (strays[0], ==, NULL);
  idle_child_stop (&child);
}

/* What is ready needs none. */
static void
run_out_of_descriptors (gpointer unused)
{
  StTransientNetns *taken[SIZE];
  g_autofree char *here = test_where ("net");
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  fill (pool);
  scarce_begin (0);
  for (int i = 0; i < SIZE; i++)
    taken[i] = acquire (pool);
  assert_acquire_fails (pool, ST_ERROR_EXHAUSTED, "Too many open files (raise RLIMIT_NOFILE)");
  assert_fill_fails (pool, ST_ERROR_EXHAUSTED, "Too many open files (raise RLIMIT_NOFILE)");
  scarce_end ();
  test_assert_where ("net", here);
  for (int i = 0; i < SIZE; i++)
    g_object_unref (taken[i]);
  fill (pool);
}

static void
test_no_descriptors (void)
{
  if (test_needs_privilege ())
    test_in_child (run_out_of_descriptors, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/netns-pool/threads", test_threads);
  test_add ("/netns-pool/fork", test_fork);
  test_add ("/netns-pool/fork-while-it-fills", test_fork_while_it_fills);
  test_add ("/netns-pool/made-on-a-visit", test_made_on_a_visit);
  test_add ("/netns-pool/no-descriptors", test_no_descriptors);
  return g_test_run ();
}
