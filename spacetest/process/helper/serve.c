/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper.h"

#include "service.h"
#include "st-kernel.h"
#include "st-process.h"
#include "st-signals.h"
#include "st-system.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define UMASK 022

static bool
parse_fd (const char *text,
          int        *fd)
{
  char *end;
  errno = 0;
  long number = strtol (text, &end, 10);
  *fd = (int) number;
  return errno == 0 && end != text && *end == '\0' && number >= 0 && number <= INT_MAX;
}

static int
complain (const char *what,
          int         result)
{
  fprintf (stderr, "spacetest-helper: %s: %s\n", what, strerror (-result));
  return EXIT_FAILURE;
}

/* All signals are held back for the service; none is ignored, so that its children are reaped. */
static int
prepare_signals (void)
{
  StSignals held;
  for (int number = 1; number <= SIGRTMAX; number++)
    signal (number, SIG_DFL);
  return st_signals_hold (&held);
}

static bool
is_network_home (void)
{
  char path[64];
  struct stat home;
  uint64_t here;
  snprintf (path, sizeof path, "/proc/%d/ns/net", (int) getppid ());
  return stat (path, &home) < 0 || st_system_current_inode (&st_kinds[ST_KIND_NET], &here) < 0 || home.st_ino == here;
}

/* The program that started us: its pidfd, -1 if it can't be watched, -ESRCH if it is gone. It made the connection. Who else has
 * a copy of its end, as a child that it forked, does not count. */
static int
open_starter (int  connection,
              int *starter)
{
  struct ucred maker;
  socklen_t size = sizeof maker;
  const pid_t parent = getppid ();
  *starter = -1;
  if (getsockopt (connection, SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0)
    return -errno;
  if (maker.pid != parent)
    return -ESRCH;
  if (parent != 0) /* in a PID namespace that we can't see */
    *starter = st_kernel_pidfd_open (parent);
  return getppid () == parent ? 0 : -ESRCH;
}

/* Nothing of the program that started us is kept: neither its descriptors nor its directory, session and signals. */
static int
step_aside (int connection)
{
  int result = st_process_fill_stdio ();
  if (result < 0)
    return result;
  st_system_forget_thread (); /* its number is about to be somebody else's */
  const int needed[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, connection };
  st_process_close_all_but (needed, sizeof needed / sizeof needed[0]);
  st_process_leave_directory ();
  umask (UMASK);
  setsid ();
  prctl (PR_SET_NAME, "spacer");
  prctl (PR_SET_PDEATHSIG, SIGCONT); /* if we are stopped when the program that started us ends; whatever thread ends, it does no harm */
  result = prepare_signals ();
  return result < 0 ? result : st_system_close_on_exec (connection);
}

int
serve_main (int    argc,
            char **argv)
{
  static Service service;
  int connection, starter;
  if (argc != 1 || !parse_fd (argv[0], &connection))
    return complain ("serve", -EINVAL);
  int result = st_wire_check_socket (connection);
  if (result < 0)
    return complain ("the connection", result);
  service.is_network_home = is_network_home ();
  result = step_aside (connection);
  if (result == 0)
    result = open_starter (connection, &starter);
  if (result == -ESRCH)
    return EXIT_SUCCESS;
  if (result == 0)
    result = service_begin (&service, connection, starter);
  if (result < 0)
    return complain ("serve", result);
  service_run (&service);
}
