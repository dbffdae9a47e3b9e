/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* The control for what helpers make: the same system calls, bare, in a program that trusts its client and never fails. */
#include "zygote.h"

#include "st-kernel.h"

#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUBSPACE (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS)
#define FIVE (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS)
#define MAX_FDS 6
#define MAX_SUBMOUNTS 16
#define STACK_SIZE (64 * 1024)
#define FS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static char *submounts[MAX_SUBMOUNTS];
static int n_submounts;

typedef struct
{
  int fds[MAX_FDS];
  int n;
} Made;

static int
must (int         result,
      const char *what)
{
  if (result >= 0)
    return result;
  perror (what);
  _exit (EXIT_FAILURE);
}

#define MUST(call) must ((int) (call), #call)

static void
open_own (Made         *made,
          int           pidfd,
          unsigned long request,
          const char   *entry)
{
  char path[64];
  int fd = ioctl (pidfd, request, 0);
  if (fd < 0) /* before Linux 6.11 */
    {
      snprintf (path, sizeof path, "/proc/thread-self/ns/%s", entry);
      fd = MUST (open (path, O_RDONLY | O_CLOEXEC));
    }
  made->fds[made->n++] = fd;
}

static void
write_once (const char *path,
            const char *text)
{
  const int fd = MUST (open (path, O_WRONLY | O_CLOEXEC));
  MUST (write (fd, text, strlen (text)));
  close (fd);
}

static void
map_ids (uid_t uid,
         gid_t gid)
{
  char line[32];
  write_once ("/proc/self/setgroups", "deny");
  snprintf (line, sizeof line, "0 %u 1", uid);
  write_once ("/proc/self/uid_map", line);
  snprintf (line, sizeof line, "0 %u 1", gid);
  write_once ("/proc/self/gid_map", line);
}

static void
answer (int   socket,
        Made *made)
{
  char byte = 0;
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * MAX_FDS)];
  } rights = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights };
  const size_t size = sizeof (int) * (size_t) made->n;
  message.msg_controllen = CMSG_SPACE (size);
  rights.header.cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (&rights.header), made->fds, size);
  MUST (sendmsg (socket, &message, MSG_NOSIGNAL));
  while (made->n > 0)
    close (made->fds[--made->n]);
}

/* Gives the connection of the new one there. */
static int
make_subspace (int connection,
               int theirs)
{
  Made made = { .n = 0 };
  const uid_t uid = geteuid ();
  const gid_t gid = getegid ();
  if (MUST (syscall (SYS_clone, (unsigned long) SUBSPACE | SIGCHLD, NULL, NULL, NULL, 0)) > 0)
    {
      close (theirs);
      return connection;
    }
  close (connection);
  map_ids (uid, gid);
  MUST (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  MUST (mount ("proc", "/proc", "proc", FS_FLAGS, NULL));
  const int pidfd = made.fds[made.n++] = MUST (syscall (SYS_pidfd_open, getpid (), 0));
  open_own (&made, pidfd, ST_PIDFD_GET_USER, "user");
  open_own (&made, pidfd, ST_PIDFD_GET_PID, "pid");
  open_own (&made, pidfd, ST_PIDFD_GET_MNT, "mnt");
  answer (theirs, &made);
  return theirs;
}

static void
raise_loopback (void)
{
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
  const int fd = MUST (socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  MUST (ioctl (fd, SIOCSIFFLAGS, &request));
  close (fd);
}

/* What is mounted right below /sys, found out once: whoever makes namespaces for others can't know it beforehand. */
static void
find_submounts (void)
{
  char line[4096], point[PATH_MAX];
  FILE *table = fopen ("/proc/self/mountinfo", "re");
  while (table && fgets (line, sizeof line, table) && n_submounts < MAX_SUBMOUNTS)
    if (sscanf (line, "%*d %*d %*s %*s %4095s", point) == 1 && strncmp (point, "/sys/", 5) == 0)
      submounts[n_submounts++] = strdup (point);
  if (table)
    fclose (table);
}

/* With those back where they were. Where a fresh one is refused, no interfaces are shown. */
static void
show_network (void)
{
  int fds[MAX_SUBMOUNTS];
  char path[64];
  for (int i = 0; i < n_submounts; i++)
    fds[i] = MUST (open (submounts[i], O_PATH | O_CLOEXEC));
  if (mount ("sysfs", "/sys", "sysfs", FS_FLAGS | MS_RDONLY, NULL) < 0)
    MUST (mount ("tmpfs", "/sys/class/net", "tmpfs", FS_FLAGS | MS_RDONLY, "size=4k"));
  else
    for (int i = 0; i < n_submounts; i++)
      {
        snprintf (path, sizeof path, "/proc/thread-self/fd/%d", fds[i]);
        MUST (mount (path, submounts[i], NULL, MS_BIND | MS_REC, NULL));
      }
  for (int i = 0; i < n_submounts; i++)
    close (fds[i]);
}

static int
furnish_six (void *data)
{
  Made *made = data;
  write_once ("/proc/sys/net/ipv4/ping_group_range", "0 0");
  raise_loopback ();
  MUST (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  show_network ();
  MUST (unshare (CLONE_NEWTIME));
  const int pidfd = MUST (syscall (SYS_pidfd_open, getpid (), 0));
  open_own (made, pidfd, ST_PIDFD_GET_CGROUP, "cgroup");
  open_own (made, pidfd, ST_PIDFD_GET_IPC, "ipc");
  open_own (made, pidfd, ST_PIDFD_GET_MNT, "mnt");
  open_own (made, pidfd, ST_PIDFD_GET_NET, "net");
  open_own (made, pidfd, ST_PIDFD_GET_TIME_FOR_CHILDREN, "time_for_children");
  open_own (made, pidfd, ST_PIDFD_GET_UTS, "uts");
  close (pidfd);
  return 0;
}

static int
furnish_uts (void *data)
{
  const int pidfd = MUST (syscall (SYS_pidfd_open, getpid (), 0));
  open_own (data, pidfd, ST_PIDFD_GET_UTS, "uts");
  close (pidfd);
  return 0;
}

static void
make (int connection,
      int flags,
      int (*furnish) (void *data))
{
  static _Alignas (16) char stack[STACK_SIZE];
  Made made = { .n = 0 };
  const int pid = MUST (clone (furnish, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | flags, &made));
  MUST (waitpid (pid, NULL, __WALL));
  answer (connection, &made);
}

static char
receive (int  connection,
         int *fd)
{
  char byte;
  union
  {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int))];
  } rights;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  if (recvmsg (connection, &message, MSG_CMSG_CLOEXEC) <= 0)
    _exit (EXIT_SUCCESS);
  if (message.msg_controllen > 0)
    memcpy (fd, CMSG_DATA (&rights.header), sizeof *fd);
  return byte;
}

int
main (void)
{
  int connection = ZYGOTE_CONNECTION, fd = -1;
  MUST (fcntl (connection, F_SETFD, FD_CLOEXEC));
  signal (SIGCHLD, SIG_DFL);
  for (;;)
    switch (receive (connection, &fd))
      {
      case ZYGOTE_SUBSPACE:
        connection = make_subspace (connection, fd);
        while (waitpid (-1, NULL, WNOHANG) > 0) /* those of earlier ones */
          ;
        break;
      case ZYGOTE_SIX:
        if (n_submounts == 0)
          find_submounts ();
        make (connection, FIVE, furnish_six);
        break;
      case ZYGOTE_UTS:
        make (connection, CLONE_NEWUTS, furnish_uts);
        break;
      default:
        return EXIT_FAILURE;
      }
}
