/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper.h"

#include "st-coverage.h"
#include "st-join.h"
#include "st-kernel.h"
#include "st-mirror.h"
#include "st-process.h"
#include "st-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* join FD [--here=DIR] [--directory=DIR] [--path=PATH|--program=FD] [--merge] [--keep=FDS|--keep-all] -- ARGV...
 *
 * Goes into the namespaces that it gets over FD, and becomes the program. What fails is told over FD. Before it executes the program it says
 * that, and FD is closed when the program runs. A program may be given as a descriptor, wherever its file is inside. */

#define FAILED 127
#define NO_PATH "/bin:/usr/bin:." /* as GLib has it */
#define PATIENCE_MS 30000         /* with the helper that guards */

typedef struct
{
  int answer;
  char *here;      /* the caller's directory, if that is not ours */
  char *directory; /* inside; NULL: as it is here, if it is there */
  char *path;      /* where programs are; NULL: as in the environment */
  int program;     /* or 0 */
  int *kept;       /* descriptors for the program */
  size_t n_kept;
  bool keeps_all;
  bool merges;     /* standard error is as standard output */
  char **argv;
} Order;

typedef struct
{
  const Order *order;
  uint32_t serial;
  int fds[ST_N_KINDS];
  int guard; /* connection of the helper that kills the program when its caller is gone, or -1 */
  int guarded; /* what it says comes from here, or -1 */
  char directory[PATH_MAX]; /* the caller's, or empty */
  StJoin join;
  StMirror mirror;
} Job;

static void
tell (const Job   *job,
      StWireStep   step,
      unsigned int kinds,
      int          result)
{
  StWireMessage message;
  st_wire_begin_failed (&message, job->serial, step, kinds, result);
  st_wire_send (job->order->answer, &message); /* if nobody listens, there is nobody to run it for */
}

static noreturn void
fail (const Job   *job,
      StWireStep   step,
      unsigned int kinds,
      int          result)
{
  tell (job, step, kinds, result);
  _exit (FAILED);
}

/* Of who stands in for the program, or is about to. */
static noreturn void
give_up (Job         *job,
         StWireStep   step,
         unsigned int kinds,
         int          result)
{
  tell (job, step, kinds, result);
  if (job->join.takes_child)
    st_mirror_abandon (&job->mirror);
  st_coverage_save ();
  _exit (FAILED);
}

static void
check (const Job *job,
       StWireStep step,
       int        result)
{
  if (result < 0)
    fail (job, step, 0, result);
}

/* Where there are too few descriptors, some of those that come along are cut off. */
static int
explain_nonsense (void)
{
  int fds[ST_WIRE_MAX_FDS];
  size_t n = 0;
  while (n < ST_WIRE_MAX_FDS && (fds[n] = dup (STDIN_FILENO)) >= 0)
    n++;
  const int result = n < ST_WIRE_MAX_FDS ? -errno : -EPROTO;
  while (n > 0)
    close (fds[--n]);
  return result;
}

static void
receive_job (Job *job)
{
  StWireMessage message;
  int result = st_wire_receive (job->order->answer, &message);
  if (result == -EPROTO)
    result = explain_nonsense ();
  if (result == 0)
    _exit (FAILED);
  job->serial = message.record.header.serial;
  check (job, result == -EPROTO ? ST_WIRE_STEP_UNDERSTAND : ST_WIRE_STEP_OPEN, result);
  if (message.record.header.type != ST_WIRE_JOIN)
    fail (job, ST_WIRE_STEP_UNDERSTAND, 0, -EPROTO);

  size_t n = 0;
  ST_FOREACH_KIND (kind)
    job->fds[kind->index] = message.record.join.kinds & kind->flag ? st_wire_take_fd (&message, n++) : -1;
  job->guard = message.record.join.has_guard ? st_wire_take_fd (&message, n) : -1;
}

static void
check_guard (Job *job,
             int  result)
{
  if (result < 0)
    give_up (job, ST_WIRE_STEP_GUARD, 0, result);
}

static int
send_to_guard (const Job *job,
               int        answer,
               int        self,
               int        command)
{
  StWireMessage message;
  int result;
  st_wire_begin (&message, ST_WIRE_GUARD, job->serial);
  st_wire_add_fd (&message, answer);
  st_wire_add_fd (&message, self);
  if (command >= 0)
    st_wire_add_fd (&message, command);
  while ((result = st_wire_send (job->guard, &message)) == -EAGAIN) /* our caller's end does not block */
    poll (&(struct pollfd) { .fd = job->guard, .events = POLLOUT }, 1, -1);
  return result;
}

