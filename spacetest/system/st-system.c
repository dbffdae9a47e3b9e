/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-system.h"

#include "st-kernel.h"
#include "st-result.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPARE_DESCRIPTORS 4

/* The calling thread's own pidfd: it finds the thread's namespaces without a look-up in /proc. Kept for the thread's life.
 * After a fork it names the parent's thread, so the process it was opened in is compared on each use. */
static _Thread_local struct
{
  pid_t process;
  int fd;
} thread_pidfd = { 0, -1 };

static pthread_key_t thread_pidfd_key;
static pthread_once_t thread_pidfd_once = PTHREAD_ONCE_INIT;

static void
close_thread_pidfd (void *unused)
{
  (void) unused;
  if (thread_pidfd.fd >= 0 && thread_pidfd.process == getpid ())
    close (thread_pidfd.fd);
  thread_pidfd.fd = -1;
}

static void
make_thread_pidfd_key (void)
{
  pthread_key_create (&thread_pidfd_key, close_thread_pidfd);
}

static void
reopen_thread_pidfd (pid_t process)
{
  /* An inherited one is left to exec: its number may be somebody else's by now. */
  thread_pidfd.fd = st_kernel_thread_pidfd_open ();
  thread_pidfd.process = thread_pidfd.fd >= 0 || st_kernel_is_missing (thread_pidfd.fd) ? process : 0;
  pthread_once (&thread_pidfd_once, make_thread_pidfd_key);
  pthread_setspecific (thread_pidfd_key, &thread_pidfd);
}

int
st_system_thread_pidfd (void)
{
  pid_t process = getpid ();
  if (thread_pidfd.process != process)
    reopen_thread_pidfd (process);
  return thread_pidfd.fd;
}

/* Closes what st_system_thread_pidfd() keeps. A child that the thread is about to make must not find it: the number of a process
 * does not tell a parent from its child if both are the first of a PID namespace, nor who opened it if they share their memory. */
void
st_system_forget_thread (void)
{
  close_thread_pidfd (NULL);
  thread_pidfd.process = 0;
}

static int
open_of_thread (unsigned long pidfd_request,
                const char   *proc_entry)
{
  int fd = st_system_thread_pidfd ();
  if (fd >= 0)
    fd = st_kernel_pidfd_get (fd, pidfd_request);
  if (fd == -EBADF) /* somebody closed all descriptors, ours too */
    {
      thread_pidfd.process = 0;
      fd = st_system_thread_pidfd ();
      if (fd >= 0)
        fd = st_kernel_pidfd_get (fd, pidfd_request);
    }
  if (!st_kernel_is_missing (fd))
    return fd;

  char path[64];
  snprintf (path, sizeof path, "/proc/thread-self/ns/%s", proc_entry);
  return result_of (open (path, O_RDONLY | O_CLOEXEC));
}

/* Where the calling thread is. */
int
st_system_open_current (const StKind *kind)
{
  return open_of_thread (kind->pidfd_get, kind->proc_entry);
}

/* What the calling thread has just made: a new pid or time namespace is for its children only. */
int
st_system_open_new (const StKind *kind)
{
  return open_of_thread (kind->pidfd_get_children, kind->children_proc_entry);
}

