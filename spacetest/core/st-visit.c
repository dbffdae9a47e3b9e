/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-visit-private.h"

#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-stay-private.h"
#include "st-transient-mntns-private.h"
#include "st-transient-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/**
 * StVisit:
 *
 * One thread's stay in a space, from [method@Spacetest.Space.enter] to [method@Spacetest.Visit.leave].
 *
 * The thread owns the visit: dropping the last reference does not end it, nor does a garbage collector; leaving does. Who
 * loses the visit loses the way home, and outer visits can't be left any more (%ST_ERROR_WRONG_ORDER): only the end of a
 * [method@Spacetest.Space.call] ends what was entered in it. If the thread ends first, the visit ends with it.
 *
 * A program that has called `g_test_init()`, and ends with status 0 while there are visits that last, ends with 1 instead, and
 * says so. What [func@Spacetest.test_init] starts knows which test it was.
 *
 * Since: 0.1
 */
struct _StVisit
{
  GObject parent_instance;

  StSpace *space;
  StStay stay;
};

G_DEFINE_FINAL_TYPE (StVisit, st_visit, G_TYPE_OBJECT)

static pid_t watched_process; /* that runs tests */

static void
st_visit_finalize (GObject *object)
{
  g_clear_object (&ST_VISIT (object)->space);
  G_OBJECT_CLASS (st_visit_parent_class)->finalize (object);
}

static void
st_visit_class_init (StVisitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = st_visit_finalize;
}

static void
st_visit_init (StVisit *self)
{
}

/* A program of tests that forgot a visit has run some of them in the wrong place, whatever they say. */
static void
check_end (int   status,
           void *unused)
{
  if (status != 0 || getpid () != watched_process || st_stay_is_watched () || st_stay_count_lasting () == 0)
    return;
  fputs ("spacetest: exit status 1, not 0: the program ended on a visit that it had not left "
         "(dropping a visit does not leave it; st_visit_leave() does)\n",
         stderr);
  exit (EXIT_FAILURE);
}

static void
watch_end_of_tests (void)
{
  static gsize is_watched = 0;
  if (!g_test_initialized () || !g_once_init_enter (&is_watched))
    return;
  watched_process = getpid ();
  on_exit (check_end, NULL);
  g_once_init_leave (&is_watched, 1);
}

/* Keeps the visit for as long as it lasts. */
static StVisit *
begun (StVisit *self,
       StSpace *space)
{
  self->space = space;
  self->stay.owner = g_object_ref (G_OBJECT (self));
  watch_end_of_tests ();
  return self;
}

