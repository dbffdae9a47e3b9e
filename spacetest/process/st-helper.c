/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-helper-private.h"

#include "st-error-private.h"
#include "st-system.h"
#include "st-thread-private.h"
#include "st-wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM       "spacetest-helper"
#define CONNECTION    3 /* its number in the helper */

static char *
get_path (void)
{
  const char *directory = secure_getenv ("SPACETEST_LIBEXECDIR");
  return g_build_filename (directory && *directory ? directory : ST_LIBEXEC_DIR, PROGRAM, NULL);
}

/* With posix_spawn() GLib has one code for everything, and the errno in its text only. */
static int
find_number (const GError *failure)
{
  static const int scarce[] = { E2BIG, EAGAIN, ENOMEM, EMFILE, ENFILE, EBADF /* beyond the limit */ };
  for (gsize i = 0; i < G_N_ELEMENTS (scarce); i++)
    if (strstr (failure->message, g_strerror (scarce[i])))
      return scarce[i] == EBADF ? EMFILE : scarce[i];
  return 0;
}

static StError
get_code (const char *path)
{
  if (access (path, X_OK) == 0)
    return ST_ERROR_HELPER_FAILED;
  return errno == EACCES ? ST_ERROR_PERMISSION_DENIED : ST_ERROR_NOT_FOUND;
}

static void
explain (const char   *path,
         const GError *failure,
         GError      **error)
{
  const int number = find_number (failure);
  if (number > 0)
    st_error_set_result (error, -number, "cannot start the helper program");
  else
    st_error_set (error, get_code (path), "cannot start the helper program %.256s: %s (is spacetest installed, or SPACETEST_LIBEXECDIR set?)",
                  path, failure->message);
}

/* @arguments follow the name of the program. The launcher must have G_SUBPROCESS_FLAGS_INHERIT_FDS and no working directory, so
 * that GLib does not fork this process. */
GSubprocess *
st_helper_spawn (GSubprocessLauncher *launcher,
                 const char *const   *arguments,
                 GError             **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *path = get_path ();
  g_ptr_array_add (argv, path);
  for (; *arguments; arguments++)
    g_ptr_array_add (argv, (gpointer) *arguments);
  g_ptr_array_add (argv, NULL);

  st_thread_self (); /* starts what must be started at home */
  GSubprocess *process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &failure);
  if (!process)
    explain (path, failure, error);
  return process;
}

static gboolean
give (GSubprocessLauncher *launcher,
      int                  fd,
      void               (*take) (GSubprocessLauncher *launcher,
                                  int                  fd),
      GError             **error)
{
  int copy = fd < 0 ? -1 : st_system_dup (fd);
  if (fd < 0)
    return TRUE;
  if (copy < 0)
    st_error_set_result (error, copy, "cannot duplicate descriptor %d for the helper program", fd);
  else
    take (launcher, copy);
  return copy >= 0;
}

/* Takes @connection. */
static GSubprocess *
spawn_serving (int      connection,
               int      stdout_fd,
               int      stderr_fd,
               GError **error)
{
  static const char *const arguments[] = { "serve", G_STRINGIFY (CONNECTION), NULL };
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_INHERIT_FDS);
  g_subprocess_launcher_take_fd (launcher, connection, CONNECTION);
  if (!give (launcher, stdout_fd, g_subprocess_launcher_take_stdout_fd, error) ||
      !give (launcher, stderr_fd, g_subprocess_launcher_take_stderr_fd, error))
    return NULL;
  return st_helper_spawn (launcher, arguments, error);
}

static int
open_child (GSubprocess *process)
{
  const char *identifier = g_subprocess_get_identifier (process);
  return identifier ? st_system_open_child (atoi (identifier)) : -ESRCH;
}

/* In the namespaces of the calling thread. Descriptors that are -1 are as ours. */
gboolean
st_helper_start (StHelper *self,
                 int       stdout_fd,
                 int       stderr_fd,
                 GError  **error)
{
  int sockets[2];
  *self = (StHelper){ NULL, -1, -1 };
  int result = st_system_check_spare_descriptors ();
  if (result == 0)
    result = st_wire_pair (sockets);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot start the helper program");
      return FALSE;
    }
  self->connection = sockets[0];
  self->process = spawn_serving (sockets[1], stdout_fd, stderr_fd, error);
  if (!self->process)
    {
      st_helper_clear (self);
      return FALSE;
    }
  self->pidfd = open_child (self->process);
  if (self->pidfd >= 0)
    return TRUE;
  g_set_error (error, ST_ERROR, self->pidfd == -ESRCH ? ST_ERROR_HELPER_FAILED : ST_ERROR_EXHAUSTED,
               "the helper program ended at once, or cannot be watched: %s", g_strerror (-self->pidfd));
  st_helper_clear (self);
  return FALSE;
}

void
st_helper_clear (StHelper *self)
{
  if (self->connection >= 0)
    close (self->connection);
  if (self->pidfd >= 0)
    close (self->pidfd);
  self->connection = self->pidfd = -1;
  g_clear_object (&self->process);
}
