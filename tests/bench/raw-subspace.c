/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "raw-subspace.h"

#include "must.h"

#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static GPid
spawn (const char *const          *argv,
       posix_spawn_file_actions_t *actions)
{
  GPid pid;
  const int error = posix_spawnp (&pid, argv[0], actions, NULL, (char *const *) argv, environ);
  if (error != 0)
    g_error ("%s: %s", argv[0], g_strerror (error));
  return pid;
}

static void
wait_for (GPid        pid,
          const char *name)
{
  int status;
  MUST (TEMP_FAILURE_RETRY (waitpid (pid, &status, 0)));
  if (status != 0)
    g_error ("%s ended with wait status %#x", name, status);
}

void
raw_run (const char *const *argv)
{
  wait_for (spawn (argv, NULL), argv[0]);
}

void
raw_zygote_start (RawZygote *self)
{
  int sockets[2];
  posix_spawn_file_actions_t actions;
  const char *const argv[] = { BENCH_ZYGOTE, NULL };
  MUST (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, sockets[1], ZYGOTE_CONNECTION);
  self->pid = spawn (argv, &actions);
  posix_spawn_file_actions_destroy (&actions);
  close (sockets[1]);
  self->connection = sockets[0];
  self->pidfd = MUST (syscall (SYS_pidfd_open, self->pid, 0));
}

/* @fd may be -1. */
static void
ask (int           connection,
     ZygoteRequest request,
     int           fd)
{
  char byte = (char) request;
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int))];
  } rights = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN (sizeof fd) } };
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  memcpy (CMSG_DATA (&rights.header), &fd, sizeof fd);
  if (fd >= 0)
    {
      message.msg_control = &rights;
      message.msg_controllen = sizeof rights;
    }
  MUST (sendmsg (connection, &message, MSG_NOSIGNAL));
}

static int
receive (int  connection,
         int *fds)
{
  char byte;
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * RAW_ZYGOTE_MAX_FDS)];
  } rights;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  if (MUST (recvmsg (connection, &message, MSG_CMSG_CLOEXEC)) != 1)
    g_error ("the raw zygote ended");
  const gsize size = rights.header.cmsg_len - CMSG_LEN (0);
  memcpy (fds, CMSG_DATA (&rights.header), size);
  return (int) (size / sizeof (int));
}

void
raw_zygote_ask (RawZygote *self,
                RawZygote *below)
{
  int sockets[2];
  MUST (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
  ask (self->connection, ZYGOTE_SUBSPACE, sockets[1]);
  close (sockets[1]);
  *below = (RawZygote){ .connection = sockets[0], .pidfd = -1 };
}

void
raw_zygote_answered (RawZygote *below)
{
  int fds[RAW_ZYGOTE_MAX_FDS];
  const int n = receive (below->connection, fds);
  below->pidfd = fds[0];
  for (int i = 1; i < n; i++)
    close (fds[i]);
}

void
raw_zygote_below (RawZygote *self,
                  RawZygote *below)
{
  raw_zygote_ask (self, below);
  raw_zygote_answered (below);
}

void
raw_zygote_make (RawZygote    *self,
                 ZygoteRequest request)
{
  ask (self->connection, request, -1);
  self->n_made = receive (self->connection, self->made);
}

void
raw_zygote_drop (RawZygote *self)
{
  while (self->n_made > 0)
    close (self->made[--self->n_made]);
}

void
raw_zygote_stop (RawZygote *self)
{
  struct pollfd ended = { .fd = self->pidfd, .events = POLLIN };
  close (self->connection);
  MUST (TEMP_FAILURE_RETRY (poll (&ended, 1, -1)));
  close (self->pidfd);
  if (self->pid > 0)
    wait_for (self->pid, BENCH_ZYGOTE);
}