int
st_system_open_path (const char *path)
{
  /* Merely opening some devices does something, and nothing but a regular file can be a namespace. */
  struct stat status;
  if (stat (path, &status) < 0)
    return -errno;
  if (!S_ISREG (status.st_mode))
    return -ENOTTY;
  return result_of (open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

/* Whether it is a file that a namespace is bound to, and no link to one, as those in /proc are. */
bool
st_system_is_bound (const char *path)
{
  struct stat status;
  return lstat (path, &status) == 0 && S_ISREG (status.st_mode);
}

/* The process that a pidfd is of, as the /proc of this PID namespace numbers it. -EINVAL: the descriptor is of something else,
 * -ESRCH: the process was waited for, or can't be seen from here. */
int
st_system_pidfd_get_pid (int pidfd)
{
  char path[64], line[128];
  int pid = 0;
  snprintf (path, sizeof path, "/proc/thread-self/fdinfo/%d", pidfd);
  FILE *info = fopen (path, "re");
  if (!info)
    {
      const int result = -errno; /* ENOENT: no such descriptor, or no /proc */
      return fcntl (pidfd, F_GETFD) < 0 ? -EBADF : result;
    }
  while (pid == 0 && fgets (line, sizeof line, info))
    if (sscanf (line, "Pid: %d", &pid) == 1 && pid <= 0) /* reaped, or not to be seen from here */
      pid = -ESRCH;
  fclose (info);
  return pid ? pid : -EINVAL;
}

int
st_system_open_process (int           pidfd,
                        const StKind *kind)
{
  int fd = st_kernel_pidfd_get (pidfd, kind->pidfd_get);
  if (!st_kernel_is_missing (fd))
    return fd;
  int pid = st_system_pidfd_get_pid (pidfd);
  if (pid < 0)
    return pid;

  char path[64];
  snprintf (path, sizeof path, "/proc/%d/ns/%s", pid, kind->proc_entry);
  fd = result_of (open (path, O_RDONLY | O_CLOEXEC));
  if (fd >= 0 && st_system_is_gone (pidfd)) /* the number may have been somebody else's when it was looked up */
    {
      close (fd);
      return -ESRCH;
    }
  return fd == -ENOENT ? -ESRCH : fd;
}

bool
st_system_is_gone (int pidfd)
{
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };
  return poll (&ended, 1, 0) > 0;
}

/* 0 for one of a child of ours, or -errno: ECHILD for one of somebody else. */
static int
ask_for_child (int pidfd)
{
  siginfo_t info;
  return result_of (waitid (P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG | WNOWAIT));
}

/* Needs no /proc. */
bool
st_system_is_pidfd (int fd)
{
  int result = fd < 0 ? -EBADF : ask_for_child (fd);
  return result != -EBADF && result != -EINVAL;
}

/* A pidfd of a child that nobody has waited for: nobody else has its number, unless it is gone already (-ESRCH). */
int
st_system_open_child (pid_t pid)
{
  int pidfd = st_kernel_pidfd_open (pid);
  if (pidfd < 0 || ask_for_child (pidfd) == 0)
    return pidfd;
  close (pidfd);
  return -ESRCH;
}

int
st_system_open_owner (int fd)
{
  return result_of (ioctl (fd, NS_GET_USERNS));
}

int
st_system_open_parent (int fd)
{
  return result_of (ioctl (fd, NS_GET_PARENT));
}

int
st_system_owner_uid (int    fd,
                     uid_t *uid)
{
  *uid = 0; /* valgrind can't know that this ioctl writes */
  return result_of (ioctl (fd, NS_GET_OWNER_UID, uid));
}

int
st_system_get_kind (int            fd,
                    const StKind **kind)
{
  struct statfs status;
  if (fstatfs (fd, &status) < 0)
    return -errno;
  if (status.f_type != NSFS_MAGIC)
    return -ENOTTY;

  int flag = ioctl (fd, NS_GET_NSTYPE);
  if (flag < 0)
    return -errno;
  *kind = st_kind_for_flag ((unsigned int) flag);
  return *kind ? 0 : -ENOTTY;
}

int
st_system_identify (int         fd,
                    StIdentity *identity)
{
  struct stat status;
  if (fstat (fd, &status) < 0)
    return -errno;
  identity->device = status.st_dev;
  identity->inode = status.st_ino;
  if (st_kernel_namespace_serial (fd, &identity->serial) < 0)
    identity->serial = 0;
  return 0;
}

/* Enough to tell whether the thread is in a namespace that somebody holds open. */
int
st_system_current_inode (const StKind *kind,
                         uint64_t     *inode)
{
  struct stat status;
  int fd = st_system_open_current (kind);
  if (fd < 0)
    return fd;
  int result = result_of (fstat (fd, &status));
  close (fd);
  *inode = status.st_ino;
  return result;
}

/* Whether where the calling thread is belongs to a user namespace that is neither the caller's nor below it: he can leave it, and not come
 * back. */
bool
st_system_is_at_others (const StKind *kind)
{
  const int fd = st_system_open_current (kind);
  if (fd < 0)
    return false;
  const int owner = st_system_open_owner (fd);
  close (fd);
  if (owner >= 0)
    close (owner);
  return owner == -EPERM;
}

/* Of a user namespace: whether it is a child of the caller's, made by his user. */
static bool
is_made_by_us (int      fd,
               int      parent,
               uint64_t here)
{
  struct stat status;
  uid_t uid;
  return fstat (parent, &status) == 0 && status.st_ino == here && st_system_owner_uid (fd, &uid) == 0 && uid == geteuid ();
}

/* Whether it belongs to a user namespace below that of the caller where everything is allowed to him once he is in it, as he made it, or
 * one around it. */
bool
st_system_is_of_own_user (int fd)
{
  uint64_t here;
  bool is_ours = false;
  int at = st_system_current_inode (&st_kinds[ST_KIND_USER], &here) < 0 ? -1 : st_system_open_owner (fd);
  while (at >= 0 && !is_ours)
    {
      const int parent = st_system_open_parent (at);
      is_ours = parent >= 0 && is_made_by_us (at, parent, here);
      close (at);
      at = parent;
    }
  if (at >= 0)
    close (at);
  return is_ours;
}

bool
st_system_is_same (const StIdentity *a,
                   const StIdentity *b)
{
  return a->device == b->device && a->inode == b->inode && a->serial == b->serial;
}

int
st_system_dup (int fd)
{
  return result_of (fcntl (fd, F_DUPFD_CLOEXEC, 0));
}

int
st_system_close_on_exec (int fd)
{
  return result_of (fcntl (fd, F_SETFD, FD_CLOEXEC));
}

/* For what can't say that there are none left. */
int
st_system_check_spare_descriptors (void)
{
  int fds[SPARE_DESCRIPTORS];
  int n = 0, result = 0;
  while (n < SPARE_DESCRIPTORS && result >= 0)
    {
      result = result_of (n == 0 ? eventfd (0, EFD_CLOEXEC) : fcntl (fds[0], F_DUPFD_CLOEXEC, 0));
      if (result >= 0)
        fds[n++] = result;
    }
  while (n > 0)
    close (fds[--n]);
  return result < 0 ? result : 0;
}

int
st_system_write_all (int         fd,
                     const char *content,
                     size_t      size)
{
  while (size > 0)
    {
      ssize_t written = write (fd, content, size);
      if (written < 0 && errno != EINTR)
        return -errno;
      if (written > 0)
        {
          content += written;
          size -= (size_t) written;
        }
    }
  return 0;
}

/* A file with that content, which is nowhere but in memory. */
int
st_system_open_memory (const void *data,
                       size_t      size)
{
  const int fd = memfd_create ("spacetest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const int result = fd < 0 ? -errno : st_system_write_all (fd, data, size);
  if (result < 0 && fd >= 0)
    close (fd);
  return result < 0 ? result : fd;
}

int
st_system_unshare (const StKind *kind)
{
  return result_of (unshare ((int) kind->flag));
}

/* Typed, so that the kernel refuses a descriptor of another kind. */
int
st_system_enter (int           fd,
                 const StKind *kind)
{
  return result_of (setns (fd, (int) kind->flag));
}

int
st_system_own_fs (void)
{
  return result_of (unshare (CLONE_FS));
}

/* Not after unshare(CLONE_NEWPID): its threads would be in another PID namespace than the process. */
bool
st_system_may_start_threads (void)
{
  const StKind *pid = &st_kinds[ST_KIND_PID];
  struct stat own, childrens;
  int fd = st_system_open_current (pid);
  if (fd < 0)
    return true; /* nobody can tell */
  int children_fd = st_system_open_new (pid);
  bool may = children_fd >= 0 ? fstat (fd, &own) == 0 && fstat (children_fd, &childrens) == 0 && own.st_ino == childrens.st_ino
                              : children_fd != -ENOENT; /* a new one, that has no process yet */
  close (fd);
  if (children_fd >= 0)
    close (children_fd);
  return may;
}

int
st_system_loopback_up (void)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  struct ifreq request = { .ifr_name = "lo" };
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  int result = result_of (ioctl (fd, SIOCSIFFLAGS, &request));
  close (fd);
  return result;
}

int
st_system_place_open (StPlace *place)
{
  place->cwd = -1;
  place->root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place->root < 0)
    return -errno;
  place->cwd = open (".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place->cwd < 0)
    {
      int result = -errno;
      st_system_place_close (place);
      return result;
    }
  return 0;
}

static bool
is_root (int fd)
{
  struct statx there, root;
  const unsigned int wanted = STATX_INO | STATX_MNT_ID;
  return statx (fd, "", AT_EMPTY_PATH, wanted, &there) == 0 && statx (AT_FDCWD, "/", 0, wanted, &root) == 0 &&
         there.stx_ino == root.stx_ino && there.stx_dev_major == root.stx_dev_major &&
         there.stx_dev_minor == root.stx_dev_minor && there.stx_mnt_id == root.stx_mnt_id;
}

int
st_system_place_restore (const StPlace *place)
{
  /* chroot() needs a capability, so it is called only for who had been in a chroot. */
  if (!is_root (place->root) && (fchdir (place->root) < 0 || chroot (".") < 0))
    return -errno;
  return result_of (fchdir (place->cwd));
}

void
st_system_place_close (StPlace *place)
{
  if (place->root >= 0)
    close (place->root);
  if (place->cwd >= 0)
    close (place->cwd);
  place->root = place->cwd = -1;
}
