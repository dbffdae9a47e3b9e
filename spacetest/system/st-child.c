/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-child.h"

#include "st-kind.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (256 * 1024)

/* The old call, not clone3(): it can do all that is needed, and the filter of a container looks into its flags where it refuses
 * clone3() blindly, some of them as if it were forbidden and not missing. (CLONE_NEWTIME has no place in its flags.) */
pid_t
st_child_fork (unsigned int flags)
{
  st_system_forget_thread ();
#ifdef __s390__
  long pid = syscall (SYS_clone, NULL, (unsigned long) flags | SIGCHLD, NULL, NULL, 0);
#else
  long pid = syscall (SYS_clone, (unsigned long) flags | SIGCHLD, NULL, NULL, NULL, 0);
#endif
  return pid < 0 ? -errno : (pid_t) pid;
}

typedef struct
{
  void (*func) (void *data);
  void *data;
} Job;

static int
run_job (void *data)
{
  const Job *job = data;
  if (job->func)
    job->func (job->data);
  st_system_forget_thread ();
  return 0;
}

/* Runs @func in a child that has our memory and descriptors, but other namespaces, and is gone when this returns: what it opens
 * is ours. It must not run another. @flags without CLONE_NEWTIME, which the child has to unshare. */
int
st_child_run (unsigned int flags,
              void       (*func) (void *data),
              void        *data)
{
  static _Alignas (16) char stack[STACK_SIZE];
  Job job = { func, data };
  st_system_forget_thread ();
  pid_t pid = clone (run_job, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | (int) flags, &job);
  if (pid < 0)
    return -errno;
  return WIFEXITED (st_process_wait (pid)) ? 0 : -ECANCELED;
}

/* Which kind the kernel refuses, of those it would not make all at once; all of them if it does not say. */
unsigned int
st_child_find_refused (unsigned int flags)
{
  const unsigned int user = flags & CLONE_NEWUSER;
  if (user && st_child_run (user, NULL, NULL) < 0)
    return user;
  ST_FOREACH_KIND (kind)
    if ((flags & kind->flag & ~user) && st_child_run (user | kind->flag, NULL, NULL) < 0)
      return kind->flag;
  return flags;
}
