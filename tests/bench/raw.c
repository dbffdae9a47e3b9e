/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "raw.h"

#include "must.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIDFD_THREAD_FLAG O_EXCL

/* Without leaving a mark on the process. */
gboolean
raw_may_measure (void)
{
  const int home = open ("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
  const gboolean may = home >= 0 && unshare (CLONE_NEWUTS) == 0;
  if (may)
    MUST (setns (home, CLONE_NEWUTS));
  if (home >= 0)
    close (home);
  return may;
}

void
raw_own_fs (void)
{
  MUST (unshare (CLONE_FS));
}

int
raw_open_process (void)
{
  return MUST (syscall (SYS_pidfd_open, getpid (), 0));
}

static int
open_current (const RawKind *kind)
{
  char path[64];
  const int fd = kind->pidfd < 0 ? -1 : ioctl (kind->pidfd, kind->pidfd_get, 0);
  if (fd >= 0)
    return fd;
  snprintf (path, sizeof path, "/proc/thread-self/ns/%s", kind->entry);
  return MUST (open (path, O_RDONLY | O_CLOEXEC));
}

void
raw_kind_init (RawKind      *self,
               int           flag,
               const char   *entry,
               unsigned long pidfd_get)
{
  self->flag = flag;
  self->entry = entry;
  self->pidfd_get = pidfd_get;
  self->n_made = 0;
  self->pidfd = (int) syscall (SYS_pidfd_open, gettid (), PIDFD_THREAD_FLAG);
  self->home = open_current (self);
  MUST (unshare (flag));
  self->away = open_current (self);
  MUST (setns (self->home, flag));
}

void
raw_kind_clear (RawKind *self)
{
  raw_drop (self);
  close (self->home);
  close (self->away);
  if (self->pidfd >= 0)
    close (self->pidfd);
}

void
raw_visit (gpointer data)
{
  const RawKind *kind = data;
  MUST (setns (kind->away, kind->flag));
  MUST (setns (kind->home, kind->flag));
}

static void
keep_and_return (RawKind *kind)
{
  kind->made[kind->n_made++] = open_current (kind);
  MUST (setns (kind->home, kind->flag));
}

void
raw_make (gpointer data)
{
  RawKind *kind = data;
  MUST (unshare (kind->flag));
  keep_and_return (kind);
}

void
raw_make_lo_up (gpointer data)
{
  RawKind *kind = data;
  struct ifreq request = { .ifr_name = "lo" };
  MUST (unshare (kind->flag));
  const int socket_fd = MUST (socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  MUST (ioctl (socket_fd, SIOCSIFFLAGS, &request));
  close (socket_fd);
  keep_and_return (kind);
}

void
raw_make_private (gpointer data)
{
  RawKind *kind = data;
  MUST (unshare (kind->flag));
  MUST (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  keep_and_return (kind);
}

void
raw_drop (gpointer data)
{
  RawKind *kind = data;
  while (kind->n_made > 0)
    close (kind->made[--kind->n_made]);
}

void
raw_query_kind (gpointer data)
{
  const RawKind *kind = data;
  MUST (ioctl (kind->away, NS_GET_NSTYPE));
}

void
raw_query_id (gpointer data)
{
  const RawKind *kind = data;
  struct stat status;
  MUST (fstat (kind->away, &status));
}

/* One wake each way is the cheapest hand-off there is. */
struct _RawWorker
{
  pthread_t thread;
  RawDuty duty;
  gpointer data;
  gboolean stopping;
  atomic_int asked;
  atomic_int answered;
};

static void
wait_beyond (atomic_int *counter,
             int         old)
{
  while (atomic_load (counter) == old)
    syscall (SYS_futex, counter, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void
advance (atomic_int *counter)
{
  atomic_fetch_add (counter, 1);
  syscall (SYS_futex, counter, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *
raw_worker_main (void *data)
{
  RawWorker *self = data;
  self->duty.begin (self->data);
  advance (&self->answered);
  wait_beyond (&self->asked, 0);
  for (int n_asked = 1; !self->stopping; n_asked++)
    {
      self->duty.work (self->data);
      advance (&self->answered);
      wait_beyond (&self->asked, n_asked);
    }
  self->duty.end (self->data);
  return NULL;
}

RawWorker *
raw_worker_new (RawDuty  duty,
                gpointer data)
{
  RawWorker *self = g_new0 (RawWorker, 1);
  self->duty = duty;
  self->data = data;
  if (pthread_create (&self->thread, NULL, raw_worker_main, self) != 0)
    g_error ("cannot start a thread");
  wait_beyond (&self->answered, 0);
  return self;
}

void
raw_worker_run (gpointer worker)
{
  RawWorker *self = worker;
  const int answered = atomic_load (&self->answered);
  advance (&self->asked);
  wait_beyond (&self->answered, answered);
}

void
raw_worker_stop (RawWorker *self)
{
  self->stopping = TRUE;
  advance (&self->asked);
  pthread_join (self->thread, NULL);
  g_free (self);
}
