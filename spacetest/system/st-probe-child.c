/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-probe-child.h"

#include "st-clock.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"
#include "st-process.h"
#include "st-result.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child shares the caller's memory, so that it costs the same however big the caller is, and the calling thread waits for it.
 * It makes nothing but system calls, on a stack of its own, and never changes its ids: that would make the caller undumpable.
 * Stack and report are shared memory, because Valgrind makes a fork of it. */

#define STACK_SIZE (64 * 1024)
#define CLEARING_MS 500 /* some ten times what it takes on a machine at rest */
#define CLEARING_STEP_MS 5
#define CHILD_FLAGS (CLONE_VM | CLONE_VFORK) /* and no exit signal: nobody else's wait() finds it */

typedef struct
{
  _Alignas (16) char stack[STACK_SIZE];
  _Alignas (16) char init_stack[STACK_SIZE];
  unsigned int flags;
  char uid_map[32];
  char gid_map[32];
  bool init_is_done;
  StProbeReport report;
} Probe;

static uint64_t
get_effective_capabilities (void)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (syscall (SYS_capget, &header, sets) < 0)
    return 0;
  return (uint64_t) sets[1].effective << 32 | sets[0].effective;
}

static bool
wants (const Probe *probe,
       StKindIndex  kind)
{
  return (probe->flags & st_kinds[kind].flag) != 0;
}

static bool
check (Probe      *probe,
       StProbeStep step,
       StKindIndex kind,
       int         result)
{
  if (result >= 0)
    return true;
  probe->report.step = step;
  probe->report.kind = kind;
  probe->report.number = -result;
  probe->report.capabilities = get_effective_capabilities ();
  return false;
}

static int
write_file (const char *path,
            const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int result = result_of (write (fd, text, strlen (text)));
  close (fd);
  return result;
}

static bool
map_own_ids (Probe *probe)
{
  if (!probe->report.in_user)
    return true;
  return check (probe, ST_PROBE_MAP, ST_KIND_USER, write_file ("/proc/self/setgroups", "deny")) &&
         check (probe, ST_PROBE_MAP, ST_KIND_USER, write_file ("/proc/self/uid_map", probe->uid_map)) &&
         check (probe, ST_PROBE_MAP, ST_KIND_USER, write_file ("/proc/self/gid_map", probe->gid_map));
}

static bool
create (Probe        *probe,
        const StKind *kind)
{
  if (!check (probe, ST_PROBE_CREATE, kind->index, st_system_unshare (kind)))
    return false;
  probe->report.made |= kind->flag;
  return true;
}

/* Time comes last: from then on, some kernels let no child share our memory. */
static bool
create_all_but_time (Probe *probe)
{
  ST_FOREACH_KIND (kind)
    if (kind->index != ST_KIND_USER && kind->index != ST_KIND_TIME && wants (probe, kind->index) && !create (probe, kind))
      return false;
  return true;
}

static bool
try_mounts (Probe *probe)
{
  if (!wants (probe, ST_KIND_MNT))
    return true;
  return check (probe, ST_PROBE_PRIVATE, ST_KIND_MNT, st_mount_make_private ()) &&
         (!wants (probe, ST_KIND_NET) || check (probe, ST_PROBE_SYSFS, ST_KIND_NET, st_mount_unless_missing (st_mount_sysfs_alone ()))) &&
         check (probe, ST_PROBE_TMPFS, ST_KIND_MNT, st_mount_tmpfs ("/", 0));
}

static bool
try_network (Probe *probe)
{
  return !wants (probe, ST_KIND_NET) || check (probe, ST_PROBE_LOOPBACK, ST_KIND_NET, st_system_loopback_up ());
}

static int
be_init (void *data)
{
  Probe *probe = data;
  if (wants (probe, ST_KIND_MNT) && check (probe, ST_PROBE_PROC, ST_KIND_PID, st_mount_unless_missing (st_mount_proc ())))
    umount2 ("/proc", MNT_DETACH); /* the one who waits for us is not in it */
  probe->init_is_done = true;
  return 0;
}

static bool
try_init (Probe *probe)
{
  if (!wants (probe, ST_KIND_PID))
    return true;
  pid_t pid = clone (be_init, probe->init_stack + STACK_SIZE, CHILD_FLAGS, probe);
  if (!check (probe, ST_PROBE_INIT, ST_KIND_PID, result_of (pid)))
    return false;
  const int status = st_process_wait (pid);
  if (!probe->init_is_done)
    probe->report.number = WTERMSIG (status);
  return probe->init_is_done && probe->report.step == ST_PROBE_KILLED;
}

static bool
try_clocks (Probe *probe)
{
  if (!wants (probe, ST_KIND_TIME))
    return true;
  return create (probe, &st_kinds[ST_KIND_TIME]) &&
         check (probe, ST_PROBE_OFFSETS, ST_KIND_TIME, write_file ("/proc/self/timens_offsets", "monotonic 1 0\nboottime 1 0\n"));
}