/* The helper at the other end is to kill the program when the caller's connection is closed, and this copy of it. */
static void
ask_guard (Job *job,
           int  command)
{
  int sockets[2];
  job->guarded = -1;
  if (job->guard < 0)
    return;
  check_guard (job, st_wire_pair (sockets));
  job->guarded = sockets[0];
  const int self = st_kernel_pidfd_open (getpid ());
  const int result = self < 0 ? self : send_to_guard (job, sockets[1], self, command);
  close (sockets[1]);
  close (self);
  close (job->guard);
  check_guard (job, result);
}

static int
receive_from_guard (const Job *job)
{
  StWireMessage answer;
  struct pollfd answered = { .fd = job->guarded, .events = POLLIN };
  int result = poll (&answered, 1, PATIENCE_MS);
  if (result <= 0)
    return result < 0 ? -errno : -ETIMEDOUT;
  result = st_wire_receive (job->guarded, &answer);
  if (result == 0) /* it ended before it read that */
    return -ECONNRESET;
  if (result < 0)
    return result;
  st_wire_close_fds (&answer);
  if (answer.record.header.type == ST_WIRE_FAILED)
    return -answer.record.failed.error;
  return answer.record.header.type == ST_WIRE_DONE ? 0 : -EPROTO;
}

/* Nothing may run that is not guarded. */
static void
await_guard (Job *job)
{
  if (job->guarded < 0)
    return;
  const int result = receive_from_guard (job);
  close (job->guarded);
  check_guard (job, result < 0 ? result : 0);
}

static void
enter (Job *job)
{
  const int result = st_join_enter (&job->join);
  if (result < 0)
    give_up (job, ST_WIRE_STEP_ENTER, job->join.failed, result);
}

/* Where the caller is, if that is there inside; the program's own directory counts from there. */
static void
go_to_directory (const Job *job)
{
  if (job->join.kinds & st_kinds[ST_KIND_MNT].flag && (!job->directory[0] || chdir (job->directory) < 0) && chdir ("/") < 0)
    fail (job, ST_WIRE_STEP_DIRECTORY, 0, -errno);
  if (job->order->directory && chdir (job->order->directory) < 0)
    fail (job, ST_WIRE_STEP_DIRECTORY, 0, -errno);
}

static char **
copy_environment (void)
{
  size_t n = 0;
  while (environ[n])
    n++;
  char **copy = calloc (n + 1, sizeof *copy);
  if (copy)
    memcpy (copy, environ, n * sizeof *copy);
  return copy;
}

static bool
is_in (const char *directory,
       size_t      length,
       const char *program)
{
  char path[PATH_MAX];
  const int size = snprintf (path, sizeof path, "%.*s/%s", (int) length, directory, program);
  return size > 0 && (size_t) size < sizeof path && access (path, F_OK) == 0;
}

/* A directory that may not be searched makes execvpe() say EACCES for any name. */
static bool
is_there (const char *program,
          const char *path)
{
  bool found = strchr (program, '/') != NULL;
  for (size_t length; !found && *path; path += length + (path[length] == ':'))
    {
      length = strcspn (path, ":");
      found = is_in (length > 0 ? path : ".", length > 0 ? length : 1, program);
    }
  return found;
}

/* The program gets the environment as it is; where it is looked for is another matter. */
static noreturn void
execute (const Job *job)
{
  const Order *order = job->order;
  char **environment = copy_environment ();
  st_coverage_save ();
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_DONE, job->serial);
  check (job, ST_WIRE_STEP_EXECUTE, st_wire_send (order->answer, &message));
  if (order->program && environment)
    {
      fexecve (order->program, order->argv, environment);
      fail (job, ST_WIRE_STEP_EXECUTE, 0, -errno);
    }
  const char *path = order->path ? order->path : getenv ("PATH");
  if (!path)
    path = NO_PATH;
  if (environment && setenv ("PATH", path, 1) == 0)
    execvpe (order->argv[0], order->argv, environment);
  const int error = errno;
  fail (job, ST_WIRE_STEP_EXECUTE, 0, error == EACCES && !is_there (order->argv[0], path) ? -ENOENT : -error);
}

