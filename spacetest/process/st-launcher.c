/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-launcher-private.h"

#include "st-error-private.h"

#include <string.h>
#include <unistd.h>

/**
 * StLauncher:
 *
 * Starts programs in spaces, as a [class@Gio.SubprocessLauncher] does at home: with a working directory, an environment,
 * descriptors and files of their own.
 *
 * See [method@Spacetest.Space.spawnv] for what starting in a space means. A launcher can be used again, also for other spaces.
 * It is for one thread at a time.
 *
 * The descriptors that it took are open until [method@Spacetest.Launcher.close], or until nobody has the launcher any more. What
 * is set in a launcher that is closed is ignored, and starting is %ST_ERROR_CLOSED.
 *
 * ```c
 * g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
 * st_launcher_set_cwd (launcher, "/srv");
 * st_launcher_setenv (launcher, "LANG", "C", TRUE);
 * st_launcher_take_fd (launcher, listening_fd, 3);
 * g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "server", "--listen-fd=3", NULL);
 * ```
 *
 * Since: 0.1
 */
struct _StLauncher
{
  GObject parent_instance;

  gboolean is_open;
  StSpawnPlan plan;
};

struct _StLauncherClass
{
  GObjectClass parent_class;
};

G_DEFINE_TYPE (StLauncher, st_launcher, G_TYPE_OBJECT)

static void
st_launcher_finalize (GObject *object)
{
  st_launcher_close (ST_LAUNCHER (object));
  G_OBJECT_CLASS (st_launcher_parent_class)->finalize (object);
}

static void
st_launcher_class_init (StLauncherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = st_launcher_finalize;
}

static void
st_launcher_init (StLauncher *self)
{
}

/**
 * st_launcher_new:
 * @flags: what to do with standard input, output and error, and the other flags of a [class@Gio.Subprocess]
 *
 * Makes a launcher.
 *
 * Returns: (transfer full): a new launcher
 *
 * Since: 0.1
 */
StLauncher *
st_launcher_new (GSubprocessFlags flags)
{
  StLauncher *self = g_object_new (ST_TYPE_LAUNCHER, NULL);
  st_spawn_plan_init (&self->plan, flags);
  self->is_open = TRUE;
  return self;
}

/**
 * st_launcher_set_flags:
 * @self: a launcher
 * @flags: the flags
 *
 * Sets the flags for programs to come.
 *
 * What contradicts itself, or a descriptor or file that was given, is %ST_ERROR_INVALID_ARGUMENT when a program is started.
 *
 * Since: 0.1
 */
void
st_launcher_set_flags (StLauncher      *self,
                       GSubprocessFlags flags)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  self->plan.flags = flags;
}

/**
 * st_launcher_set_cwd:
 * @self: a launcher
 * @cwd: (type filename) (nullable): a directory inside the space, or %NULL for the caller's, if there is one of that name inside
 *
 * Sets the working directory of programs to come.
 *
 * If it is not there inside, that is %ST_ERROR_NOT_FOUND when a program is started.
 *
 * Since: 0.1
 */
void
st_launcher_set_cwd (StLauncher *self,
                     const char *cwd)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (!self->is_open)
    return;
  char *copy = g_strdup (cwd);
  g_free (self->plan.directory);
  self->plan.directory = copy;
}

/**
 * st_launcher_set_environ:
 * @self: a launcher
 * @environment: (array zero-terminated=1) (element-type filename) (transfer none) (nullable): `NAME=value` lines, or %NULL for the
 *   environment that the caller has then
 *
 * Sets the whole environment of programs to come.
 *
 * Since: 0.1
 */
void
st_launcher_set_environ (StLauncher *self,
                         char      **environment)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (!self->is_open)
    return;
  char **copy = g_strdupv (environment);
  g_strfreev (self->plan.environment);
  self->plan.environment = copy;
}

static gboolean
is_variable (const char *name)
{
  return name && *name && !strchr (name, '=');
}

/* From here on, later changes of the caller's environment are not seen. */
static char **
steal_environment (StLauncher *self)
{
  char **environment = g_steal_pointer (&self->plan.environment);
  return environment ? environment : g_get_environ ();
}

/**
 * st_launcher_setenv:
 * @self: a launcher
 * @variable: (type filename): the name of a variable, without "="
 * @value: (type filename): its value
 * @overwrite: whether it is to be set if there is one of that name
 *
 * Sets a variable in the environment of programs to come.
 *
 * A name that can't be is %ST_ERROR_INVALID_ARGUMENT when a program is started.
 *
 * Since: 0.1
 */
void
st_launcher_setenv (StLauncher *self,
                    const char *variable,
                    const char *value,
                    gboolean    overwrite)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (!self->is_open || !value)
    return;
  if (is_variable (variable))
    self->plan.environment = g_environ_setenv (steal_environment (self), variable, value, overwrite);
  else if (!self->plan.no_variable)
    self->plan.no_variable = g_strdup (variable ? variable : "");
}

/**
 * st_launcher_unsetenv:
 * @self: a launcher
 * @variable: (type filename): the name of a variable, without "="
 *
 * Takes a variable out of the environment of programs to come.
 *
 * Since: 0.1
 */
