/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-stay-private.h"

#include "st-error-private.h"
#include "st-process.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

static void (*begin_hook) (StStay *stay);
static void (*end_hook) (void);
static gint n_abandoned; /* atomic: visits that nobody will leave any more */

void
st_stay_set_hook (void (*hook) (StStay *stay))
{
  g_atomic_pointer_set (&begin_hook, hook);
}

gboolean
st_stay_is_watched (void)
{
  return g_atomic_pointer_get (&begin_hook) != NULL;
}

void
st_stay_set_end_hook (void (*hook) (void))
{
  g_atomic_pointer_set (&end_hook, hook);
}

static void
push (StStay *self)
{
  StThread *thread = self->thread;
  g_mutex_lock (&thread->lock);
  self->outer = thread->innermost;
  thread->innermost = self;
  g_mutex_unlock (&thread->lock);
  void (*hook) (StStay *) = g_atomic_pointer_get (&begin_hook);
  if (G_UNLIKELY (hook))
    hook (self);
}

static void
forget_way_home (StStay *self)
{
  ST_FOREACH_KIND (kind)
    if (self->home[kind->index] >= 0)
      close (self->home[kind->index]);
  st_system_place_close (&self->place);
  g_atomic_pointer_set (&self->thread, NULL);
}

/* Whatever comes after must not touch the stay: its owner may go with it. */
static void
pop (StStay *self)
{
  StThread *thread = self->thread;
  g_mutex_lock (&thread->lock);
  thread->innermost = self->outer;
  g_mutex_unlock (&thread->lock);
  forget_way_home (self);
  g_clear_object (&self->owner);
}

static int
find_way_home (StStay         *self,
               StNamespaceType types,
               const StKind  **failed)
{
  ST_FOREACH_KIND (kind)
    if (types & kind->flag)
      {
        int fd = st_system_open_current (kind);
        *failed = kind;
        if (fd < 0)
          return fd;
        self->home[kind->index] = fd;
        if (kind->own_fs)
          {
            int result = st_system_own_fs ();
            if (result == 0)
              result = st_system_place_open (&self->place);
            if (result < 0)
              return result;
          }
      }
  return 0;
}

/* Looks up everything the way home needs, before anything is switched: it may not be found from inside. */
gboolean
st_stay_begin (StStay         *self,
               StNamespaceType types,
               GError        **error)
{
  const StKind *failed = NULL;
  self->thread = st_thread_self ();
  self->lost = FALSE;
  self->owner = NULL;
  self->switched = 0;
  self->for_good = FALSE;
  self->place = (StPlace) { -1, -1 };
  for (gsize i = 0; i < ST_N_KINDS; i++)
    self->home[i] = -1;
  if (!st_thread_check (self->thread, error))
    {
      self->thread = NULL;
      return FALSE;
    }

  int result = find_way_home (self, types, &failed);
  if (result < 0)
    {
      forget_way_home (self);
      st_error_set_result (error, result, "cannot find the way home to the %s namespace", failed->name);
      return FALSE;
    }
  push (self);
  return TRUE;
}

static gboolean
is_home (const StStay   *self,
         const StHandle *target)
{
  StIdentity home;
  return st_system_identify (self->home[target->kind->index], &home) == 0 && st_system_is_same (&home, &target->identity);
}

/* Whoever is root in a user namespace of his own can go to places that he can't come home from, as home belongs to others. Going
 * home from home shows it. */
static int
check_return (StStay       *self,
              const StKind *kind)
{
  if (self->thread->returned & kind->flag)
    return 0;
  int result = kind->own_fs ? st_system_place_restore (&self->place) : 0;
  if (result == 0)
    result = st_system_enter (self->home[kind->index], kind);
  if (result == 0 && kind->own_fs)
    result = st_system_place_restore (&self->place);
  if (result == 0)
    self->thread->returned |= kind->flag;
  return result;
}

/* Whoever may not switch at all is told of that: a user namespace helps with both. */
void
st_stay_set_no_way_home (GError      **error,
                         int           result,
                         const StKind *kind,
                         const char   *step)
{
  if (result != -EPERM || !st_process_is_admin () || !st_system_is_at_others (kind))
    {
      st_error_set_result (error, result, "%s", step);
      return;
    }
  g_autofree char *hint =
    g_strdup_printf ("no thread could come home to the %s namespace of this process, which belongs to another user namespace; run under "
                     "\"spacetest run --user --%s\", or \"spacetest run\" without kinds; an action: in a space that has %s, too",
                     kind->name, kind->index == ST_KIND_MNT ? "mount" : kind->name, kind->name);
  st_error_set_hinted (error, result, hint, "%s", step);
}

