/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-space-private.h"

#include "st-error-private.h"
#include "st-namespace-ref-private.h"
#include "st-stay-private.h"
#include "st-task-private.h"
#include "st-visit-private.h"
#include "st-worker-private.h"

/**
 * StSpace:
 *
 * Where something runs: an immutable set of namespaces, at most one of each kind.
 *
 * A [class@Spacetest.NamespaceRef] is a space of one. Whatever a space does not name is as the caller has it.
 *
 * There are three ways to run something in a space:
 *
 * - [method@Spacetest.Space.call] takes the calling thread there and back. It is the fastest.
 * - [method@Spacetest.Space.enter] takes the calling thread there until [method@Spacetest.Visit.leave].
 * - [method@Spacetest.Space.run_in_thread] leaves the calling thread alone: a thread that lives in the space does it.
 *
 * Threads that are started inside a space stay there for good, those of GLib's pools too. Sockets, netlink and timers are
 * fine in a space; what GIO does on its pool (files, names, connecting by name) does not belong there.
 *
 * A thread of a threaded process can enter mount, network, UTS, IPC and cgroup namespaces. For user, PID and time namespaces
 * that is %ST_ERROR_NOT_SUPPORTED, unless the thread is in that very one.
 *
 * All methods can be called from any thread.
 *
 * ```c
 * static gboolean
 * listen_inside (gpointer user_data,
 *                GError **error)
 * {
 *   return g_socket_listener_add_inet_port (user_data, 8080, NULL, error);
 * }
 * ```
 *
 * With a network, a mount table and a listener:
 *
 * ```c
 * StNamespaceRef *refs[] = { ST_NAMESPACE_REF (netns), ST_NAMESPACE_REF (mntns) };
 * g_autoptr (StSpace) space = st_space_new (refs, G_N_ELEMENTS (refs), &error);
 * if (space == NULL || !st_space_call (space, listen_inside, listener, &error))
 *   return FALSE;
 * ```
 *
 * Since: 0.1
 */
G_DEFINE_TYPE (StSpace, st_space, G_TYPE_OBJECT)

static gboolean
st_space_real_acquire (StSpace     *self,
                       StHandleSet *set,
                       GError     **error)
{
  if (!self->refs)
    return st_error_set_closed (error, "space");
  for (guint i = 0; i < self->refs->len; i++)
    if (!st_space_acquire (self->refs->pdata[i], set, error))
      return FALSE;
  return TRUE;
}

static StNamespaceType
st_space_real_get_types (StSpace *self)
{
  guint types = 0;
  for (guint i = 0; self->refs && i < self->refs->len; i++)
    types |= st_space_get_types (self->refs->pdata[i]);
  return types;
}

static StNamespaceRef *
st_space_real_get_ref (StSpace        *self,
                       StNamespaceType type)
{
  for (guint i = 0; self->refs && i < self->refs->len; i++)
    if (st_space_get_types (self->refs->pdata[i]) == type)
      return self->refs->pdata[i];
  return NULL;
}

static void
st_space_dispose (GObject *object)
{
  st_space_unwatch (ST_SPACE (object));
  st_space_stop_workers (ST_SPACE (object));
  G_OBJECT_CLASS (st_space_parent_class)->dispose (object);
}

static void
st_space_finalize (GObject *object)
{
  StSpace *self = ST_SPACE (object);
  g_clear_pointer (&self->refs, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_space_parent_class)->finalize (object);
}

static void
st_space_class_init (StSpaceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = st_space_dispose;
  G_OBJECT_CLASS (klass)->finalize = st_space_finalize;
  klass->acquire = st_space_real_acquire;
  klass->get_types = st_space_real_get_types;
  klass->get_ref = st_space_real_get_ref;
}

static void
st_space_init (StSpace *self)
{
  g_mutex_init (&self->lock);
}

gboolean
st_space_acquire (StSpace     *self,
                  StHandleSet *set,
                  GError     **error)
{
  return ((StSpaceClass *) ((GTypeInstance *) self)->g_class)->acquire (self, set, error);
}

static gboolean
drop_what_no_thread_enters (StHandleSet *set,
                            GError     **error)
{
  ST_FOREACH_KIND (kind)
    if (set->of_kind[kind->index] && !kind->by_thread)
      {
        g_autoptr (StHandle) current = st_handle_new_current (kind, error);
        if (!current)
          return FALSE;
        if (!st_system_is_same (&current->identity, &set->of_kind[kind->index]->identity))
          {
            g_set_error (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED,
                         "cannot enter %s namespace: no thread of a threaded process can (start a program there instead: "
                         "spawn it, use a spacer or re-execute; see docs: threads)", kind->name);
            return FALSE;
          }
        g_clear_pointer (&set->of_kind[kind->index], st_handle_unref);
      }
  return TRUE;
}

