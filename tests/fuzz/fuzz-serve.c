/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "room.h"
#include "service.h"
#include "st-child.h"
#include "st-kernel.h"
#include "subspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The helper's end of the wire. An input is a row of records as they come from a client: two bytes with the size of the record,
 * one that says how many descriptors come along, one that says which, and the record. Everything is done as the helper does it,
 * but that no child is ever started. */

#define MAX_RECORD 5000
#define MAX_FDS 24

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

static void
require (int         good,
         const char *what)
{
  if (good)
    return;
  fprintf (stderr, "%s\n", what);
  abort ();
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
  require (st_wire_pair (sockets) == 0, "no sockets");
  files[FILE_SOCKET] = sockets[0];
  files[FILE_NULL] = open ("/dev/null", O_RDWR | O_CLOEXEC);
  files[FILE_CONTENT] = memfd_create ("content", MFD_CLOEXEC);
  require (write (files[FILE_CONTENT], "content", 7) == 7, "no content");
  files[FILE_NAMESPACE] = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  files[FILE_EVENT] = eventfd (0, EFD_CLOEXEC);
  files[FILE_PROCESS] = open_ended_process ();
  require (service_begin (&service, -1, -1) == 0, "no service");
}

static void
send_record (int            socket,
             const uint8_t *record,
             size_t         size,
             const int     *fds,
             size_t         n_fds)
{
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * MAX_FDS)];
  } rights = { 0 };
  struct iovec part = { (void *) (uintptr_t) record, size };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (n_fds > 0)
    {
      message.msg_control = &rights;
      message.msg_controllen = CMSG_SPACE (sizeof (int) * n_fds);
      rights.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN (sizeof (int) * n_fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
      memcpy (CMSG_DATA (&rights.header), fds, sizeof (int) * n_fds);
    }
  require (sendmsg (socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t) size, "cannot send");
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
  require (result == 1, "the answer makes no sense");
  require (answer.record.header.type == ST_WIRE_FAILED, "something was done");
  require (answer.record.failed.error > 0 && answer.record.failed.step <= ST_WIRE_STEP_ANSWER, "no failure");
  require (size >= sizeof (StWireHeader) || answer.record.failed.step == ST_WIRE_STEP_UNDERSTAND, "understood nothing");
  st_wire_close_fds (&answer);
  require (st_wire_receive (socket, &answer) == 0, "answered twice");
}

/* The first descriptor is a socket to answer to, unless it is to be another. */
static void
take_record (const uint8_t *record,
             size_t         size,
             unsigned int   n_fds,
             unsigned int   which)
{
  int connection[2], answer[2], fds[MAX_FDS];
  StWireMessage message;
  require (st_wire_pair (connection) == 0 && st_wire_pair (answer) == 0, "no sockets");
  for (unsigned int i = 0; i < n_fds; i++)
    fds[i] = i == 0 && !(which & 0x80) ? answer[1] : files[(which + i * (which >> 3)) % N_FILES];
  send_record (connection[0], record, size, fds, n_fds);
  close (answer[1]);
  int result = st_wire_receive_any (connection[1], &message);
  require (result != 0, "an end that is none");
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
  while (size >= 4)
    {
      size_t length = (size_t) data[0] | (size_t) data[1] << 8;
      const unsigned int n_fds = data[2] % (MAX_FDS + 1), which = data[3];
      data += 4;
      size -= 4;
      length = length > MAX_RECORD ? MAX_RECORD : length;
      length = length > size ? size : length;
      take_record (data, length, n_fds, which);
      data += length;
      size -= length;
    }
  while (service.guard.n > 0)
    guard_check (&service.guard);
  require (get_next_fd () == next_fd, "a descriptor is left");
  return 0;
}