void
st_launcher_unsetenv (StLauncher *self,
                      const char *variable)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (self->is_open && is_variable (variable))
    self->plan.environment = g_environ_unsetenv (steal_environment (self), variable);
}

/**
 * st_launcher_getenv:
 * @self: a launcher
 * @variable: (type filename): the name of a variable
 *
 * Gets a variable of the environment of programs to come.
 *
 * Returns: (transfer none) (type filename) (nullable): its value, which is valid until the environment is changed, or %NULL
 *
 * Since: 0.1
 */
const char *
st_launcher_getenv (StLauncher *self,
                    const char *variable)
{
  g_return_val_if_fail (ST_IS_LAUNCHER (self), NULL);
  if (!self->is_open || !is_variable (variable))
    return NULL;
  return self->plan.environment ? g_environ_getenv (self->plan.environment, variable) : g_getenv (variable);
}

static void
close_ignored (int fd)
{
  if (fd >= 0)
    close (fd);
}

/**
 * st_launcher_take_fd:
 * @self: a launcher
 * @source_fd: a descriptor, which is the launcher's then
 * @target_fd: its number in programs to come, 3 or more
 *
 * Gives a descriptor to programs to come.
 *
 * What can't be is %ST_ERROR_INVALID_ARGUMENT when a program is started.
 *
 * Since: 0.1
 */
void
st_launcher_take_fd (StLauncher *self,
                     int         source_fd,
                     int         target_fd)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  const StSpawnFd fd = { source_fd, target_fd };
  if (self->is_open)
    g_array_append_val (self->plan.fds, fd);
  else
    close_ignored (source_fd);
}

static void
take_stdio (StLauncher *self,
            int         number,
            int         fd,
            const char *path)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (self->is_open)
    st_spawn_plan_set_stdio (&self->plan, number, fd, path);
  else
    close_ignored (fd);
}

/**
 * st_launcher_take_stdin_fd:
 * @self: a launcher
 * @fd: a descriptor, which is the launcher's then, or -1 for what the flags say
 *
 * Sets the standard input of programs to come, in place of any that was set before.
 *
 * Since: 0.1
 */
void
st_launcher_take_stdin_fd (StLauncher *self,
                           int         fd)
{
  take_stdio (self, STDIN_FILENO, fd, NULL);
}

/**
 * st_launcher_take_stdout_fd:
 * @self: a launcher
 * @fd: a descriptor, which is the launcher's then, or -1 for what the flags say
 *
 * Sets the standard output of programs to come, in place of any that was set before.
 *
 * Since: 0.1
 */
void
st_launcher_take_stdout_fd (StLauncher *self,
                            int         fd)
{
  take_stdio (self, STDOUT_FILENO, fd, NULL);
}

/**
 * st_launcher_take_stderr_fd:
 * @self: a launcher
 * @fd: a descriptor, which is the launcher's then, or -1 for what the flags say
 *
 * Sets the standard error of programs to come, in place of any that was set before.
 *
 * Since: 0.1
 */
void
st_launcher_take_stderr_fd (StLauncher *self,
                            int         fd)
{
  take_stdio (self, STDERR_FILENO, fd, NULL);
}

/**
 * st_launcher_set_stdin_file_path:
 * @self: a launcher
 * @path: (type filename) (nullable): a file as the caller sees it, or %NULL for what the flags say
 *
 * Sets a file as the standard input of programs to come. It is opened when a program is started, by the caller.
 *
 * Since: 0.1
 */
void
st_launcher_set_stdin_file_path (StLauncher *self,
                                 const char *path)
{
  take_stdio (self, STDIN_FILENO, -1, path);
}

/**
 * st_launcher_set_stdout_file_path:
 * @self: a launcher
 * @path: (type filename) (nullable): a file as the caller sees it, or %NULL for what the flags say
 *
 * Sets a file as the standard output of programs to come. It is made, or emptied, when a program is started, by the caller.
 *
 * Since: 0.1
 */
void
st_launcher_set_stdout_file_path (StLauncher *self,
                                  const char *path)
{
  take_stdio (self, STDOUT_FILENO, -1, path);
}

/**
 * st_launcher_set_stderr_file_path:
 * @self: a launcher
 * @path: (type filename) (nullable): a file as the caller sees it, or %NULL for what the flags say
 *
 * Sets a file as the standard error of programs to come. It is made, or emptied, when a program is started, by the caller.
 *
 * Since: 0.1
 */
void
st_launcher_set_stderr_file_path (StLauncher *self,
                                  const char *path)
{
  take_stdio (self, STDERR_FILENO, -1, path);
}

/* How it would start programs now; NULL with an error if it is closed. */
const StSpawnPlan *
st_launcher_get_plan (StLauncher *self,
                      GError    **error)
{
  if (self->is_open)
    return &self->plan;
  st_error_set_closed (error, "launcher");
  return NULL;
}

/**
 * st_launcher_close:
 * @self: a launcher
 *
 * Closes the descriptors that the launcher took. It starts no programs any more; those that it started go on.
 *
 * Since: 0.1
 */
void
st_launcher_close (StLauncher *self)
{
  g_return_if_fail (ST_IS_LAUNCHER (self));
  if (self->is_open)
    st_spawn_plan_clear (&self->plan);
  self->is_open = FALSE;
}
