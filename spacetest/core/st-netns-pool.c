/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-netns-pool.h"

#include "st-error-private.h"
#include "st-worker-private.h"

#include <pthread.h>

/* The kernel takes some 205 KiB for each network, which nothing can reclaim: 50 MiB are enough. */
#define MAX_SIZE 256

/* One for all pools, so that a fork finds nothing half done in any of them. */
static GMutex pools_lock;

/**
 * StNetnsPool:
 *
 * A few new networks, made in advance on a thread of its own.
 *
 * A new network takes the kernel some 350 microseconds, and no library can change that. A pool makes them while the caller does
 * something else: as long as he takes them more slowly than one in 350 microseconds, and another processor is idle, taking
 * one is a matter of a microsecond. When half of them are gone, it makes more.
 *
 * They are made where the pool was made: in its user namespace, with the defaults of that time. The pool keeps some 205 KiB of
 * kernel memory for each network. Whoever gets one has it for himself, it never comes back. After a fork, the child's pool starts
 * anew: those that were ready stay the parent's.
 *
 * All methods can be called from any thread.
 *
 * ```c
 * g_autoptr (StNetnsPool) pool = st_netns_pool_new (16, &error);
 * g_autoptr (StTransientNetns) netns = pool ? st_netns_pool_acquire (pool, &error) : NULL;
 * ```
 *
 * Since: 0.1
 */
struct _StNetnsPool
{
  GObject parent_instance;

  int size;           /* 0 in a pool that was made without its constructor */
  StWorker *worker;   /* guarded by pools_lock, as is what follows; NULL once closed */
  GQueue ready;       /* of StTransientNetns, the oldest first */
  gboolean refilling;
};

G_DEFINE_FINAL_TYPE (StNetnsPool, st_netns_pool, G_TYPE_OBJECT)

static void
st_netns_pool_dispose (GObject *object)
{
  st_netns_pool_close (ST_NETNS_POOL (object));
  G_OBJECT_CLASS (st_netns_pool_parent_class)->dispose (object);
}

static void
lock_pools (void)
{
  g_mutex_lock (&pools_lock);
}

static void
unlock_pools (void)
{
  g_mutex_unlock (&pools_lock);
}

static void
st_netns_pool_class_init (StNetnsPoolClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = st_netns_pool_dispose;
  pthread_atfork (lock_pools, unlock_pools, unlock_pools);
}

static void
st_netns_pool_init (StNetnsPool *self)
{
  g_queue_init (&self->ready);
}

/* Says so in the same breath if not: who takes the next one orders the next refill. */
static gboolean
needs_more (StNetnsPool *self)
{
  lock_pools ();
  gboolean needed = self->worker && (int) self->ready.length < self->size;
  self->refilling = needed;
  unlock_pools ();
  return needed;
}

static void
keep_or_drop (StNetnsPool      *self,
              StTransientNetns *netns)
{
  lock_pools ();
  gboolean kept = self->worker != NULL;
  if (kept)
    g_queue_push_tail (&self->ready, netns);
  unlock_pools ();
  if (!kept)
    g_object_unref (netns);
}

static void
give_up (StNetnsPool *self)
{
  lock_pools ();
  self->refilling = FALSE;
  unlock_pools ();
}

/* On the pool's thread, which ends before the pool does. */
static gboolean
refill (gpointer data,
        GError **error)
{
  StNetnsPool *self = data;
  while (needs_more (self))
    {
      StTransientNetns *netns = st_transient_netns_new (error);
      if (!netns)
        {
          give_up (self);
          return FALSE;
        }
      keep_or_drop (self, netns);
    }
  return TRUE;
}

static gboolean
refill_unless_closed (gpointer data,
                      GError **error)
{
  StNetnsPool *self = data;
  if (!refill (self, error))
    return FALSE;
  lock_pools ();
  gboolean is_open = self->worker != NULL;
  unlock_pools ();
  return is_open || st_error_set_closed (error, "pool");
}

/* Its thread stays behind at a fork, as the networks do, and ends if it can't come home. With the lock held. */
static gboolean
ensure_worker (StNetnsPool *self,
               GError     **error)
{
  if (!self->worker)
    return st_error_set_closed (error, "pool");
  if (st_worker_is_alive (self->worker))
    return TRUE;
  StWorker *worker = st_worker_new ("st-pool", error);
  if (!worker)
    return FALSE;
  st_worker_stop (self->worker);
  self->worker = worker;
  self->refilling = FALSE;
  g_queue_clear_full (&self->ready, g_object_unref);
  return TRUE;
}