static noreturn void
become_command (const Job *job)
{
  if (st_join_get_user (&job->join) >= 0)
    check (job, ST_WIRE_STEP_IDS, st_join_become_root ());
  if (job->join.takes_child)
    st_mirror_bind ();
  go_to_directory (job);
  signal (SIGPIPE, SIG_DFL); /* GIO ignores it in the caller, and what it starts itself does not */
  execute (job);
}

/* Stays outside, as nobody can change his own PID namespace. */
static noreturn void
run_child (Job *job)
{
  int result = st_mirror_prepare (&job->mirror);
  if (result >= 0)
    {
      enter (job);
      result = st_mirror_fork (&job->mirror, st_join_get_user (&job->join));
    }
  if (result == 0)
    become_command (job);
  if (result < 0)
    give_up (job, ST_WIRE_STEP_FORK, 0, result);
  ask_guard (job, job->mirror.pidfd);
  await_guard (job);
  st_mirror_end (st_mirror_run (&job->mirror));
}

static noreturn void
run (Job *job)
{
  receive_job (job);
  if (job->order->here)
    snprintf (job->directory, sizeof job->directory, "%s", job->order->here);
  else if (!getcwd (job->directory, sizeof job->directory))
    job->directory[0] = '\0';
  const int result = st_join_plan (&job->join, job->fds);
  if (result < 0)
    fail (job, ST_WIRE_STEP_OPEN, job->join.failed, result);
  if (job->join.takes_child)
    run_child (job);
  ask_guard (job, -1);
  enter (job);
  await_guard (job);
  become_command (job);
}

static bool
is_option (char       *word,
           const char *name,
           char      **value)
{
  const size_t length = strlen (name);
  if (strncmp (word, name, length) != 0)
    return false;
  *value = word + length;
  return true;
}

static bool
parse_kept (Order *order,
            char  *list)
{
  size_t room = 1;
  for (const char *c = list; *c; c++)
    room += *c == ',';
  order->kept = calloc (room, sizeof *order->kept);
  for (char *word = strtok (list, ","); word && order->kept; word = strtok (NULL, ","))
    order->kept[order->n_kept++] = atoi (word);
  return order->kept;
}

static bool
parse (Order *order,
       int    argc,
       char **argv)
{
  char *list, *number;
  int i = 1;
  if (argc < 1)
    return false;
  order->answer = atoi (argv[0]);
  for (; i < argc && strcmp (argv[i], "--") != 0; i++)
    if (strcmp (argv[i], "--keep-all") == 0)
      order->keeps_all = true;
    else if (strcmp (argv[i], "--merge") == 0)
      order->merges = true;
    else if (is_option (argv[i], "--keep=", &list))
      {
        if (!parse_kept (order, list))
          return false;
      }
    else if (is_option (argv[i], "--program=", &number))
      order->program = atoi (number);
    else if (!is_option (argv[i], "--here=", &order->here) && !is_option (argv[i], "--directory=", &order->directory) && !is_option (argv[i], "--path=", &order->path))
      return false;
  order->argv = argv + i + 1;
  return order->answer > STDERR_FILENO && i + 1 < argc;
}

/* Whatever the caller has open and did not mean for the program. */
static void
close_others (const Order *order)
{
  int needed[order->n_kept + 5];
  size_t n = 0;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    needed[n++] = fd;
  needed[n++] = order->answer;
  if (order->program)
    needed[n++] = order->program;
  for (size_t i = 0; i < order->n_kept; i++)
    needed[n++] = order->kept[i];
  st_process_close_all_but (needed, n);
}

int
join_main (int    argc,
           char **argv)
{
  Order order = { 0 };
  Job job = { .order = &order };
  if (!parse (&order, argc, argv) || fcntl (order.answer, F_SETFD, FD_CLOEXEC) < 0)
    return helper_refuse ();
  if (order.program && (order.program <= STDERR_FILENO || fcntl (order.program, F_SETFD, FD_CLOEXEC) < 0))
    return helper_refuse ();
  if (order.merges && dup2 (STDOUT_FILENO, STDERR_FILENO) < 0)
    close (STDERR_FILENO);
  if (!order.keeps_all)
    close_others (&order);
  check (&job, ST_WIRE_STEP_OPEN, st_process_fill_stdio ());
  run (&job);
}
