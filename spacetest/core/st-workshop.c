/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-workshop-private.h"

#include "st-error-private.h"
#include "st-stay-private.h"
#include "st-worker-private.h"

#include <unistd.h>

static GMutex lock;
static StWorker *workshop; /* guarded by lock */

static gboolean
collect_home (StHandleSet *set,
              GError     **error)
{
  ST_FOREACH_KIND (kind)
    if (kind->by_thread)
      {
        int fd = st_thread_open_home (kind);
        set->of_kind[kind->index] = fd < 0 ? NULL : st_handle_new_take (fd, kind, error);
        if (fd < 0)
          st_error_set_result (error, fd, "cannot find the %s namespace of the process", kind->name);
        if (!set->of_kind[kind->index])
          return FALSE;
      }
  return TRUE;
}

/* Whoever happens to need it first may be on a visit, which must not be kept alive by us. */
static StWorker *
open_workshop (GError **error)
{
  g_auto (StHandleSet) home = { 0 };
  if (!collect_home (&home, error))
    return NULL;
  StWorker *worker = st_worker_new ("st-workshop", error);
  if (worker && !st_worker_settle (worker, &home, error))
    g_clear_pointer (&worker, st_worker_stop);
  return worker;
}

static StWorker *
get_workshop (GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  if (workshop && !st_worker_is_alive (workshop))
    g_clear_pointer (&workshop, st_worker_stop);
  if (!workshop)
    workshop = open_workshop (error);
  return workshop ? st_worker_ref (workshop) : NULL;
}

typedef struct
{
  const StHandleSet *where;
  StFunc func;
  gpointer user_data;
} Order;

static gboolean
fulfil (gpointer data,
        GError **error)
{
  const Order *order = data;
  return st_stay_call (order->where, order->func, order->user_data, error);
}

/* Runs @func in the workshop, in the given namespaces and otherwise at home, and waits for it. */
gboolean
st_workshop_run (const StHandleSet *where,
                 StFunc             func,
                 gpointer           user_data,
                 GError           **error)
{
  Order order = { where, func, user_data };
  g_autoptr (StWorker) worker = get_workshop (error);
  return worker && st_worker_run (worker, fulfil, &order, NULL, error);
}
