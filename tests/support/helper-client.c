/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper-client.h"

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "st-kernel.h"
#include "st-system.h"

#define END_MS 2000
#define ANSWER_MS 20000

extern char **environ;

void
helper_start (Helper *self,
              int     output)
{
  int sockets[2];
  posix_spawn_file_actions_t actions;
  g_autofree char *program = g_build_filename (g_getenv ("SPACETEST_LIBEXECDIR"), "spacetest-helper", NULL);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  g_autofree char *number = g_strdup_printf ("%d", sockets[1]);
  char *argv[] = { program, (char *) "serve", number, NULL };

  g_assert_cmpint (posix_spawn_file_actions_init (&actions), ==, 0);
  g_assert_cmpint (posix_spawn_file_actions_adddup2 (&actions, sockets[1], sockets[1]), ==, 0);
  if (output >= 0)
    g_assert_cmpint (posix_spawn_file_actions_adddup2 (&actions, output, STDOUT_FILENO), ==, 0);
  g_assert_cmpint (posix_spawn (&self->pid, program, &actions, NULL, argv, environ), ==, 0);
  posix_spawn_file_actions_destroy (&actions);
  close (sockets[1]);
  self->connection = sockets[0];
}

static void
reap (Helper *self,
      int     expected)
{
  int status;
  int pidfd = st_kernel_pidfd_open (self->pid);
  g_assert_cmpint (pidfd, >=, 0);
  wait_until_gone (pidfd);
  close (pidfd);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, &status, 0)), ==, self->pid);
  g_assert_cmpint (status, ==, expected);
  if (self->connection >= 0)
    close (self->connection);
  self->connection = -1;
}

void
helper_reap (Helper *self)
{
  reap (self, 0);
}

void
helper_stop (Helper *self)
{
  close (self->connection);
  self->connection = -1;
  reap (self, 0);
}

void
helper_kill (Helper *self)
{
  g_assert_no_errno (kill (self->pid, SIGKILL));
  reap (self, SIGKILL);
}

void
request_begin (Request   *self,
               StWireType type)
{
  static guint serial;
  int sockets[2];
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  st_wire_begin (&self->message, type, ++serial);
  st_wire_add_fd (&self->message, sockets[1]);
  self->answer = sockets[0];
}

/* Whether the helper is still there to read it shows in the answer. */
void
request_send (Request *self,
              int      connection)
{
  int result = st_wire_send (connection, &self->message);
  if (result != -EPIPE && result != -ECONNRESET)
    g_assert_cmpint (result, ==, 0);
  close (st_wire_take_fd (&self->message, 0));
}

gboolean
request_finish (Request       *self,
                StWireMessage *answer)
{
  struct pollfd answered = { .fd = self->answer, .events = POLLIN };
  g_assert_cmpint (TEMP_FAILURE_RETRY (poll (&answered, 1, ANSWER_MS)), ==, 1);
  int result = st_wire_receive (self->answer, answer);
  if (result != -ECONNRESET)
    g_assert_cmpint (result, >=, 0);
  close (self->answer);
  if (result == 1)
    g_assert_cmpuint (answer->record.header.serial, ==, self->message.record.header.serial);
  return result == 1;
}

gboolean
request_do (Request       *self,
            int            connection,
            StWireMessage *answer)
{
  request_send (self, connection);
  return request_finish (self, answer);
}

void
answer_assert_done (StWireMessage *answer,
                    guint          kinds,
                    gsize          n_fds)
{
  if (answer->record.header.type == ST_WIRE_FAILED)
    g_error ("step %u failed for %#x: %s", answer->record.failed.step, answer->record.failed.kinds,
             g_strerror (answer->record.failed.error));
  g_assert_cmpint (answer->record.header.type, ==, ST_WIRE_DONE);
  g_assert_cmphex (answer->record.done.kinds, ==, kinds);
  g_assert_cmpuint (answer->n_fds, ==, n_fds);
}

void
answer_assert_failed (StWireMessage *answer,
                      guint          step,
                      guint          kinds,
                      int            error)
{
  g_assert_cmpint (answer->record.header.type, ==, ST_WIRE_FAILED);
  g_assert_cmpint (answer->record.failed.error, ==, error);
  g_assert_cmpuint (answer->record.failed.step, ==, step);
  g_assert_cmphex (answer->record.failed.kinds, ==, kinds);
}

void
subspace_begin (Subspace *self,
                Request  *request,
                guint     kinds)
{
  int sockets[2];
  request_begin (request, ST_WIRE_SUBSPACE);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  st_wire_add_fd (&request->message, sockets[1]);
  request->message.record.subspace.kinds = kinds;
  self->connection = sockets[0];
}

void
subspace_send (Request *request,
               int      connection)
{
  request_send (request, connection);
  close (st_wire_take_fd (&request->message, 1));
}

static GPid
get_pid (int pidfd)
{
  int pid = 0;
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", pidfd);
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  const char *line = strstr (text, "\nPid:");
  g_assert_true (line && sscanf (line, "\nPid: %d", &pid) == 1);
  return pid;
}

