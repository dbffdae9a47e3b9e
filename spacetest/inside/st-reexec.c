/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-reexec-private.h"

#include "st-error-private.h"
#include "st-reexec-options-private.h"
#include "st-task-private.h"

static GMutex lock;
static GHashTable *actions; /* of StActionFunc by name, guarded by lock */

/**
 * st_reexec_register: (skip)
 * @name: a name
 * @func: the action
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives a function a name, by which a fresh copy of the program finds it.
 *
 * This has to happen before [func@Spacetest.reexec_init], each time that the program is started. A name that there is already is
 * %ST_ERROR_EXISTS, and the action is the one of before.
 *
 * This function can be called from any thread.
 *
 * Returns: %TRUE if it was registered; %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_reexec_register (const char  *name,
                    StActionFunc func,
                    GError     **error)
{
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  if (!*name || !g_utf8_validate (name, -1, NULL))
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is no name of an action", name);
      return FALSE;
    }
  g_mutex_lock (&lock);
  if (!actions)
    actions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const gboolean is_new = !g_hash_table_contains (actions, name);
  if (is_new)
    g_hash_table_insert (actions, g_strdup (name), (gpointer) func);
  g_mutex_unlock (&lock);
  if (!is_new)
    st_error_set (error, ST_ERROR_EXISTS, "there is an action \"%.256s\" already", name);
  return is_new;
}

StActionFunc
st_reexec_find (const char *name)
{
  g_mutex_lock (&lock);
  StActionFunc func = actions ? (StActionFunc) g_hash_table_lookup (actions, name) : NULL;
  g_mutex_unlock (&lock);
  return func;
}

static GVariant *
judge_answer (const char            *name,
              const StReexecOptions *options,
              const StReexecOutcome *outcome,
              GError               **error)
{
  g_autoptr (GVariant) value = st_reexec_unpack (outcome->answer, error);
  if (!value)
    return NULL;
  if (outcome->status != 0 && !outcome->was_ended)
    {
      g_autofree char *end = st_reexec_describe_end (outcome->status);
      st_error_set (error, ST_ERROR_CALLBACK_FAILED, "action \"%.256s\" gave its result, but then its process %s", name, end);
      return NULL;
    }
  if (!options->result_type || g_variant_is_of_type (value, options->result_type))
    return g_steal_pointer (&value);
  g_autofree char *type = g_variant_type_dup_string (options->result_type);
  st_error_set (error, ST_ERROR_CALLBACK_FAILED, "action \"%.256s\" returned a value of type %s, not %s", name, g_variant_get_type_string (value), type);
  return NULL;
}

static GVariant *
judge (const char            *name,
       const StReexecOptions *options,
       const StReexecOutcome *outcome,
       GError               **error)
{
  if (outcome->answer)
    return judge_answer (name, options, outcome, error);
  g_autofree char *end = st_reexec_describe_end (outcome->status);
  if (outcome->has_begun)
    st_error_set (error, ST_ERROR_CALLBACK_FAILED, "action \"%.256s\" gave no result: its process %s", name, end);
  else
    st_error_set (error, ST_ERROR_CALLBACK_FAILED,
                  "action \"%.256s\" was not run: the copy of the program %s before it called st_reexec_init() (in JavaScript, runActions())", name,
                  end);
  return NULL;
}

static GVariant *
run (StSpace               *space,
     const char            *name,
     GVariant              *parameter,
     const StReexecOptions *options,
     GCancellable          *cancellable,
     GError               **error)
{
  StSpawnPlan usual = { 0 };
  StReexecOutcome outcome = { 0 };
  char *own[] = { (char *) st_reexec_get_program_name (), NULL };
  StReexecOrder order = {
    .space = space,
    .name = name,
    .parameter = parameter,
    .argv = options->command ? options->command : own,
    .is_own_program = !options->command,
    .timeout = options->timeout,
    .start_timeout = options->start_timeout,
  };
  if (!st_reexec_check (options->command ? NULL : name, error))
    return NULL;
  st_spawn_plan_init (&usual, G_SUBPROCESS_FLAGS_NONE);
  order.plan = options->launcher ? st_launcher_get_plan (options->launcher, error) : &usual;
  GVariant *value = NULL;
  if (order.plan && st_reexec_carry_out (&order, cancellable, &outcome, error))
    value = judge (name, options, &outcome, error);
  g_clear_pointer (&outcome.answer, g_variant_unref);
  st_spawn_plan_clear (&usual);
  return value;
}

static gboolean
check_input (const char *name,
             GVariant   *parameter,
             GError    **error)
{
  if (!st_reexec_check_value (parameter, error))
    return FALSE;
  if (name && *name && g_utf8_validate (name, -1, NULL))
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is no name of an action", name ? name : "");
  return FALSE;
}

/**
 * st_reexec_run:
 * @space: a space
 * @name: name of an action
 * @parameter: (nullable): a value, which is taken if it is floating, or %NULL for nothing
 * @cancellable: (nullable): to give up: the process is killed
 * @error: return location for an error
 *
 * Runs an action, which is a function of this program, in a fresh copy of this program that is started in a space.
 *
 * That way a function can run where no thread can go: in user, PID and time namespaces. Its parameter and its result go by ways of
 * their own: what the action prints is printed where this program prints, and its standard input is empty. See
 * [func@Spacetest.reexec_run_with_options] for changing this, and for a time limit; [method@Spacetest.Space.spawnv] says what it means to start
 * in a space.
 *
 * An error of the action arrives as it is, in its own domain. An action that is killed, or ends its process in any other way than by
 * returning, is %ST_ERROR_CALLBACK_FAILED, and so is a process that ends with another status than 0 after the action has returned (sanitizers
 * do that). A process that does not end within three seconds of the action's return is killed, and the result counts. What an
 * action forked is nobody's business here: it can go on, and gives no result.
 *
 * It is %ST_ERROR_NOT_SUPPORTED in a program that has not called [func@Spacetest.reexec_init], and in an action;
 * %ST_ERROR_NOT_FOUND for a name that is not registered, here or in the copy. Variables of the startup switch are not given to the copy.
 *
 * ```c
 * static GVariant *
 * who (GVariant *parameter,
 *      GError  **error)
 * {
 *   return g_variant_new ("(su)", g_variant_get_string (parameter, NULL), getuid ());
 * }
 * ```
 *
 * After `st_reexec_register ("who", who, NULL)` and `st_reexec_init (&argc, &argv)`:
 *
 * ```c
 * g_autoptr (GVariant) answer = st_reexec_run (space, "who", g_variant_new_string ("hello"), NULL, &error);
 * ```
 *
 * This function blocks, without running any main context. It can be called from any thread.
 *
 * Returns: (transfer full): the result, or %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
st_reexec_run (StSpace      *space,
               const char   *name,
               GVariant     *parameter,
               GCancellable *cancellable,
               GError      **error)
{
  return st_reexec_run_with_options (space, name, parameter, NULL, cancellable, error);
}

/**
 * st_reexec_run_with_options:
 * @space: a space
 * @name: name of an action
 * @parameter: (nullable): a value, which is taken if it is floating, or %NULL for nothing
 * @how: (nullable): how to run it, or %NULL for the usual way
 * @cancellable: (nullable): to give up: the process is killed
 * @error: return location for an error
 *
 * Runs an action with a time limit, or with an environment, descriptors or standard input and output of its own.
 *
 * See [func@Spacetest.reexec_run]. What takes too long is killed, and is %G_IO_ERROR_TIMED_OUT.
 *
 * Returns: (transfer full): the result, or %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
st_reexec_run_with_options (StSpace         *space,
                            const char      *name,
                            GVariant        *parameter,
                            StReexecOptions *how,
                            GCancellable    *cancellable,
                            GError         **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_return_val_if_fail (how == NULL || ST_IS_REEXEC_OPTIONS (how), NULL);
  g_autoptr (GVariant) kept = parameter ? g_variant_ref_sink (parameter) : NULL;
  g_autoptr (StReexecOptions) own = st_reexec_options_copy (how);
  return check_input (name, kept, error) ? run (space, name, kept, own, cancellable, error) : NULL;
}

/* What a task needs of its own. */
typedef struct
{
  StSpace *space;
  char *name;
  GVariant *parameter;
  StReexecOptions *options;
  GVariant *result;
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;
  g_object_unref (order->space);
  g_free (order->name);
  g_clear_pointer (&order->parameter, g_variant_unref);
  g_object_unref (order->options);
  g_clear_pointer (&order->result, g_variant_unref);
  g_free (order);
}

