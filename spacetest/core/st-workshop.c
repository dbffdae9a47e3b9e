/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-workshop-private.h"

#include "st-error-private.h"
#include "st-stay-private.h"
#include "st-worker-private.h"

/* What a piece of work may say about where it is to be done. */
static const StKindIndex places[] = { ST_KIND_NET, ST_KIND_MNT };

static GMutex lock;
static StWorker *workshop;    /* guarded by lock */
static StHandleSet residence; /* guarded by lock: the places where the workshop is at home */

static gboolean
collect_home (StHandleSet *set,
              GError     **error)
{
  ST_FOREACH_KIND (kind)
    if (kind->by_thread)
      {
        set->of_kind[kind->index] = st_thread_get_home (kind, error);
        if (!set->of_kind[kind->index])
          return FALSE;
      }
  return TRUE;
}

static void
copy_places (StHandleSet       *to,
             const StHandleSet *from)
{
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    to->of_kind[places[i]] = st_handle_ref (from->of_kind[places[i]]);
}

/* Whoever happens to need it first may be on a visit, which must not be kept alive by us. */
static StWorker *
open_workshop (GError **error)
{
  g_auto (StHandleSet) everything = { 0 };
  if (!collect_home (&everything, error))
    return NULL;
  StWorker *worker = st_worker_new ("st-workshop", error);
  if (worker && !st_worker_settle (worker, &everything, error))
    g_clear_pointer (&worker, st_worker_stop);
  if (worker)
    copy_places (&residence, &everything);
  return worker;
}

typedef struct
{
  const StHandleSet *where;
  StHandleSet home;
  gboolean is_entered[G_N_ELEMENTS (places)];
  StFunc func;
  gpointer user_data;
} Order;

static StWorker *
get_workshop (Order   *order,
              GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  if (workshop && !st_worker_is_alive (workshop))
    {
      g_clear_pointer (&workshop, st_worker_stop);
      st_handle_set_clear (&residence);
    }
  if (!workshop)
    workshop = open_workshop (error);
  if (!workshop)
    return NULL;
  copy_places (&order->home, &residence);
  return st_worker_ref (workshop);
}

static gboolean
is_elsewhere (const Order *order,
              StKindIndex  place)
{
  const StHandle *target = order->where->of_kind[place];
  return target && !st_system_is_same (&target->identity, &order->home.of_kind[place]->identity);
}

static _Thread_local gboolean can_come_home;

/* Who is root in a user namespace of his own can make mount namespaces that he can't come home from, as home belongs to others.
 * Going home from home shows it. */
static void
find_out_about_home (const Order *order)
{
  const StHandle *home = order->home.of_kind[ST_KIND_MNT];
  if (!can_come_home && order->where->of_kind[ST_KIND_MNT])
    can_come_home = st_system_enter (home->fd, home->kind) == 0;
}

/* For work that is about to make a mount namespace. */
gboolean
st_workshop_can_come_home (void)
{
  return can_come_home;
}

static gboolean
go_there (Order   *order,
          GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    if (is_elsewhere (order, places[i]))
      {
        const StHandle *target = order->where->of_kind[places[i]];
        int result = st_system_enter (target->fd, target->kind);
        if (result < 0)
          {
            st_error_set_result (error, result, "cannot enter %s namespace %s:[%" G_GUINT64_FORMAT "]", target->kind->name,
                                 target->kind->name, target->identity.inode);
            return FALSE;
          }
        order->is_entered[i] = TRUE;
      }
  return TRUE;
}

/* Work may make a mount namespace, if it can come home from there, and be in it now. */
static gboolean
may_be_left (const Order *order,
             StKindIndex  place)
{
  return place == ST_KIND_MNT && order->where->of_kind[place] && can_come_home;
}

static gboolean
is_in (const StHandle *home)
{
  guint64 inode;
  return st_system_current_inode (home->kind, &inode) == 0 && inode == home->identity.inode;
}

static int
come_home (const Order *order)
{
  int result = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    if (order->is_entered[i] || may_be_left (order, places[i]))
      {
        const StHandle *home = order->home.of_kind[places[i]];
        int entered = st_system_enter (home->fd, home->kind);
        if (entered < 0 && !is_in (home)) /* no permission is needed to stay */
          result = result ? result : entered;
      }
  return result;
}

/* Not a visit: nobody but us moves this thread, so the way home needs no look-up, and its working directory and root are nobody's. */
static gboolean
fulfil (gpointer data,
        GError **error)
{
  Order *order = data;
  g_autoptr (GError) failure = NULL;
  find_out_about_home (order);
  if (go_there (order, &failure))
    st_func_run (order->func, order->user_data, &failure);

  int result = come_home (order);
  if (result < 0)
    {
      g_clear_error (&failure);
      g_set_error (&failure, ST_ERROR, ST_ERROR_NO_RETURN, "cannot bring a thread of ours home: %s (it ends)", g_strerror (-result));
      st_thread_lose (st_thread_self (), failure);
    }
  if (!failure)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Runs @func in the workshop, in the given mount namespace and network, or at home, and waits for it. */
gboolean
st_workshop_run (const StHandleSet *where,
                 StFunc             func,
                 gpointer           user_data,
                 GError           **error)
{
  Order order = { .where = where, .func = func, .user_data = user_data };
  g_autoptr (StWorker) worker = get_workshop (&order, error);
  gboolean done = worker && st_worker_run (worker, fulfil, &order, NULL, error);
  st_handle_set_clear (&order.home);
  return done;
}
