/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What a pool gives and when it makes more. */
#include "pool-support.h"

#include <sched.h>
#include <gio/gio.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#define SIZE 4
#define N_DROPPED 40

static void
test_sizes (void)
{
  g_autoptr (GError) error = NULL;
  const int impossible[] = { 0, -1, 257, 1000000, G_MAXINT, G_MININT };
  for (gsize i = 0; i < G_N_ELEMENTS (impossible); i++)
    test_assert_not_made (st_netns_pool_new (impossible[i], &error), error, ST_ERROR_INVALID_ARGUMENT, "1 to 256 networks");
  g_autoptr (StNetnsPool) smallest = make_pool (1);
  g_autoptr (StNetnsPool) largest = make_pool (256);
}

static void
test_unmade (void)
{
  g_autoptr (StNetnsPool) pool = g_object_new (ST_TYPE_NETNS_POOL, NULL);
  g_assert_cmpint (st_netns_pool_get_size (pool), ==, 0);
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, 0);
  assert_acquire_fails (pool, ST_ERROR_CLOSED, "constructor");
  assert_fill_fails (pool, ST_ERROR_CLOSED, "constructor");
  st_netns_pool_close (pool);
}

static gboolean
look_at_loopback (gpointer unused,
                  GError **error)
{
  struct ifreq request = { .ifr_name = "lo" };
  struct if_nameindex *names = if_nameindex ();
  g_assert_nonnull (names);
  g_assert_cmpstr (names[0].if_name, ==, "lo");
  g_assert_cmpuint (names[1].if_index, ==, 0);
  if_freenameindex (names);
  g_autoptr (GSocket) any = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  g_assert_nonnull (any);
  g_assert_no_errno (ioctl (g_socket_get_fd (any), SIOCGIFFLAGS, &request));
  g_assert_cmpint (request.ifr_flags & IFF_UP, ==, IFF_UP);
  return TRUE;
}

static void
assert_new (StTransientNetns *netns)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_transient_netns_get_loopback_up (netns));
  st_space_call (ST_SPACE (netns), look_at_loopback, NULL, &error);
  g_assert_no_error (error);
}

/* Those that come first were made on the spot, if no one was ready. */
static void
test_networks (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  g_autoptr (GHashTable) all = make_set ();
  for (int i = 0; i < 3 * SIZE; i++)
    {
      StTransientNetns *netns = acquire (pool);
      assert_new (netns);
      add_another (all, netns);
    }
}

/* Linux 6.18 numbers namespaces in their order on the same CPU only: the pool's thread inherits it. */
static void
stay_on_one_cpu (cpu_set_t *usual)
{
  cpu_set_t one;
  g_assert_no_errno (sched_getaffinity (0, sizeof *usual, usual));
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  g_assert_no_errno (sched_setaffinity (0, sizeof one, &one));
}

/* The oldest first. */
static void
test_order (void)
{
  guint64 previous = 0;
  cpu_set_t usual;
  if (!test_needs_privilege ())
    return;
  stay_on_one_cpu (&usual);
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  g_autoptr (GHashTable) all = make_set ();
  fill (pool);
  for (int i = 0; i < SIZE; i++)
    {
      g_autoptr (GError) error = NULL;
      StTransientNetns *netns = acquire (pool);
      add_another (all, netns);
      const guint64 serial = st_namespace_ref_get_serial (ST_NAMESPACE_REF (netns), &error);
      if (g_error_matches (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED))
        continue;
      g_assert_no_error (error);
      g_assert_cmpuint (serial, >, previous);
      previous = serial;
    }
  g_assert_no_errno (sched_setaffinity (0, sizeof usual, &usual));
}

static void
test_fill (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  fill (pool);
  fill (pool);
  g_object_unref (acquire (pool));
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, SIZE - 1);
  fill (pool);
}

/* By itself, once half of them are gone. */
static void
test_refill (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  g_autoptr (StNetnsPool) single = make_pool (1);
  fill (pool);
  fill (single);
  for (int round = 0; round < 5; round++)
    {
      for (int i = 0; i < SIZE / 2; i++)
        g_object_unref (acquire (pool));
      wait_for_ready (pool, SIZE);
      g_object_unref (acquire (single));
      wait_for_ready (single, 1);
    }
}

static void
test_close (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  g_autoptr (StTransientNetns) kept = acquire (pool);
  fill (pool);
  st_netns_pool_close (pool);
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, 0);
  g_assert_cmpint (st_netns_pool_get_size (pool), ==, SIZE);
  assert_acquire_fails (pool, ST_ERROR_CLOSED, "the pool is closed");
  assert_fill_fails (pool, ST_ERROR_CLOSED, "the pool is closed");
  st_netns_pool_close (pool);
  assert_acquire_fails (pool, ST_ERROR_CLOSED, "the pool is closed");
  assert_new (kept);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  g_cancellable_cancel (cancellable);
  g_assert_false (st_netns_pool_fill (pool, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fill (pool);
}

/* Wherever it is just then. */
static void
test_dropped_while_it_fills (void)
{
  if (!test_needs_privilege ())
    return;
  for (int i = 0; i < N_DROPPED; i++)
    {
      g_autoptr (StNetnsPool) pool = make_pool (256);
      wait_for_ready (pool, i % 4);
    }
}

static gpointer
fill_until_closed (gpointer pool)
{
  assert_fill_fails (pool, ST_ERROR_CLOSED, "closed");
  return NULL;
}

/* A pool that was closed did not become full. */
static void
test_closed_while_it_fills (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (256);
  GThread *thread = g_thread_new ("filler", fill_until_closed, pool);
  wait_for_ready (pool, 2);
  st_netns_pool_close (pool);
  g_thread_join (thread);
}

static void
test_forbidden (void)
{
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StNetnsPool) pool = make_pool (SIZE);
  assert_fill_fails (pool, ST_ERROR_PERMISSION_DENIED, "cannot create net namespace: Operation not permitted");
  assert_acquire_fails (pool, ST_ERROR_PERMISSION_DENIED, "spacetest run");
  assert_acquire_fails (pool, ST_ERROR_PERMISSION_DENIED, "spacetest run");
  g_assert_cmpint (st_netns_pool_get_n_ready (pool), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/netns-pool/sizes", test_sizes);
  test_add ("/netns-pool/unmade", test_unmade);
  test_add ("/netns-pool/networks", test_networks);
  test_add ("/netns-pool/order", test_order);
  test_add ("/netns-pool/fill", test_fill);
  test_add ("/netns-pool/refill", test_refill);
  test_add ("/netns-pool/close", test_close);
  test_add ("/netns-pool/cancelled", test_cancelled);
  test_add ("/netns-pool/dropped-while-it-fills", test_dropped_while_it_fills);
  test_add ("/netns-pool/closed-while-it-fills", test_closed_while_it_fills);
  test_add ("/netns-pool/forbidden", test_forbidden);
  return g_test_run ();
}