/**
 * st_netns_pool_new: (constructor)
 * @size: how many networks to keep ready, 1 to 256
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a pool, which begins to fill in the background.
 *
 * A size out of range is %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new pool, or %NULL with @error set
 *
 * Since: 0.1
 */
StNetnsPool *
st_netns_pool_new (int      size,
                   GError **error)
{
  if (size < 1 || size > MAX_SIZE)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a pool keeps 1 to %d networks, not %d", MAX_SIZE, size);
      return NULL;
    }
  StWorker *worker = st_worker_new ("st-pool", error);
  if (!worker)
    return NULL;
  StNetnsPool *self = g_object_new (ST_TYPE_NETNS_POOL, NULL);
  self->size = size;
  self->worker = worker;
  self->refilling = TRUE;
  st_worker_post (worker, refill, self);
  return self;
}

/**
 * st_netns_pool_get_size:
 * @self: a pool
 *
 * Gets how many networks the pool keeps ready.
 *
 * Returns: the size; 0 if @self was made without its constructor
 *
 * Since: 0.1
 */
int
st_netns_pool_get_size (StNetnsPool *self)
{
  g_return_val_if_fail (ST_IS_NETNS_POOL (self), 0);
  return self->size;
}

/**
 * st_netns_pool_get_n_ready:
 * @self: a pool
 *
 * Gets how many networks are ready now.
 *
 * Returns: their number
 *
 * Since: 0.1
 */
int
st_netns_pool_get_n_ready (StNetnsPool *self)
{
  g_return_val_if_fail (ST_IS_NETNS_POOL (self), 0);
  lock_pools ();
  int n_ready = self->worker && st_worker_is_alive (self->worker) ? (int) self->ready.length : 0;
  unlock_pools ();
  return n_ready;
}

/**
 * st_netns_pool_fill:
 * @self: a pool
 * @cancellable: (nullable): to give up before it begins
 * @error: return location for a [error@Spacetest.Error]
 *
 * Waits until the pool is full.
 *
 * Here it comes out why a pool does not fill; otherwise, [method@Spacetest.NetnsPool.acquire] says so when it is empty.
 *
 * Returns: %TRUE if it is full
 *
 * Since: 0.1
 */
gboolean
st_netns_pool_fill (StNetnsPool  *self,
                    GCancellable *cancellable,
                    GError      **error)
{
  g_return_val_if_fail (ST_IS_NETNS_POOL (self), FALSE);
  lock_pools ();
  g_autoptr (StWorker) worker = ensure_worker (self, error) ? st_worker_ref (self->worker) : NULL;
  unlock_pools ();
  return worker && st_worker_run (worker, refill_unless_closed, self, cancellable, error);
}

/* The oldest network that is ready, if there is one. When half of them are gone, more are made. */
static gboolean
take_ready (StNetnsPool       *self,
            StTransientNetns **netns,
            GError           **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pools_lock);
  if (!ensure_worker (self, error))
    return FALSE;
  *netns = g_queue_pop_head (&self->ready);
  if (!self->refilling && (int) self->ready.length <= self->size / 2)
    {
      self->refilling = TRUE;
      st_worker_post (self->worker, refill, self);
    }
  return TRUE;
}

/**
 * st_netns_pool_acquire:
 * @self: a pool
 * @error: return location for a [error@Spacetest.Error]
 *
 * Takes the oldest network of the pool.
 *
 * If none is ready, one is made on the spot, as [ctor@Spacetest.TransientNetns.new] does.
 *
 * Returns: (transfer full): a network nobody has used, or %NULL with @error set
 *
 * Since: 0.1
 */
StTransientNetns *
st_netns_pool_acquire (StNetnsPool *self,
                       GError     **error)
{
  g_return_val_if_fail (ST_IS_NETNS_POOL (self), NULL);
  StTransientNetns *netns;
  if (!take_ready (self, &netns, error))
    return NULL;
  return netns ? netns : st_transient_netns_new (error);
}

/**
 * st_netns_pool_close:
 * @self: a pool
 *
 * Ends the pool's thread and drops the networks that nobody took. Closing twice is closing once.
 *
 * Since: 0.1
 */
void
st_netns_pool_close (StNetnsPool *self)
{
  g_return_if_fail (ST_IS_NETNS_POOL (self));
  lock_pools ();
  StWorker *worker = g_steal_pointer (&self->worker);
  GQueue dropped = self->ready;
  g_queue_init (&self->ready);
  unlock_pools ();
  g_clear_pointer (&worker, st_worker_stop);
  g_queue_clear_full (&dropped, g_object_unref);
}