StVisit *
st_visit_new (StSpace           *space,
              const StHandleSet *targets,
              GError           **error)
{
  g_autoptr (StVisit) self = g_object_new (ST_TYPE_VISIT, NULL);
  g_autoptr (GError) failure = NULL;
  if (!st_stay_begin (&self->stay, st_handle_set_get_types (targets), error))
    return NULL;
  if (st_stay_enter (&self->stay, targets, &failure))
    return begun (g_steal_pointer (&self), g_object_ref (space));
  st_stay_end_failed (&self->stay, &failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/* Enters what is there, and makes a mount namespace on the way: in a copy of its own, the thread keeps its place. */
static gboolean
enter_and_make (StStay         *stay,
                GPtrArray      *others,
                StNamespaceType types,
                GError        **error)
{
  g_auto (StHandleSet) targets = { 0 };
  for (guint i = 0; i < others->len; i++)
    if (!st_space_acquire (others->pdata[i], &targets, error))
      return FALSE;
  if (!st_stay_enter (stay, &targets, error))
    return FALSE;
  if (!(types & ST_NAMESPACE_MNT))
    return TRUE;
  StTransientMntns *mntns = NULL;
  if (st_stay_unshare (stay, &st_kinds[ST_KIND_MNT], error))
    mntns = st_transient_mntns_new_of_current (error);
  if (mntns)
    g_ptr_array_add (others, mntns);
  return mntns != NULL;
}

/**
 * st_enter_transient:
 * @types: kinds of namespaces to make
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes new namespaces, and takes the calling thread there in one step.
 *
 * See [ctor@Spacetest.Space.new_transient] and [method@Spacetest.Space.enter]. Root and working directory stay the same, in the
 * new mount namespace. What was made comes from [method@Spacetest.Visit.get_space]. Without
 * `CAP_SYS_ADMIN` it is %ST_ERROR_PERMISSION_DENIED, and user, PID and time namespaces are %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: (transfer full): the visit, or %NULL with @error set
 *
 * Since: 0.1
 */
StVisit *
st_enter_transient (StNamespaceType types,
                    GError        **error)
{
  const StNamespaceType others = types & ~ST_NAMESPACE_MNT;
  if (!st_transient_check_types (types, error))
    return NULL;
  g_autoptr (GPtrArray) refs =
    others ? st_transient_make_here (others, error) : g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (StVisit) self = g_object_new (ST_TYPE_VISIT, NULL);
  g_autoptr (GError) failure = NULL;
  if (!refs || !st_stay_begin (&self->stay, types, error))
    return NULL;
  if (enter_and_make (&self->stay, refs, types, &failure))
    return begun (g_steal_pointer (&self), st_space_new_take (g_steal_pointer (&refs)));
  st_stay_end_failed (&self->stay, &failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/**
 * st_visit_get_space:
 * @self: a visit
 *
 * Gets the space that was entered.
 *
 * Returns: (transfer none) (nullable): the space; %NULL if @self was made without its constructor
 *
 * Since: 0.1
 */
StSpace *
st_visit_get_space (StVisit *self)
{
  g_return_val_if_fail (ST_IS_VISIT (self), NULL);
  return self->space;
}

/**
 * st_visit_is_active:
 * @self: a visit
 *
 * Whether the visit still lasts. Can be asked from any thread.
 *
 * Returns: %TRUE until it was left
 *
 * Since: 0.1
 */
gboolean
st_visit_is_active (StVisit *self)
{
  g_return_val_if_fail (ST_IS_VISIT (self), FALSE);
  return g_atomic_pointer_get (&self->stay.thread) != NULL;
}

/**
 * st_visit_leave:
 * @self: a visit
 * @error: return location for a [error@Spacetest.Error]
 *
 * Brings the thread home. Leaving twice is leaving once.
 *
 * On another thread this is %ST_ERROR_WRONG_THREAD, before an inner visit has ended %ST_ERROR_WRONG_ORDER; the visit lasts on
 * then. A thread that can't be brought home, as it dropped the capabilities that it takes, is %ST_ERROR_NO_RETURN: the visit
 * is over, the thread is somewhere else, every further visit on it fails in the same way, and it had better end.
 *
 * Root and working directory are again what they were before the visit.
 *
 * Returns: %TRUE if the thread is home
 *
 * Since: 0.1
 */
gboolean
st_visit_leave (StVisit *self,
                GError **error)
{
  g_return_val_if_fail (ST_IS_VISIT (self), FALSE);
  StThread *thread = g_atomic_pointer_get (&self->stay.thread);
  if (!self->space)
    return st_error_set_closed (error, "visit");
  if (!thread && self->stay.lost)
    g_set_error (error, ST_ERROR, ST_ERROR_NO_RETURN, "this visit ended where its thread could not come home from");
  if (!thread)
    return !self->stay.lost;
  if (thread != st_thread_self ())
    {
      g_set_error (error, ST_ERROR, ST_ERROR_WRONG_THREAD, "a visit can be left only on the thread that entered");
      return FALSE;
    }
  if (thread->innermost != &self->stay)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_WRONG_ORDER, "a visit can be left only after those that were entered later on this thread");
      return FALSE;
    }
  return st_stay_end (&self->stay, error);
}

/**
 * st_visit_scope_new: (skip)
 * @space: a space
 * @error: return location for a [error@Spacetest.Error]
 *
 * Enters a space until `st_visit_scope_free()`, which [func@Spacetest.VISIT_SCOPE] calls at the end of the block.
 *
 * Returns: (transfer full): the visit, or %NULL with @error set
 *
 * Since: 0.1
 */
StVisitScope *
st_visit_scope_new (StSpace *space,
                    GError **error)
{
  return st_space_enter (space, error);
}

/**
 * st_visit_scope_free: (skip)
 * @self: (transfer full): the visit
 *
 * Leaves a visit, or ends the process with the message if that is not possible.
 *
 * Since: 0.1
 */
void
st_visit_scope_free (StVisitScope *self)
{
  g_autoptr (StVisit) visit = ST_VISIT (self);
  g_autoptr (GError) error = NULL;
  if (!st_visit_leave (visit, &error))
    g_error ("%s", error->message);
}