static gboolean
fulfil (GTask   *task,
        GError **error)
{
  Order *order = g_task_get_task_data (task);
  if (check_input (order->name, order->parameter, error))
    order->result = run (order->space, order->name, order->parameter, order->options, g_task_get_cancellable (task), error);
  return order->result != NULL;
}

/**
 * st_reexec_run_async:
 * @space: a space
 * @name: name of an action
 * @parameter: (nullable): a value, which is taken if it is floating, or %NULL for nothing
 * @how: (nullable): how to run it, or %NULL for the usual way
 * @cancellable: (nullable): to give up: the process is killed
 * @callback: (scope async): called when the action has ended
 * @user_data: for @callback
 *
 * Runs an action, and waits for it on a thread of its own.
 *
 * See [func@Spacetest.reexec_run_with_options].
 *
 * Since: 0.1
 */
void
st_reexec_run_async (StSpace            *space,
                     const char         *name,
                     GVariant           *parameter,
                     StReexecOptions    *how,
                     GCancellable       *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (space));
  g_return_if_fail (how == NULL || ST_IS_REEXEC_OPTIONS (how));
  GTask *task = st_task_new (space, cancellable, callback, user_data);
  Order *order = g_new0 (Order, 1);
  order->space = g_object_ref (space);
  order->name = g_strdup (name);
  order->parameter = parameter ? g_variant_ref_sink (parameter) : NULL;
  order->options = st_reexec_options_copy (how);
  g_task_set_source_tag (task, st_reexec_run_async);
  g_task_set_task_data (task, order, order_free);
  st_task_check (task, fulfil);
}

/**
 * st_reexec_run_finish:
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [func@Spacetest.reexec_run_async].
 *
 * Returns: (transfer full): the result, or %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
st_reexec_run_finish (GAsyncResult *result,
                      GError      **error)
{
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);
  g_autoptr (GObject) source = g_async_result_get_source_object (result);
  if (!st_task_finish_boolean (result, source, st_reexec_run_async, error))
    return NULL;
  Order *order = g_task_get_task_data (G_TASK (result));
  return order->result ? g_variant_ref (order->result) : NULL;
}