/* @way_home is what check_return() said, @result of the step that came after. */
static void
set_step_failed (GError      **error,
                 int           way_home,
                 int           result,
                 const StKind *kind,
                 const char   *step)
{
  if (way_home < 0)
    st_stay_set_no_way_home (error, way_home, kind, step);
  else
    st_error_set_result (error, result, "%s", step);
}

static gboolean
switch_to (StStay         *self,
           const StHandle *target,
           GError        **error)
{
  const StKind *kind = target->kind;
  const int way_home = self->for_good ? 0 : check_return (self, kind);
  const int result = way_home < 0 ? way_home : st_system_enter (target->fd, kind);
  if (result == 0)
    {
      self->switched |= kind->flag;
      return TRUE;
    }
  if (result == -EPERM && is_home (self, target)) /* no permission is needed to stay */
    return TRUE;
  g_autofree char *step =
    g_strdup_printf ("cannot enter %s namespace %s:[%" G_GUINT64_FORMAT "]", kind->name, kind->name, target->identity.inode);
  set_step_failed (error, way_home, result, kind, step);
  return FALSE;
}

/* The mount namespace comes last: everything else is looked up from home. */
gboolean
st_stay_enter (StStay            *self,
               const StHandleSet *targets,
               GError           **error)
{
  for (int own_fs = 0; own_fs <= 1; own_fs++)
    ST_FOREACH_KIND (kind)
      if (kind->own_fs == own_fs && targets->of_kind[kind->index] &&
          !switch_to (self, targets->of_kind[kind->index], error))
        return FALSE;
  return TRUE;
}

/* Goes there, and never comes home. If that fails, the thread is good for nothing but ending. */
gboolean
st_stay_settle (const StHandleSet *targets,
                GError           **error)
{
  StStay stay;
  if (!st_stay_begin (&stay, st_handle_set_get_types (targets), error))
    return FALSE;
  stay.for_good = TRUE;
  gboolean settled = st_stay_enter (&stay, targets, error);
  st_stay_abandon (&stay);
  return settled;
}

/* Enters a new namespace of a kind. */
gboolean
st_stay_unshare (StStay       *self,
                 const StKind *kind,
                 GError      **error)
{
  const int way_home = check_return (self, kind);
  const int result = way_home < 0 ? way_home : st_system_unshare (kind);
  if (result < 0)
    {
      g_autofree char *step = g_strdup_printf ("cannot create %s namespace", kind->name);
      set_step_failed (error, way_home, result, kind, step);
      return FALSE;
    }
  self->switched |= kind->flag;
  return TRUE;
}

static int
return_home (StStay       *self,
             const StKind *kind)
{
  /* A thread that was started inside shares root and working directory with us by now. */
  int result = kind->own_fs ? st_system_own_fs () : 0;
  if (result == 0)
    result = st_system_enter (self->home[kind->index], kind);
  if (result == 0 && kind->own_fs)
    result = st_system_place_restore (&self->place);
  if (result == 0)
    self->switched &= ~kind->flag;
  return result;
}

static gboolean
return_everything (StStay  *self,
                   GError **error)
{
  int first = 0;
  for (int own_fs = 1; own_fs >= 0 && self->switched; own_fs--)
    ST_FOREACH_KIND (kind)
      if (kind->own_fs == own_fs && (self->switched & kind->flag))
        {
          int result = return_home (self, kind);
          first = first ? first : result;
        }
  if (G_LIKELY (first == 0))
    return TRUE;

  g_autofree char *lost = st_namespace_types_to_string (self->switched);
  g_set_error (error, ST_ERROR, ST_ERROR_NO_RETURN,
               "cannot bring the thread home from %s namespace: %s (it can make no visit any more; let it end)", lost, g_strerror (-first));
  return FALSE;
}

/* Brings the thread home. If that fails, the stay is over all the same, and so are all visits of this thread: if an inner one
 * failed, the thread is not home after the outer one either. Who does not ask for the error would go on in the wrong place
 * without knowing. */
gboolean
st_stay_end (StStay  *self,
             GError **error)
{
  g_autoptr (GError) lost = NULL;
  gboolean home = return_everything (self, &lost) && st_thread_check (self->thread, &lost);
  if (!home && !error)
    g_error ("%s", lost->message);
  if (!home)
    {
      self->lost = TRUE;
      st_thread_lose (self->thread, lost);
      g_propagate_error (error, g_steal_pointer (&lost));
    }
  pop (self);
  return home;
}