gboolean
subspace_finish (Subspace      *self,
                 Request       *request,
                 StWireMessage *answer)
{
  gsize next = 1;
  if (!request_finish (request, answer) || answer->record.header.type != ST_WIRE_DONE)
    {
      close (self->connection);
      return FALSE;
    }
  self->pidfd = answer->fds[0];
  self->pid = get_pid (self->pidfd);
  ST_FOREACH_KIND (kind)
    self->fds[kind->index] = answer->record.done.kinds & kind->flag ? answer->fds[next++] : -1;
  g_assert_cmpuint (answer->n_fds, ==, next);
  return TRUE;
}

void
subspace_make (Subspace *self,
               int       connection,
               guint     kinds)
{
  Request request;
  StWireMessage answer;
  subspace_begin (self, &request, kinds);
  subspace_send (&request, connection);
  if (!subspace_finish (self, &request, &answer))
    answer_assert_done (&answer, kinds, 0);
}

void
subspace_close (Subspace *self)
{
  close (self->connection);
  close (self->pidfd);
  fds_close (self->fds, ST_N_KINDS);
}

int
space_make (int   connection,
            guint kinds,
            int  *fds)
{
  Request request;
  StWireMessage answer;
  request_begin (&request, ST_WIRE_SPACE);
  request.message.record.space.kinds = kinds;
  request.message.record.space.loopback_up = 1;
  if (!request_do (&request, connection, &answer))
    return EPIPE;
  if (answer.record.header.type == ST_WIRE_FAILED)
    return answer.record.failed.error;
  answer_assert_done (&answer, kinds, (gsize) __builtin_popcount (kinds));
  memcpy (fds, answer.fds, answer.n_fds * sizeof *fds);
  return 0;
}

void
fds_close (int  *fds,
           gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (fds[i] >= 0)
      close (fds[i]);
}

void
wait_until_gone (int pidfd)
{
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  g_assert_cmpint (TEMP_FAILURE_RETRY (poll (&ended, 1, END_MS)), ==, 1);
}

void
wait_for_end_of_file (int fd)
{
  char byte;
  struct pollfd ended = { .fd = fd, .events = POLLIN };
  g_assert_cmpint (TEMP_FAILURE_RETRY (poll (&ended, 1, END_MS)), ==, 1);
  g_assert_cmpint (read (fd, &byte, 1), ==, 0);
}

static gsize
count_fds (GPid pid)
{
  gsize n = 0;
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  g_assert_nonnull (directory);
  while (g_dir_read_name (directory))
    n++;
  return n;
}

void
wait_for_fds (GPid  pid,
              gsize expected)
{
  const gint64 deadline = g_get_monotonic_time () + ANSWER_MS * 1000;
  while (count_fds (pid) != expected && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_cmpuint (count_fds (pid), ==, expected);
}

char *
read_proc (GPid        pid,
           const char *name)
{
  char *text = NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", pid, name);
  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

void
idle_start (Idle *self)
{
  self->pid = test_start_idle_child (0);
  self->pidfd = st_kernel_pidfd_open (self->pid);
  g_assert_cmpint (self->pidfd, >=, 0);
}

gboolean
idle_is_alive (Idle *self)
{
  return waitpid (self->pid, NULL, WNOHANG) == 0;
}

void
idle_assert_killed (Idle *self)
{
  int status;
  wait_until_gone (self->pidfd);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, &status, 0)), ==, self->pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  close (self->pidfd);
}

int
helper_guard (int connection,
              int first,
              int second)
{
  Request request;
  StWireMessage answer;
  request_begin (&request, ST_WIRE_GUARD);
  st_wire_add_fd (&request.message, first);
  if (second >= 0)
    st_wire_add_fd (&request.message, second);
  if (!request_do (&request, connection, &answer))
    return EPIPE;
  if (answer.record.header.type == ST_WIRE_DONE)
    {
      answer_assert_done (&answer, 0, 0);
      return 0;
    }
  g_assert_cmpuint (answer.record.failed.step, ==, ST_WIRE_STEP_GUARD);
  return answer.record.failed.error;
}

void
maker_start (Maker *self)
{
  helper_start (&self->helper, -1);
  self->is_in_subspace = !test_is_privileged ();
  if (self->is_in_subspace)
    subspace_make (&self->subspace, self->helper.connection, CLONE_NEWUSER);
  self->connection = self->is_in_subspace ? self->subspace.connection : self->helper.connection;
  self->n_fds = self->is_in_subspace ? SUBSPACE_FDS : HELPER_FDS;
  self->pid = self->is_in_subspace ? self->subspace.pid : self->helper.pid;
}

void
maker_stop (Maker *self)
{
  if (self->is_in_subspace)
    subspace_close (&self->subspace);
  helper_stop (&self->helper);
}

void
helper_assert_alive (Helper *helper)
{
  int fds[1];
  int result = space_make (helper->connection, CLONE_NEWUTS, fds);
  g_assert_cmpint (result, ==, test_is_privileged () ? 0 : EPERM);
  if (result == 0)
    close (fds[0]);
}
