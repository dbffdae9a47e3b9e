/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-space-private.h"

#include "st-namespace-ref-private.h"
#include "st-error-private.h"
#include "st-thread-private.h"
#include "st-worker-private.h"

#include <string.h>

/* A worker serves callers who stand in the same place. */
typedef struct
{
  StWorker *worker;
  guint64 elsewhere[ST_N_KINDS]; /* inode of what the space does not name; 0 for what it does */
} Settlement;

static void
settlement_free (gpointer data)
{
  Settlement *settlement = data;
  st_worker_stop (settlement->worker);
  g_free (settlement);
}

static void
on_ref_closed (StNamespaceRef *ref,
               GParamSpec     *pspec,
               gpointer        data)
{
  g_autoptr (StSpace) self = g_weak_ref_get (data);
  if (self)
    st_space_stop_workers (self);
}

static void
weak_ref_release (gpointer data)
{
  g_atomic_rc_box_release_full (data, (GDestroyNotify) g_weak_ref_clear);
}

static void
on_disconnected (gpointer  data,
                 GClosure *closure)
{
  weak_ref_release (data);
}

/* The workers of a space end with the first of its references that is closed, on whichever thread that is. */
static void
watch (StSpace *self)
{
  if (!self->refs || self->watch)
    return;
  self->watch = g_atomic_rc_box_new0 (GWeakRef);
  g_weak_ref_init (self->watch, self);
  for (guint i = 0; i < self->refs->len; i++)
    g_signal_connect_data (self->refs->pdata[i], "notify::closed", G_CALLBACK (on_ref_closed),
                           g_atomic_rc_box_acquire (self->watch), on_disconnected, 0);
}

void
st_space_unwatch (StSpace *self)
{
  for (guint i = 0; self->watch && i < self->refs->len; i++)
    g_signal_handlers_disconnect_by_data (self->refs->pdata[i], self->watch);
  g_clear_pointer (&self->watch, weak_ref_release);
}

static gboolean
look_around (StNamespaceType types,
             guint64         elsewhere[ST_N_KINDS],
             GError        **error)
{
  ST_FOREACH_KIND (kind)
    {
      elsewhere[kind->index] = 0;
      if (!kind->by_thread || (types & kind->flag))
        continue;
      int result = st_system_current_inode (kind, &elsewhere[kind->index]);
      if (result < 0)
        {
          st_error_set_result (error, result, "cannot find the calling thread's %s namespace", kind->name);
          return FALSE;
        }
    }
  return TRUE;
}

static Settlement *
find_settlement (StSpace      *self,
                 const guint64 elsewhere[ST_N_KINDS])
{
  for (guint i = self->workers ? self->workers->len : 0; i > 0; i--)
    {
      Settlement *settlement = self->workers->pdata[i - 1];
      if (!st_worker_is_alive (settlement->worker))
        g_ptr_array_remove_index (self->workers, i - 1);
      else if (memcmp (settlement->elsewhere, elsewhere, sizeof settlement->elsewhere) == 0)
        return settlement;
    }
  return NULL;
}

static Settlement *
found_settlement (StSpace           *self,
                  const StHandleSet *targets,
                  const guint64      elsewhere[ST_N_KINDS],
                  GError           **error)
{
  StWorker *worker = st_worker_new ("st-worker", error);
  if (!worker)
    return NULL;
  if (!st_worker_settle (worker, targets, error))
    {
      st_worker_stop (worker);
      return NULL;
    }

  Settlement *settlement = g_new (Settlement, 1);
  settlement->worker = worker;
  memcpy (settlement->elsewhere, elsewhere, sizeof settlement->elsewhere);
  if (!self->workers)
    self->workers = g_ptr_array_new_with_free_func (settlement_free);
  g_ptr_array_add (self->workers, settlement);
  return settlement;
}

/* The worker for a caller who stands where the calling thread does. */
StWorker *
st_space_get_worker (StSpace *self,
                     GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_auto (StHandleSet) targets = { 0 };
  guint64 elsewhere[ST_N_KINDS];
  watch (self);
  if (!st_space_acquire_enterable (self, &targets, error) || !st_thread_check (st_thread_self (), error) ||
      !look_around (st_handle_set_get_types (&targets), elsewhere, error))
    return NULL;

  Settlement *settlement = find_settlement (self, elsewhere);
  if (!settlement)
    settlement = found_settlement (self, &targets, elsewhere, error);
  return settlement ? st_worker_ref (settlement->worker) : NULL;
}

/* Waits until they have ended. */
void
st_space_stop_workers (StSpace *self)
{
  g_mutex_lock (&self->lock);
  GPtrArray *workers = g_steal_pointer (&self->workers);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&workers, g_ptr_array_unref);
}