/* What a thread has to switch to be in the space. */
gboolean
st_space_acquire_enterable (StSpace     *self,
                            StHandleSet *set,
                            GError     **error)
{
  return st_space_acquire (self, set, error) && drop_what_no_thread_enters (set, error);
}

/* Takes @refs. */
StSpace *
st_space_new_take (GPtrArray *refs)
{
  StSpace *self = g_object_new (ST_TYPE_SPACE, NULL);
  self->refs = refs;
  return self;
}

/**
 * st_space_new: (constructor)
 * @refs: (array length=n_refs): namespaces, each of another kind
 * @n_refs: how many; at least one
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a space of namespaces.
 *
 * An empty list and two references of one kind are %ST_ERROR_INVALID_ARGUMENT, a closed reference is %ST_ERROR_CLOSED. The
 * space keeps the references: once one of them is closed, the space is too.
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_space_new (StNamespaceRef **refs,
              gsize            n_refs,
              GError         **error)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (StHandleSet) set = { 0 };
  guint types = 0;
  if (n_refs == 0)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a space needs at least one namespace");
      return NULL;
    }
  for (gsize i = 0; i < n_refs; i++)
    {
      if (!ST_IS_NAMESPACE_REF (refs[i]))
        {
          g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "no namespace at place %" G_GSIZE_FORMAT, i);
          return NULL;
        }
      const StNamespaceType type = st_namespace_ref_get_namespace_type (refs[i]);
      if (types & type)
        {
          g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "two %s namespaces in one space", st_namespace_type_get_name (type));
          return NULL;
        }
      if (!st_space_acquire (ST_SPACE (refs[i]), &set, error))
        return NULL;
      types |= type;
      g_ptr_array_add (kept, g_object_ref (refs[i]));
    }
  return st_space_new_take (g_steal_pointer (&kept));
}

/**
 * st_space_new_for_pid: (constructor)
 * @pid: a process
 * @types: which of its namespaces
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a space of namespaces that a process is in now.
 *
 * A process that ends meanwhile is %ST_ERROR_NOT_FOUND, never somebody else who got its number. The space stays what it is,
 * wherever the process goes. The namespaces of other users' processes are %ST_ERROR_PERMISSION_DENIED, see
 * [ptrace(2)](man:ptrace(2)) on `PTRACE_MODE_READ_FSCREDS`.
 *
 * Returns: (transfer full): a new space, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_space_new_for_pid (int             pid,
                      StNamespaceType types,
                      GError        **error)
{
  g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_object_unref);
  if (!st_namespace_types_check (types, error) || !st_namespace_ref_collect_for_pid (pid, types, refs, error))
    return NULL;
  return st_space_new_take (g_steal_pointer (&refs));
}

/**
 * st_space_get_types:
 * @self: a space
 *
 * Gets the kinds of namespaces in a space.
 *
 * Returns: the kinds; %ST_NAMESPACE_NONE if @self was made without its constructor
 *
 * Since: 0.1
 */
StNamespaceType
st_space_get_types (StSpace *self)
{
  g_return_val_if_fail (ST_IS_SPACE (self), ST_NAMESPACE_NONE);
  return ((StSpaceClass *) ((GTypeInstance *) self)->g_class)->get_types (self);
}

/**
 * st_space_get_ref:
 * @self: a space
 * @type: one kind of namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the namespace of a kind from a space.
 *
 * What was made by this library comes back as what it is: a [class@Spacetest.TransientNetns], for example. A kind that the
 * space does not have is %ST_ERROR_NOT_FOUND.
 *
 * Returns: (transfer none): the reference, which belongs to the space, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_space_get_ref (StSpace        *self,
                  StNamespaceType type,
                  GError        **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  const StNamespaceType types = st_space_get_types (self);
  if (types == ST_NAMESPACE_NONE)
    {
      st_error_set_closed (error, "space");
      return NULL;
    }
  if (!st_namespace_type_check_one (type, error))
    return NULL;
  if (!(types & type))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_FOUND, "no %s namespace in this space", st_namespace_type_get_name (type));
      return NULL;
    }
  return ((StSpaceClass *) ((GTypeInstance *) self)->g_class)->get_ref (self, type);
}

/**
 * st_space_enter:
 * @self: a space
 * @error: return location for a [error@Spacetest.Error]
 *
 * Takes the calling thread into a space, until [method@Spacetest.Visit.leave].
 *
 * Visits nest, and end on their thread in the reverse order of their beginning. Dropping the visit does not end it.
 *
 * In a mount namespace the thread begins in its root directory. From the first such visit on, root, working directory and
 * umask of the thread are no longer shared with the other threads; [unshare(2)](man:unshare(2)) tells more on `CLONE_FS`.
 *
 * It takes `CAP_SYS_ADMIN` there and at home, otherwise it is %ST_ERROR_PERMISSION_DENIED: see the guide to privileges. User, PID
 * and time namespaces are %ST_ERROR_NOT_SUPPORTED, a space with a closed reference is %ST_ERROR_CLOSED, and a thread that could not be brought
 * home once is %ST_ERROR_NO_RETURN.
 *
 * In C, [func@Spacetest.VISIT_SCOPE] leaves by itself.
 *
 * Returns: (transfer full): the visit, or %NULL with @error set; the thread is where it was then
 *
 * Since: 0.1
 */
