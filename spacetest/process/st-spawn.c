/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-spawn.h"

#include "st-spawn-private.h"
#include "st-task-private.h"
#include "st-trampoline-private.h"

/* What a task needs of its own. */
typedef struct
{
  StSpace *space;
  char **argv;
  StSpawnPlan plan;
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;
  g_object_unref (order->space);
  g_strfreev (order->argv);
  st_spawn_plan_clear (&order->plan);
  g_free (order);
}

static gpointer
fulfil (GTask   *task,
        GError **error)
{
  const Order *order = g_task_get_task_data (task);
  return st_trampoline_spawn (order->space, (const char *const *) order->argv, &order->plan, g_task_get_cancellable (task), error);
}

/* Takes @task. Once the program runs, its process is the result, cancelled or not: nobody else could end it. */
void
st_spawn_task (GTask             *task,
               StSpace           *space,
               const char *const *argv,
               const StSpawnPlan *plan)
{
  GError *error = NULL;
  Order *order = g_new0 (Order, 1);
  order->space = g_object_ref (space);
  order->argv = g_strdupv ((char **) argv);
  const gboolean copied = st_spawn_plan_copy (&order->plan, plan, &error);
  g_task_set_task_data (task, order, order_free);
  g_task_set_check_cancellable (task, FALSE);
  if (copied)
    {
      st_task_make_object (task, fulfil);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

GSubprocess *
st_spawn_list (StSpace           *space,
               const StSpawnPlan *plan,
               const char        *argv0,
               va_list            rest,
               GError           **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  for (const char *word = argv0; word; word = va_arg (rest, const char *))
    g_ptr_array_add (argv, (gpointer) word);
  g_ptr_array_add (argv, NULL);
  return st_trampoline_spawn (space, (const char *const *) argv->pdata, plan, NULL, error);
}

/**
 * st_space_spawnv:
 * @self: a space
 * @argv: (array zero-terminated=1) (element-type filename): the program and its arguments
 * @flags: what to do with standard input, output and error, and the other flags of a [class@Gio.Subprocess]
 * @error: return location for a [error@Spacetest.Error]
 *
 * Starts a program in a space.
 *
 * It works for all kinds of namespaces, from any thread, also where the caller could not go himself: the helper program of this
 * library goes there, and becomes the program. The caller's process is not forked. Whatever the space does not name is as the
 * calling thread has it.
 *
 * When this returns, the program runs: one that is missing is an error that names it. It is looked for inside, along the `PATH`
 * of the caller, or of the program's own environment with %G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP. It begins in the working
 * directory of the caller if there is one of that name inside, else in the root directory. In a user namespace it is root, if
 * there is a root.
 *
 * Exit status and fatal signal are those of the program, and signals that are sent to the process reach it, to stop and to kill
 * it, too. In a PID namespace the process is one outside that stands in for it; [method@Gio.Subprocess.get_identifier] is that
 * one's number. The program gets no descriptors but its standard ones, unless %G_SUBPROCESS_FLAGS_INHERIT_FDS is there;
 * [class@Spacetest.Launcher] can give it more.
 *
 * A kind that the caller may not enter is %ST_ERROR_PERMISSION_DENIED. A PID namespace whose init has ended takes no program any more:
 * %ST_ERROR_HELPER_FAILED if a spacer made it, else %ST_ERROR_STALE. In a process that was forked from one with threads it is
 * %ST_ERROR_NOT_SUPPORTED. In C, see also [method@Spacetest.Space.spawn].
 *
 * ```c
 * const char *const argv[] = { "ip", "address", NULL };
 * g_autoptr (GSubprocess) process = st_space_spawnv (space, argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
 * if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error))
 *   return FALSE;
 * ```
 *
 * Returns: (transfer full): the process, or %NULL with @error set
 *
 * Since: 0.1
 */
GSubprocess *
st_space_spawnv (StSpace           *self,
                 const char *const *argv,
                 GSubprocessFlags   flags,
                 GError           **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  StSpawnPlan plan;
  st_spawn_plan_init (&plan, flags);
  GSubprocess *process = st_trampoline_spawn (self, argv, &plan, NULL, error);
  st_spawn_plan_clear (&plan);
  return process;
}

/**
 * st_space_spawn: (skip)
 * @self: a space
 * @flags: flags for the process
 * @error: return location for a [error@Spacetest.Error]
 * @argv0: the program
 * @...: its arguments, and %NULL
 *
 * Starts a program in a space.
 *
 * See [method@Spacetest.Space.spawnv].
 *
 * Returns: (transfer full): the process, or %NULL with @error set
 *
 * Since: 0.1
 */
GSubprocess *
st_space_spawn (StSpace         *self,
                GSubprocessFlags flags,
                GError         **error,
                const char      *argv0,
                ...)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  StSpawnPlan plan;
  va_list rest;
  st_spawn_plan_init (&plan, flags);
  va_start (rest, argv0);
  GSubprocess *process = st_spawn_list (self, &plan, argv0, rest, error);
  va_end (rest);
  st_spawn_plan_clear (&plan);
  return process;
}

/**
 * st_space_spawnv_async:
 * @self: a space
 * @argv: (array zero-terminated=1) (element-type filename): the program and its arguments
 * @flags: flags for the process
 * @cancellable: (nullable): to give up before the program runs
 * @callback: (scope async): called when the program runs
 * @user_data: for @callback
 *
 * Starts a program in a space, on a thread of its own.
 *
 * See [method@Spacetest.Space.spawnv]. A start that is cancelled leaves no process. Once the program runs, that counts,
 * cancelled or not.
 *
 * Since: 0.1
 */
void
st_space_spawnv_async (StSpace            *self,
                       const char *const  *argv,
                       GSubprocessFlags    flags,
                       GCancellable       *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (self));
  StSpawnPlan plan;
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_space_spawnv_async);
  st_spawn_plan_init (&plan, flags);
  st_spawn_task (task, self, argv, &plan);
  st_spawn_plan_clear (&plan);
}

/**
 * st_space_spawnv_finish:
 * @self: a space
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Space.spawnv_async].
 *
 * Returns: (transfer full): the process, or %NULL with @error set
 *
 * Since: 0.1
 */
GSubprocess *
st_space_spawnv_finish (StSpace      *self,
                        GAsyncResult *result,
                        GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return st_task_finish_object (result, self, st_space_spawnv_async, error);
}
