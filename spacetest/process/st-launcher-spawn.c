/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Starting programs by a launcher, as it is set up at that moment. */
#include "st-launcher-private.h"

#include "st-spawn-private.h"
#include "st-task-private.h"
#include "st-trampoline-private.h"

/**
 * st_launcher_spawnv:
 * @self: a launcher
 * @space: a space
 * @argv: (array zero-terminated=1) (element-type filename): the program and its arguments
 * @error: return location for a [error@Spacetest.Error]
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
st_launcher_spawnv (StLauncher        *self,
                    StSpace           *space,
                    const char *const *argv,
                    GError           **error)
{
  g_return_val_if_fail (ST_IS_LAUNCHER (self), NULL);
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  const StSpawnPlan *plan = st_launcher_get_plan (self, error);
  return plan ? st_trampoline_spawn (space, argv, plan, NULL, error) : NULL;
}

/**
 * st_launcher_spawn: (skip)
 * @self: a launcher
 * @space: a space
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
st_launcher_spawn (StLauncher *self,
                   StSpace    *space,
                   GError    **error,
                   const char *argv0,
                   ...)
{
  g_return_val_if_fail (ST_IS_LAUNCHER (self), NULL);
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  va_list rest;
  const StSpawnPlan *plan = st_launcher_get_plan (self, error);
  if (!plan)
    return NULL;
  va_start (rest, argv0);
  GSubprocess *process = st_spawn_list (space, plan, argv0, rest, error);
  va_end (rest);
  return process;
}

/**
 * st_launcher_spawnv_async:
 * @self: a launcher
 * @space: a space
 * @argv: (array zero-terminated=1) (element-type filename): the program and its arguments
 * @cancellable: (nullable): to give up before the program runs
 * @callback: (scope async): called when the program runs
 * @user_data: for @callback
 *
 * Starts a program in a space, on a thread of its own, with what the launcher is set to now.
 *
 * See [method@Spacetest.Space.spawnv_async].
 *
 * Since: 0.1
 */
void
st_launcher_spawnv_async (StLauncher         *self,
                          StSpace            *space,
                          const char *const  *argv,
                          GCancellable       *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer            user_data)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  g_return_if_fail (ST_IS_SPACE (space));
  GError *error = NULL;
  const StSpawnPlan *plan = st_launcher_get_plan (self, &error);
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_launcher_spawnv_async);
  if (plan)
    {
      st_spawn_task (task, space, argv, plan);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * st_launcher_spawnv_finish:
 * @self: a launcher
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Launcher.spawnv_async].
 *
 * Returns: (transfer full): the process, or %NULL with @error set
 *
 * Since: 0.1
 */
GSubprocess *
st_launcher_spawnv_finish (StLauncher   *self,
                           GAsyncResult *result,
                           GError      **error)
{
  g_return_val_if_fail (ST_IS_LAUNCHER (self), NULL);
  return st_task_finish_object (result, self, st_launcher_spawnv_async, error);
}
