/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Where spacers come from that are nobody's subspace. */
#include "st-spacer-private.h"

#include "st-error-private.h"
#include "st-spacer-options-private.h"
#include "st-task-private.h"
#include "st-workshop-private.h"

#include <unistd.h>

/* On the calling thread, where it stands. @context is where a death is told. */
StSpacer *
st_spacer_start (StSpacerOptions *options,
                 GMainContext    *context,
                 GCancellable    *cancellable,
                 GError         **error)
{
  StHelper helper;
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !st_spacer_options_check_first (options, error) ||
      !st_helper_start (&helper, st_spacer_options_peek_stdout (options), st_spacer_options_peek_stderr (options), error))
    return NULL;
  return st_spacer_new_take (st_channel_new_take (&helper), context, error);
}

/**
 * st_spacer_new: (constructor)
 * @cancellable: (nullable): not to begin at all
 * @error: return location for a [error@Spacetest.Error]
 *
 * Starts a helper process in the namespaces of the calling thread.
 *
 * The helper program is looked for where spacetest was installed, or in the directory that the environment variable
 * `SPACETEST_LIBEXECDIR` names, if it is set; where there is none, that is %ST_ERROR_NOT_FOUND. Nothing else of the environment changes what it
 * does. The calling process is not forked, however big it is.
 *
 * Returns: (transfer full): a new spacer, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_new (GCancellable *cancellable,
               GError      **error)
{
  return st_spacer_new_with_options (NULL, cancellable, error);
}

/**
 * st_spacer_new_with_options: (constructor)
 * @options: (nullable): where the helper's stdout and stderr go
 * @cancellable: (nullable): not to begin at all
 * @error: return location for a [error@Spacetest.Error]
 *
 * Starts a helper process in the namespaces of the calling thread.
 *
 * See [ctor@Spacetest.Spacer.new]. Clocks and a host name are for subspaces: here they are %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new spacer, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_new_with_options (StSpacerOptions *options,
                            GCancellable    *cancellable,
                            GError         **error)
{
  g_return_val_if_fail (options == NULL || ST_IS_SPACER_OPTIONS (options), NULL);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  return st_spacer_start (options, context, cancellable, error);
}

static gpointer
start_for_task (GTask   *task,
                GError **error)
{
  return st_spacer_start (g_task_get_task_data (task), g_task_get_context (task), g_task_get_cancellable (task), error);
}

static void
unref_options (gpointer options)
{
  g_clear_object (&options);
}

/**
 * st_spacer_new_async:
 * @options: (nullable): where the helper's stdout and stderr go
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the helper process is started
 * @user_data: for @callback
 *
 * Starts a helper process in the namespaces of the calling thread, without blocking.
 *
 * See [ctor@Spacetest.Spacer.new_with_options].
 *
 * Since: 0.1
 */
void
st_spacer_new_async (StSpacerOptions    *options,
                     GCancellable       *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer            user_data)
{
  g_return_if_fail (options == NULL || ST_IS_SPACER_OPTIONS (options));
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_spacer_new_async);
  g_task_set_task_data (task, options ? g_object_ref (options) : NULL, unref_options);
  st_task_make_object (task, start_for_task);
}

/**
 * st_spacer_new_finish: (constructor)
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.Spacer.new_async].
 *
 * Returns: (transfer full): a new spacer, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_new_finish (GAsyncResult *result,
                      GError      **error)
{
  return st_task_finish_object (result, NULL, st_spacer_new_async, error);
}

static GMutex lock;
static StSpacer *shared;    /* guarded by lock, as is its process */
static pid_t shared_process;

typedef struct
{
  GCancellable *cancellable;
  StSpacer *spacer;
} Order;

static gboolean
start_at_home (gpointer data,
               GError **error)
{
  Order *order = data;
  order->spacer = st_spacer_start (NULL, NULL, order->cancellable, error);
  return order->spacer != NULL;
}

static gboolean
is_usable (StSpacer *spacer)
{
  return spacer && shared_process == getpid () && !st_channel_is_gone (st_spacer_get_channel (spacer, NULL));
}

static void (*default_hook) (gboolean is_started);

void
st_spacer_set_default_hook (void (*hook) (gboolean is_started))
{
  g_atomic_pointer_set (&default_hook, hook);
}

/* Nobody owns it alone: it must not live where the first user happens to be on a visit. */
static StSpacer *
start_shared (GCancellable *cancellable,
              GError      **error)
{
  const StHandleSet home = { 0 };
  Order order = { cancellable, NULL };
  void (*hook) (gboolean) = g_atomic_pointer_get (&default_hook);
  if (hook)
    hook (FALSE);
  gboolean is_started = st_workshop_run (&home, start_at_home, &order, error);
  if (hook)
    hook (TRUE);
  if (!is_started)
    return NULL;
  shared_process = getpid ();
  return order.spacer;
}

/**
 * st_spacer_get_default:
 * @cancellable: (nullable): not to begin at all
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the spacer that all users in this process share.
 *
 * It is started at the first call, where the process is at home, and kept until the process ends. If it died or was
 * closed, the next call starts another. Its [signal@Spacetest.Spacer::died] is emitted in the global default main context.
 * A child that this process forks gets one of its own.
 *
 * Returns: (transfer full): the spacer, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpacer *
st_spacer_get_default (GCancellable *cancellable,
                       GError      **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  if (!is_usable (shared))
    {
      g_clear_object (&shared);
      shared = start_shared (cancellable, error);
    }
  return shared ? g_object_ref (shared) : NULL;
}