StVisit *
st_space_enter (StSpace *self,
                GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  g_auto (StHandleSet) targets = { 0 };
  if (!st_space_acquire_enterable (self, &targets, error))
    return NULL;
  return st_visit_new (self, &targets, error);
}

/**
 * st_space_call:
 * @self: a space
 * @func: (scope call) (closure user_data): what to do there
 * @user_data: for @func
 * @error: return location for a [error@Spacetest.Error], or what @func sets
 *
 * Calls a function on the calling thread, in a space, and brings the thread home again.
 *
 * Visits that @func makes and does not leave are ended, and are %ST_ERROR_WRONG_ORDER. A thread that can't be brought home is
 * %ST_ERROR_NO_RETURN, whatever @func returned. For mount namespaces, and for what else can go wrong, see
 * [method@Spacetest.Space.enter]. In a mount namespace, root and working directory are what they were when this returns.
 *
 * Returns: %TRUE if the thread was there, @func returned %TRUE, and the thread is home
 *
 * Since: 0.1
 */
gboolean
st_space_call (StSpace *self,
               StFunc   func,
               gpointer user_data,
               GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_auto (StHandleSet) targets = { 0 };
  return st_space_acquire_enterable (self, &targets, error) && st_stay_call (&targets, func, user_data, error);
}

/**
 * st_space_run_in_thread:
 * @self: a space
 * @func: (scope call) (closure user_data): what to do there
 * @user_data: for @func
 * @cancellable: (nullable): to give up before @func begins
 * @error: return location for a [error@Spacetest.Error], or what @func sets
 *
 * Runs a function on a thread that lives in a space, and waits for it. The calling thread stays as it is.
 *
 * The thread is started at the first run, and ends with the space or when one of its references is closed. Runs of one space
 * queue in order. Between them the thread waits in a [struct@GLib.MainContext] of its own, its thread default, so that sockets
 * and timers that a run leaves there are served until it ends. Callers who stand elsewhere get another thread, as what the space
 * does not name is as the caller has it.
 *
 * A run from within a run of the same space is a plain call. A run of another space whose thread waits for the calling one in turn,
 * directly or by way of others, would wait for ever: it is %ST_ERROR_WRONG_THREAD.
 *
 * GJS allows no callback on another thread: there, use [method@Spacetest.Space.call] or [method@Spacetest.Space.enter].
 *
 * Returns: %TRUE if @func returned %TRUE
 *
 * Since: 0.1
 */
gboolean
st_space_run_in_thread (StSpace      *self,
                        StFunc        func,
                        gpointer      user_data,
                        GCancellable *cancellable,
                        GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_autoptr (StWorker) worker = st_space_get_worker (self, error);
  return worker && st_worker_run (worker, func, user_data, cancellable, error);
}

/**
 * st_space_run_in_thread_async:
 * @self: a space
 * @func: (scope notified) (closure func_data) (destroy free_func_data): what to do there
 * @func_data: for @func
 * @free_func_data: (nullable): frees @func_data, on any thread, once @func is done or cannot be run
 * @cancellable: (nullable): to give up before @func begins
 * @callback: (scope async) (closure user_data): called in the caller's main context when @func is done
 * @user_data: for @callback
 *
 * Runs a function on a thread that lives in a space, without blocking.
 *
 * See [method@Spacetest.Space.run_in_thread]. Once @func has begun, its result counts, cancelled or not. Starting the thread,
 * at the first run, blocks for some 50 microseconds.
 *
 * Since: 0.1
 */
void
st_space_run_in_thread_async (StSpace            *self,
                              StFunc              func,
                              gpointer            func_data,
                              GDestroyNotify      free_func_data,
                              GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (self));
  g_return_if_fail (func != NULL);
  GError *error = NULL;
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_space_run_in_thread_async);
  g_task_set_check_cancellable (task, FALSE);

  g_autoptr (StWorker) worker = st_space_get_worker (self, &error);
  if (worker)
    {
      st_worker_run_task (worker, func, func_data, free_func_data, task);
      return;
    }
  if (free_func_data)
    free_func_data (func_data);
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * st_space_run_in_thread_finish:
 * @self: a space
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error], or what the function set
 *
 * Finishes [method@Spacetest.Space.run_in_thread_async].
 *
 * Returns: %TRUE if the function returned %TRUE
 *
 * Since: 0.1
 */
gboolean
st_space_run_in_thread_finish (StSpace      *self,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  return st_task_finish_boolean (result, self, st_space_run_in_thread_async, error);
}