/* Of two failures, the one that matters: a thread that can't come home outranks what happened before. Takes @later. */
static void
fail (GError **failure,
      GError  *later)
{
  if (*failure && !g_error_matches (later, ST_ERROR, ST_ERROR_NO_RETURN))
    {
      g_error_free (later);
      return;
    }
  g_clear_error (failure);
  *failure = later;
}

/* Ends it because of what went wrong meanwhile. */
void
st_stay_end_failed (StStay  *self,
                    GError **failure)
{
  GError *lost = NULL;
  if (!st_stay_end (self, &lost))
    fail (failure, lost);
}

/* Ends what a function entered and did not leave, down to @outer, and fails if there was any. */
void
st_stay_end_inner (StThread *thread,
                   StStay   *outer,
                   GError  **failure)
{
  guint n_left = 0;
  for (; thread->innermost != outer; n_left++)
    st_stay_end_failed (thread->innermost, failure);
  if (n_left > 0)
    fail (failure, g_error_new (ST_ERROR, ST_ERROR_WRONG_ORDER, "the function returned without leaving %u of its visits", n_left));
}

/* The thread ends where it is. */
void
st_stay_abandon (StStay *self)
{
  pop (self);
}

static guint
count_inner (StThread *thread,
             StStay   *outer)
{
  guint n = 0;
  g_mutex_lock (&thread->lock);
  for (StStay *stay = thread->innermost; stay && stay != outer; stay = stay->outer)
    n += stay->owner != NULL;
  g_mutex_unlock (&thread->lock);
  return n;
}

/* The thread ends before it has left what it entered, down to @outer. Whose function ran on a worker is told as that fails. */
void
st_stay_note_abandoned (StThread *thread,
                        StStay   *outer)
{
  const guint n = thread->is_worker ? 0 : count_inner (thread, outer);
  void (*hook) (void) = g_atomic_pointer_get (&end_hook);
  g_atomic_int_add (&n_abandoned, (gint) n);
  if (n > 0 && hook)
    hook ();
}

/* In a forked child. */
void
st_stay_forget_abandoned (void)
{
  g_atomic_int_set (&n_abandoned, 0);
}

static void
add_visits (StThread *thread,
            gpointer  n)
{
  if (!thread->is_worker)
    *(guint *) n += count_inner (thread, NULL);
}

/* All that nobody has left yet, on the process's own threads. */
guint
st_stay_count_lasting (void)
{
  guint n = 0;
  st_thread_foreach (add_visits, &n);
  return n;
}

/* Those, and the ones on which their threads ended. */
guint
st_stay_count_visits (void)
{
  return st_stay_count_lasting () + (guint) g_atomic_int_get (&n_abandoned);
}

/* Runs a function; failing without an error is an error too. */
gboolean
st_func_run (StFunc   func,
             gpointer user_data,
             GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean result = func (user_data, &failure);
  if (result && !failure)
    return TRUE;
  if (!failure)
    g_set_error_literal (&failure, ST_ERROR, ST_ERROR_CALLBACK_FAILED,
                         "the function failed without an error (a binding may have printed its exception and dropped it)");
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* A function ends its thread instead of returning. The stay goes with the stack that it is on; what it abandons may call a language, which
 * may end the thread once more. */
static void
on_thread_exit (void *data)
{
  StStay *stay = data;
  StThread *thread = stay->thread;
  if (!thread)
    return;
  st_stay_note_abandoned (thread, stay);
  while (thread->innermost != stay)
    st_stay_abandon (thread->innermost);
  st_stay_abandon (stay);
}

static void
run_inside (StStay            *stay,
            const StHandleSet *targets,
            StFunc             func,
            gpointer           user_data,
            GError           **failure)
{
  pthread_cleanup_push (on_thread_exit, stay);
  if (st_stay_enter (stay, targets, failure))
    st_func_run (func, user_data, failure);
  st_stay_end_inner (stay->thread, stay, failure);
  pthread_cleanup_pop (FALSE);
}

/* Runs a function elsewhere, on the calling thread, which is home again afterwards or lost. */
gboolean
st_stay_call (const StHandleSet *targets,
              StFunc             func,
              gpointer           user_data,
              GError           **error)
{
  StStay stay;
  GError *failure = NULL;
  if (!st_stay_begin (&stay, st_handle_set_get_types (targets), error))
    return FALSE;

  run_inside (&stay, targets, func, user_data, &failure);
  if (!failure)
    return st_stay_end (&stay, error);

  st_stay_end_failed (&stay, &failure);
  if (!error && g_error_matches (failure, ST_ERROR, ST_ERROR_NO_RETURN))
    g_error ("%s", failure->message);
  g_propagate_error (error, failure);
  return FALSE;
}