static int
be_child (void *data)
{
  Probe *probe = data;
  if (map_own_ids (probe) && create_all_but_time (probe) && try_mounts (probe) && try_network (probe) && try_init (probe) &&
      try_clocks (probe))
    probe->report.step = ST_PROBE_DONE;
  return 0;
}

static void
run_child (Probe *probe)
{
  const bool in_user = probe->report.in_user;
  pid_t pid = clone (be_child, probe->stack + STACK_SIZE, CHILD_FLAGS | (in_user ? CLONE_NEWUSER : 0), probe);
  if (!check (probe, in_user ? ST_PROBE_CREATE : ST_PROBE_START, ST_KIND_USER, result_of (pid)))
    return;
  if (in_user)
    probe->report.made |= CLONE_NEWUSER;
  const int status = st_process_wait (pid);
  if (probe->report.step == ST_PROBE_KILLED && WIFSIGNALED (status))
    probe->report.number = WTERMSIG (status);
}

/* No signal handler may run in the child, on the caller's data; and a cancelled thread may not unwind there. */
static void
run_child_undisturbed (Probe *probe)
{
  sigset_t all, before;
  int cancel_state;
  sigfillset (&all);
  pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &cancel_state);
  pthread_sigmask (SIG_BLOCK, &all, &before);
  run_child (probe);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  pthread_setcancelstate (cancel_state, NULL);
}

static void
try_once (unsigned int   flags,
          StProbeReport *report)
{
  const uint64_t capabilities = get_effective_capabilities ();
  const bool is_privileged = (capabilities & UINT64_C (1) << CAP_SYS_ADMIN) != 0;
  const bool asked = (flags & CLONE_NEWUSER) != 0;
  *report = (StProbeReport){
    .step = ST_PROBE_KILLED,
    .in_user = asked || !is_privileged,
    .user_is_asked_for = asked,
    .capabilities = capabilities,
    .caller_capabilities = capabilities,
  };

  Probe *probe = mmap (NULL, sizeof *probe, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED)
    {
      report->step = ST_PROBE_START;
      report->number = errno;
      return;
    }
  probe->flags = flags;
  probe->report = *report;
  snprintf (probe->uid_map, sizeof probe->uid_map, "0 %u 1", (unsigned int) geteuid ());
  snprintf (probe->gid_map, sizeof probe->gid_map, "0 %u 1", (unsigned int) getegid ());
  run_child_undisturbed (probe);
  *report = probe->report;
  munmap (probe, sizeof *probe);
}

static bool
is_limited (const StProbeReport *report)
{
  return report->step == ST_PROBE_CREATE && report->number == ENOSPC;
}

static _Atomic int64_t cleared[ST_N_KINDS]; /* when those made here do not count any more: the kernel takes its time */

static void
try_and_note (unsigned int   flags,
              StProbeReport *report)
{
  try_once (flags, report);
  ST_FOREACH_KIND (kind)
    if (report->made & kind->flag)
      cleared[kind->index] = st_clock_get_milliseconds () + CLEARING_MS;
}

/* Makes all kinds of @flags together: as the caller is, if that is privileged, or else in a user namespace. */
void
st_probe_child_run (unsigned int   flags,
                    StProbeReport *report)
{
  try_and_note (flags, report);
  while (is_limited (report) && st_clock_get_milliseconds () < cleared[report->kind])
    {
      poll (NULL, 0, CLEARING_STEP_MS);
      try_and_note (flags, report);
    }
  if (is_limited (report))
    cleared[report->kind] = 0;
}

/* What could not be done, as in "cannot create net namespace". */
void
st_probe_child_describe (const StProbeReport *report,
                         char                *text,
                         size_t               size)
{
  static const char *const actions[] = {
    [ST_PROBE_DONE] = "can create",
    [ST_PROBE_START] = "cannot start a process to try it in",
    [ST_PROBE_CREATE] = "cannot create",
    [ST_PROBE_MAP] = "cannot map own ids in new",
    [ST_PROBE_PRIVATE] = "cannot make private the mounts of new",
    [ST_PROBE_SYSFS] = "cannot mount sysfs of new",
    [ST_PROBE_TMPFS] = "cannot mount a tmpfs in new",
    [ST_PROBE_LOOPBACK] = "cannot bring lo up in new",
    [ST_PROBE_INIT] = "cannot start PID 1 of new",
    [ST_PROBE_PROC] = "cannot mount proc of new",
    [ST_PROBE_OFFSETS] = "cannot set the clocks of new",
    [ST_PROBE_KILLED] = "cannot try it to the end",
  };
  const char *action = actions[report->step];
  const char *kind = st_kinds[report->kind].name;
  if (report->step == ST_PROBE_START || report->step == ST_PROBE_KILLED)
    snprintf (text, size, "%s", action);
  else if (report->step == ST_PROBE_CREATE && report->kind == ST_KIND_USER && !report->user_is_asked_for)
    snprintf (text, size, "%s %s namespace, which it takes without CAP_SYS_ADMIN", action, kind);
  else
    snprintf (text, size, "%s %s namespace", action, kind);
}
