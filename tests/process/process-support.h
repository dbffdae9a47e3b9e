/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the suites of programs in spaces share. */

#define PATIENCE (30 * G_USEC_PER_SEC)
#define ALL_KINDS                                                                                                      \
  (ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_PID | ST_NAMESPACE_TIME | \
   ST_NAMESPACE_USER | ST_NAMESPACE_UTS)

/* A process in namespaces of its own, as somebody else's container has it. */
typedef struct
{
  GSubprocess *outer;
  int pid;
} Container;

/* Kept by the process from the first program on. */
static inline void
start_guard (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) guard = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
}

static inline int
read_child_of (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", pid, pid);
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  return text ? atoi (text) : 0;
}

static inline void
read_line (GSubprocess *process,
           char        *line,
           gsize        size)
{
  GInputStream *output = g_subprocess_get_stdout_pipe (process);
  gsize length = 0;
  do
    g_assert_cmpint (g_input_stream_read (output, line + length, 1, NULL, NULL), ==, 1);
  while (line[length++] != '\n' && length < size);
  line[length - 1] = '\0';
}

/* @options are unshare(1)'s; with --fork, what is inside is its child. */
static inline void
container_start (Container         *self,
                 const char *const *options)
{
  static const char *const program[] = { "--kill-child", "sh", "-c", "echo up; read nothing", NULL };
  char line[16];
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_ptr_array_add (argv, (gpointer) "unshare");
  for (; *options; options++)
    g_ptr_array_add (argv, (gpointer) *options);
  for (gsize i = 0; i < G_N_ELEMENTS (program); i++)
    g_ptr_array_add (argv, (gpointer) program[i]);
  self->outer = g_subprocess_newv ((const char *const *) argv->pdata, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  read_line (self->outer, line, sizeof line);
  g_assert_cmpstr (line, ==, "up");
  self->pid = read_child_of (atoi (g_subprocess_get_identifier (self->outer)));
  g_assert_cmpint (self->pid, >, 0);
}

/* With a user namespace and the kinds that no thread can enter. */
static inline void
container_start_full (Container *self)
{
  static const char *const options[] = { "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc", "--time",
                                         "--monotonic", "1000000", "--net", "--uts", "--ipc", "--cgroup", NULL };
  container_start (self, options);
}

static inline void
container_stop (Container *self)
{
  g_subprocess_force_exit (self->outer);
  g_subprocess_wait (self->outer, NULL, NULL);
  g_clear_object (&self->outer);
}

static inline StSpace *
open_space (int             pid,
            StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_space_new_for_pid (pid, types, &error);
  g_assert_no_error (error);
  return space;
}

/* One that there is always: where we are. */
static inline StSpace *
open_own_space (void)
{
  return ST_SPACE (test_open_current (ST_NAMESPACE_UTS));
}

/* One here, and one in a container, where programs start in another way. */
typedef struct
{
  Container container;
  StSpace *own;
  StSpace *foreign;
} Spaces;

static inline void
spaces_open (Spaces *self)
{
  container_start_full (&self->container);
  self->own = open_own_space ();
  self->foreign = open_space (self->container.pid, ALL_KINDS);
}

static inline void
spaces_clear (Spaces *self)
{
  g_object_unref (self->own);
  g_object_unref (self->foreign);
  container_stop (&self->container);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Spaces, spaces_clear)

/* Without the help of GLib's thread pool. */
static inline char *
read_all (GInputStream *stream)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  gssize n;
  while ((n = g_input_stream_read (stream, buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (text, buffer, n);
  g_assert_cmpint (n, ==, 0);
  return g_string_free (text, FALSE);
}

static inline char *
finish_output (GSubprocess *process)
{
  g_autoptr (GError) error = NULL;
  char *output = read_all (g_subprocess_get_stdout_pipe (process));
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
  return g_strchomp (output);
}

/* What a shell command says in a space. */
static inline char *
run_shell (StSpace    *space,
           const char *command)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "sh", "-c", command, NULL);
  g_assert_no_error (error);
  return finish_output (process);
}

#define assert_shell(space, command, expected)                                \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *test_output_ = run_shell (space, command);               \
    g_assert_cmpstr (test_output_, ==, expected);                             \
  }                                                                           \
  G_STMT_END

static inline int
get_pid (GSubprocess *process)
{
  const char *identifier = g_subprocess_get_identifier (process);
  return identifier ? atoi (identifier) : 0;
}

/* As in /proc/PID/stat; 'X' if there is no such process. */
static inline char
get_state (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  const char *end = g_file_get_contents (path, &text, NULL, NULL) ? strrchr (text, ')') : NULL;
  return end ? end[2] : 'X';
}

static inline void
wait_for_state (int         pid,
                const char *states)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  char state;
  while (!strchr (states, state = get_state (pid)) && g_get_monotonic_time () < deadline)
    sched_yield ();
  if (!strchr (states, state))
    g_error ("process %d is in state %c, not one of %s", pid, state, states);
}

#define STOPPED "Tt"
#define RUNNING "RSD"
#define GONE    "XZ"

/* The one among the children of who stands in for it. */
static inline int
find_command (GSubprocess *process,
              const char  *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", get_pid (process), get_pid (process));
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  g_auto (GStrv) pids = g_strsplit (text ? g_strchomp (text) : "", " ", -1);
  for (char **pid = pids; *pid; pid++)
    {
      g_autofree char *comm_path = g_strdup_printf ("/proc/%s/comm", *pid);
      g_autofree char *comm = NULL;
      if (g_file_get_contents (comm_path, &comm, NULL, NULL) && strcmp (g_strchomp (comm), name) == 0)
        return atoi (*pid);
    }
  return 0;
}
