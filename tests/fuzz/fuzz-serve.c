/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "rows.h"
#include "service.h"
#include "st-child.h"
#include "st-kernel.h"
#include "subspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The helper's end of the wire. An input is a row of records as they come from a client. Everything is done as the helper does it,
 * but that no child is ever started. */

typedef enum
{
  FILE_NULL,
  FILE_CONTENT,
  FILE_NAMESPACE,
  FILE_SOCKET,
  FILE_EVENT,
  FILE_PROCESS, /* one that has ended */
  N_FILES,
} File;

static int files[N_FILES];
static Service service;

pid_t
st_child_fork (unsigned int flags)
{
  return flags & CLONE_NEWPID ? -EAGAIN : -ENOSPC;
}

int
st_child_run (unsigned int flags,
              void       (*func) (void *data),
              void        *data)
{
  (void) func;
  (void) data;
  return flags & CLONE_NEWNET ? -EPERM : -EAGAIN;
}

unsigned int
st_child_find_refused (unsigned int flags)
{
  return flags;
}

static int
open_ended_process (void)
{
  siginfo_t info;
  pid_t pid = fork ();
  if (pid == 0)
    _exit (0);
  int fd = (int) syscall (SYS_pidfd_open, pid, 0);
  waitid (P_PID, (id_t) pid, &info, WEXITED | WNOWAIT); /* stays a zombie, so that the number is never another's */
  return fd;
}

static void
prepare (void)
{
  int sockets[2];
  if (files[FILE_SOCKET])
    return;
  rows_require (st_wire_pair (sockets) == 0, "no sockets");
  files[FILE_SOCKET] = sockets[0];
  files[FILE_NULL] = open ("/dev/null", O_RDWR | O_CLOEXEC);
  files[FILE_CONTENT] = memfd_create ("content", MFD_CLOEXEC);
  rows_require (write (files[FILE_CONTENT], "content", 7) == 7, "no content");
  files[FILE_NAMESPACE] = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  files[FILE_EVENT] = eventfd (0, EFD_CLOEXEC);
  files[FILE_PROCESS] = open_ended_process ();
  rows_require (service_begin (&service, -1, -1) == 0, "no service");
}

/* Whatever is answered makes sense, and there is at most one answer. */
static void
check_answer (int    socket,
              size_t size)
{
  StWireMessage answer;
  int result = st_wire_receive (socket, &answer);
  if (result == 0)
    return;
  rows_require (result == 1, "the answer makes no sense");
  rows_require (answer.record.header.type == ST_WIRE_FAILED, "something was done");
  rows_require (answer.record.failed.error > 0 && answer.record.failed.step <= ST_WIRE_STEP_ANSWER, "no failure");
  rows_require (size >= sizeof (StWireHeader) || answer.record.failed.step == ST_WIRE_STEP_UNDERSTAND, "understood nothing");
  st_wire_close_fds (&answer);
  rows_require (st_wire_receive (socket, &answer) == 0, "answered twice");
}

/* The first descriptor is a socket to answer to, unless it is to be another. */
static void
take_record (const uint8_t *record,
             size_t         size,
             size_t         n_fds,
             unsigned int   which)
{
  int connection[2], answer[2], fds[MAX_FDS];
  StWireMessage message;
  rows_require (st_wire_pair (connection) == 0 && st_wire_pair (answer) == 0, "no sockets");
  for (size_t i = 0; i < n_fds; i++)
    fds[i] = i == 0 && !(which & 0x80) ? answer[1] : files[(which + i * (which >> 3)) % N_FILES];
  rows_send (connection[0], record, size, fds, n_fds);
  close (answer[1]);
  int result = st_wire_receive_any (connection[1], &message);
  rows_require (result != 0, "an end that is none");
  service_take (&service, &message, result);
  close (connection[0]);
  close (connection[1]);
  check_answer (answer[0], size);
  close (answer[0]);
}

static int
get_next_fd (void)
{
  int fd = dup (files[FILE_NULL]);
  close (fd);
  return fd;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  prepare ();
  const int next_fd = get_next_fd ();
  rows_take (data, size, take_record);
  while (service.guard.n > 0)
    guard_check (&service.guard);
  rows_require (get_next_fd () == next_fd, "a descriptor is left");
  return 0;
}
