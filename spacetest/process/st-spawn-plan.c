/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-spawn-plan-private.h"

#include "st-error-private.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_FLAGS ((G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP << 1) - 1)

static const char *const stdio_names[] = { "input", "output", "error" };

/* What GSubprocess can do with each of them besides a descriptor or a file. */
static const guint dispositions[] = {
  G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDIN_INHERIT,
  G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
  G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE | G_SUBPROCESS_FLAGS_STDERR_MERGE,
};

void
st_spawn_plan_init (StSpawnPlan     *self,
                    GSubprocessFlags flags)
{
  *self = (StSpawnPlan){ .flags = flags };
  self->fds = g_array_new (FALSE, FALSE, sizeof (StSpawnFd));
  for (gsize i = 0; i < G_N_ELEMENTS (self->stdio); i++)
    self->stdio[i].fd = -1;
}

static int
dup_into (int     fd,
          GError **error)
{
  const int copy = st_system_dup (fd);
  if (copy < 0)
    st_error_set_result (error, copy, "cannot give descriptor %d to a program", fd);
  return copy;
}

static gboolean
copy_fds (StSpawnPlan       *self,
          const StSpawnPlan *other,
          GError           **error)
{
  for (guint i = 0; i < other->fds->len; i++)
    {
      StSpawnFd fd = g_array_index (other->fds, StSpawnFd, i);
      fd.source = dup_into (fd.source, error);
      if (fd.source < 0)
        return FALSE;
      g_array_append_val (self->fds, fd);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (self->stdio); i++)
    {
      self->stdio[i].path = g_strdup (other->stdio[i].path);
      if (other->stdio[i].fd >= 0 && (self->stdio[i].fd = dup_into (other->stdio[i].fd, error)) < 0)
        return FALSE;
    }
  return TRUE;
}

/* With descriptors of its own. */
gboolean
st_spawn_plan_copy (StSpawnPlan       *self,
                    const StSpawnPlan *other,
                    GError           **error)
{
  st_spawn_plan_init (self, other->flags);
  self->directory = g_strdup (other->directory);
  self->environment = g_strdupv (other->environment);
  self->no_variable = g_strdup (other->no_variable);
  self->program = other->program;
  if (copy_fds (self, other, error))
    return TRUE;
  st_spawn_plan_clear (self);
  return FALSE;
}

void
st_spawn_plan_clear (StSpawnPlan *self)
{
  for (guint i = 0; self->fds && i < self->fds->len; i++)
    {
      const int fd = g_array_index (self->fds, StSpawnFd, i).source;
      if (fd >= 0)
        close (fd);
    }
  g_clear_pointer (&self->fds, g_array_unref);
  for (gsize i = 0; i < G_N_ELEMENTS (self->stdio); i++)
    st_spawn_plan_set_stdio (self, (int) i, -1, NULL);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->environment, g_strfreev);
  g_clear_pointer (&self->no_variable, g_free);
}

/* Takes @fd. */
void
st_spawn_plan_set_stdio (StSpawnPlan *self,
                         int          number,
                         int          fd,
                         const char  *path)
{
  StSpawnStdio *stdio = &self->stdio[number];
  char *copy = g_strdup (path);
  if (stdio->fd >= 0)
    close (stdio->fd);
  g_free (stdio->path);
  *stdio = (StSpawnStdio){ fd, copy };
}

static gboolean
has_one_at_most (guint flags)
{
  return (flags & (flags - 1)) == 0;
}

/* GSubprocess has criticals for that. */
static gboolean
check_stdio (const StSpawnPlan *self,
             GError           **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->stdio); i++)
    {
      const guint wanted = self->flags & dispositions[i];
      const StSpawnStdio *stdio = &self->stdio[i];
      if (!has_one_at_most (wanted) || (wanted && (stdio->fd >= 0 || stdio->path)))
        {
          g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot start a program: standard %s is to be more than one thing",
                       stdio_names[i]);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
has_target_before (const StSpawnPlan *self,
                   guint              end,
                   int                target)
{
  for (guint i = 0; i < end; i++)
    if (g_array_index (self->fds, StSpawnFd, i).target == target)
      return TRUE;
  return FALSE;
}

static gboolean
check_fds (const StSpawnPlan *self,
           GError           **error)
{
  for (guint i = 0; i < self->fds->len; i++)
    {
      const StSpawnFd *fd = &g_array_index (self->fds, StSpawnFd, i);
      if (fd->source < 0 || fd->target <= STDERR_FILENO || has_target_before (self, i, fd->target))
        {
          g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot give a program descriptor %d as %d: %s", fd->source, fd->target,
                       fd->source < 0                   ? "not a descriptor"
                       : fd->target < 0                 ? "not a number of a descriptor"
                       : fd->target <= STDERR_FILENO ? "that is standard input, output or error, which have calls of their own"
                                                        : "there is another one of that number");
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_environment (const StSpawnPlan *self,
                   GError           **error)
{
  if (self->no_variable)
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot start a program: \"%s\" is no name of a variable of its environment",
                 self->no_variable);
  return !self->no_variable;
}

gboolean
st_spawn_plan_check (const StSpawnPlan *self,
                     GError           **error)
{
  if (self->flags & ~ALL_FLAGS)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot start a program: flags %#x are unknown", (guint) self->flags);
      return FALSE;
    }
  return check_stdio (self, error) && check_fds (self, error) && check_environment (self, error);
}

/* Neither this one nor higher ones are used by the program's; or the highest number of all, which nothing can have. */
int
st_spawn_plan_get_free_fd (const StSpawnPlan *self)
{
  int last = STDERR_FILENO;
  for (guint i = 0; i < self->fds->len; i++)
    last = MAX (last, g_array_index (self->fds, StSpawnFd, i).target);
  return last < G_MAXINT ? last + 1 : G_MAXINT;
}

static int
open_stdio (const StSpawnStdio *stdio,
            int                 number,
            GError            **error)
{
  if (!stdio->path)
    return dup_into (stdio->fd, error);
  const int flags = number == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
  const int fd = open (stdio->path, flags | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd < 0)
    st_error_set_result (error, -errno, "cannot open %.256s as standard %s of a program", stdio->path, stdio_names[number]);
  return fd;
}

static gboolean
give_stdio (const StSpawnPlan   *self,
            GSubprocessLauncher *launcher,
            GError             **error)
{
  static void (*const takes[]) (GSubprocessLauncher *, int) = {
    g_subprocess_launcher_take_stdin_fd,
    g_subprocess_launcher_take_stdout_fd,
    g_subprocess_launcher_take_stderr_fd,
  };
  for (int i = 0; i < (int) G_N_ELEMENTS (self->stdio); i++)
    if (self->stdio[i].fd >= 0 || self->stdio[i].path)
      {
        const int fd = open_stdio (&self->stdio[i], i, error);
        if (fd < 0)
          return FALSE;
        takes[i] (launcher, fd);
      }
  return TRUE;
}

static gboolean
give_fds (const StSpawnPlan   *self,
          GSubprocessLauncher *launcher,
          GError             **error)
{
  for (guint i = 0; i < self->fds->len; i++)
    {
      const StSpawnFd *fd = &g_array_index (self->fds, StSpawnFd, i);
      const int copy = dup_into (fd->source, error);
      if (copy < 0)
        return FALSE;
      g_subprocess_launcher_take_fd (launcher, copy, fd->target);
    }
  return TRUE;
}

/* As GLib starts programs without forking. Where the program is and what it inherits is then a matter of the helper program; so
 * is merging, which makes GLib 2.74 close standard output where it does not fork. */
GSubprocessLauncher *
st_spawn_plan_create_launcher (const StSpawnPlan *self,
                               GError           **error)
{
  const guint ours = G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP | G_SUBPROCESS_FLAGS_STDERR_MERGE;
  const guint flags = (self->flags & ~ours) | G_SUBPROCESS_FLAGS_INHERIT_FDS;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);
  if (self->environment)
    g_subprocess_launcher_set_environ (launcher, self->environment);
  return give_stdio (self, launcher, error) && give_fds (self, launcher, error) ? g_steal_pointer (&launcher) : NULL;
}
