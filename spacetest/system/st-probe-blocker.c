/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-probe-blocker.h"

#include "st-probe-facts.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* The kernel's answer is a number that stands for many things. What is found here only explains it: it decides nothing. */

static void __attribute__ ((format (printf, 4, 5)))
set (StBlocker    *blocker,
     StBlockerSort sort,
     const char   *cure,
     const char   *what,
     ...)
{
  va_list args;
  va_start (args, what);
  vsnprintf (blocker->what, sizeof blocker->what, what, args);
  va_end (args);
  blocker->sort = sort;
  blocker->cure = cure;
}

/* What only who makes a user namespace first must put up with can be got round by not having to. */
static const char *
cure_or_capability (const StProbeReport *report,
                    const char          *cure,
                    const char          *cure_or_capability_instead)
{
  return report->user_is_asked_for ? cure : cure_or_capability_instead;
}

/* Of user and PID namespaces below those of the machine; 0 for the other kinds, which don't nest. */
static int
get_max_levels (const StKind *kind)
{
  return kind->index == ST_KIND_USER ? 33 : kind->index == ST_KIND_PID ? 32 : 0;
}

static void
explain_limit (const StKind *kind,
               StBlocker    *blocker)
{
  char path[64];
  long limit;
  snprintf (path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind->name);
  const int levels = get_max_levels (kind);
  if (!st_probe_read_number (path, &limit))
    set (blocker, ST_BLOCKER_EXHAUSTED, "raise it with sysctl", "user.max_%s_namespaces is reached", kind->name);
  else if (limit == 0)
    set (blocker, ST_BLOCKER_EXHAUSTED, "raise it with sysctl", "user.max_%s_namespaces is 0", kind->name);
  else if (levels > 0 && limit - st_probe_count_namespaces (kind) > levels)
    set (blocker, ST_BLOCKER_EXHAUSTED, "make it further out",
         "nested too deep: the kernel ends at %d levels, and user.max_%s_namespaces, %ld, is not reached here", levels,
         kind->name, limit);
  else
    set (blocker, ST_BLOCKER_EXHAUSTED, "end what holds them, or raise it with sysctl",
         "user.max_%s_namespaces is reached: %ld here, or what an outer user namespace has", kind->name, limit);
}

static void
explain_processes (StBlocker *blocker)
{
  unsigned long limit;
  if (st_probe_get_process_limit (&limit))
    set (blocker, ST_BLOCKER_EXHAUSTED, "raise it with ulimit -u, or end some",
         "too many processes: RLIMIT_NPROC is %lu, and the control group may have a limit too", limit);
  else
    set (blocker, ST_BLOCKER_EXHAUSTED, "raise pids.max or kernel.threads-max, or end some",
         "too many processes for the control group or the kernel");
}

static bool
explain_exhausted (const StProbeReport *report,
                   StBlocker           *blocker)
{
  switch (report->number)
    {
    case ENOSPC:
      if (report->step == ST_PROBE_CREATE)
        explain_limit (&st_kinds[report->kind], blocker);
      else
        set (blocker, ST_BLOCKER_EXHAUSTED, "raise it with sysctl", "fs.mount-max is reached");
      return true;
    case EAGAIN:
      explain_processes (blocker);
      return true;
    case EMFILE:
    case ENFILE:
      set (blocker, ST_BLOCKER_EXHAUSTED, "close some, or raise RLIMIT_NOFILE or fs.file-max", "too many open files");
      return true;
    case ENOMEM:
      set (blocker, ST_BLOCKER_EXHAUSTED, NULL, "out of memory, or children would be in a PID namespace whose PID 1 has ended");
      return true;
    default:
      return false;
    }
}

static void
explain_missing (const StProbeReport *report,
                 StBlocker           *blocker)
{
  const StKind *kind = &st_kinds[report->kind];
  if (report->step == ST_PROBE_CREATE && report->number == EINVAL && st_probe_kernel_has (kind))
    set (blocker, ST_BLOCKER_TRANSIENT, "try again", "the kernel knows %s namespaces, but does not make one now", kind->name);
  else if (report->step == ST_PROBE_CREATE)
    set (blocker, ST_BLOCKER_UNSUPPORTED, "use another kernel", "this kernel has no %s namespaces", kind->name);
  else
    set (blocker, ST_BLOCKER_UNSUPPORTED, "use another kernel", "not in this kernel");
}

static void
explain_filter (StBlocker *blocker)
{
  set (blocker, ST_BLOCKER_FORBIDDEN,
       "use another seccomp profile; for containers --security-opt seccomp=unconfined",
       "a seccomp filter, as containers have, refuses the system call");
}

static bool
explain_capability (const StProbeReport *report,
                    StBlocker           *blocker)
{
  int capability = CAP_SYS_ADMIN;
  const char *name = "CAP_SYS_ADMIN";
  if (report->step == ST_PROBE_LOOPBACK)
    capability = CAP_NET_ADMIN, name = "CAP_NET_ADMIN";
  else if (report->step == ST_PROBE_OFFSETS)
    capability = CAP_SYS_TIME, name = "CAP_SYS_TIME";
  if (report->capabilities & UINT64_C (1) << capability)
    return false;
  set (blocker, ST_BLOCKER_FORBIDDEN, "give it the capability, or use a user namespace: spacetest run --user", "no %s", name);
  return true;
}

/* Since Linux 5.12: who could not give files capabilities outside shall not be able to do it inside. */
static bool
explain_root_map (const StProbeReport *report,
                  StBlocker           *blocker)
{
  if (geteuid () != 0 || report->caller_capabilities & UINT64_C (1) << CAP_SETFCAP)
    return false;
  set (blocker, ST_BLOCKER_FORBIDDEN, "give it the capability, or be another user", "user id 0 takes CAP_SETFCAP to be mapped");
  return true;
}

static bool
explain_undumpable (StBlocker *blocker)
{
  if (st_probe_is_dumpable ())
    return false;
  set (blocker, ST_BLOCKER_FORBIDDEN, "exec a program, or prctl (PR_SET_DUMPABLE, 1)",
       "the process is not dumpable, as after changing its ids, so that its files in /proc are not its own");
  return true;
}

/* What stands in the way of user namespaces for all but the privileged. */
static bool
explain_user_policy (const StProbeReport *report,
                     StBlocker           *blocker)
{
  long value;
  if (report->caller_capabilities & UINT64_C (1) << CAP_SYS_ADMIN)
    return false;
  if (st_probe_read_number ("/proc/sys/kernel/unprivileged_userns_clone", &value) && value == 0)
    set (blocker, ST_BLOCKER_FORBIDDEN,
         cure_or_capability (report, "set it to 1 with sysctl", "set it to 1 with sysctl, or have CAP_SYS_ADMIN"),
         "kernel.unprivileged_userns_clone is 0");
  else if (st_probe_read_number ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &value) && value != 0)
    set (blocker, ST_BLOCKER_FORBIDDEN,
         cure_or_capability (report, "set it to 0 with sysctl, or give the program an AppArmor profile with userns",
                             "set it to 0 with sysctl, give the program an AppArmor profile with userns, or have CAP_SYS_ADMIN"),
         "kernel.apparmor_restrict_unprivileged_userns is %ld", value);
  else
    return false;
  return true;
}

static bool
explain_security_module (StBlocker *blocker)
{
  char label[160];
  if (!st_probe_read_label (label, sizeof label))
    return false;
  set (blocker, ST_BLOCKER_FORBIDDEN, "run it with another label, or change its rules", "perhaps the security module: label \"%s\"",
       label);
  return true;
}

static void
explain_no_user (const StProbeReport *report,
                 StBlocker           *blocker)
{
  if (!st_probe_has_mapped_ids ())
    set (blocker, ST_BLOCKER_FORBIDDEN, "write its uid_map and gid_map first",
         "own user or group id is not mapped in the user namespace the process is in");
  else if (st_probe_is_in_chroot ())
    set (blocker, ST_BLOCKER_FORBIDDEN,
         cure_or_capability (report, "leave it, or use pivot_root instead", "leave it, use pivot_root instead, or have CAP_SYS_ADMIN"),
         "the process is in a chroot");
  else if (!explain_user_policy (report, blocker) && !explain_security_module (blocker))
    set (blocker, ST_BLOCKER_FORBIDDEN,
         cure_or_capability (report, "leave the chroot, or change the rules",
                             "leave the chroot, change the rules, or have CAP_SYS_ADMIN"),
         "perhaps the process is in a chroot, or a security module forbids it");
}

static void
explain_refused (const StProbeReport *report,
                 StBlocker           *blocker)
{
  if (!explain_capability (report, blocker) && !explain_user_policy (report, blocker) && !explain_security_module (blocker))
    set (blocker, ST_BLOCKER_FORBIDDEN, "change its rules", "perhaps a security module forbids it");
}

/* A new one may show no more than an old one does. Security modules refuse with another number. */
static void
explain_covered (const StProbeReport *report,
                 StBlocker           *blocker)
{
  if (explain_capability (report, blocker) || explain_user_policy (report, blocker))
    return;
  set (blocker, ST_BLOCKER_FORBIDDEN, "uncover it, for containers --security-opt unmask=ALL or systempaths=unconfined",
       report->step == ST_PROBE_SYSFS ? "in a user namespace it takes a /sys of which nothing is covered, as containers do"
                                      : "in a user namespace it takes a /proc of which nothing is covered, as containers do");
}

static void
explain_forbidden (const StProbeReport *report,
                   StBlocker           *blocker)
{
  const bool fresh = report->step == ST_PROBE_SYSFS || report->step == ST_PROBE_PROC;
  const bool file = report->step == ST_PROBE_MAP || report->step == ST_PROBE_OFFSETS;
  if (st_probe_is_filtered (report))
    explain_filter (blocker);
  else if (report->step == ST_PROBE_CREATE && report->kind == ST_KIND_USER)
    explain_no_user (report, blocker);
  else if (fresh && report->number == EPERM)
    explain_covered (report, blocker);
  else if (!(report->step == ST_PROBE_MAP && report->number == EPERM && explain_root_map (report, blocker)) &&
           !(file && report->number == EACCES && explain_undumpable (blocker)))
    explain_refused (report, blocker);
}

static void
explain_killed (const StProbeReport *report,
                StBlocker           *blocker)
{
  if (report->number == SIGSYS)
    explain_filter (blocker);
  else
    set (blocker, ST_BLOCKER_TRANSIENT, "try again", "somebody killed the process that tried");
}

static void
explain_other (const StProbeReport *report,
               StBlocker           *blocker)
{
  const bool file = report->step == ST_PROBE_MAP || report->step == ST_PROBE_OFFSETS;
  if (report->step == ST_PROBE_PRIVATE && report->number == EINVAL)
    set (blocker, ST_BLOCKER_FORBIDDEN, "leave it, use pivot_root instead, or mount its root directory on itself before entering",
         "the process is in a chroot whose root directory is no mount point");
  else if (file && (report->number == ENOENT || report->number == ENOTDIR))
    set (blocker, ST_BLOCKER_FORBIDDEN, "mount it", "there is no /proc, or one of another PID namespace");
  else if (file && report->number == EROFS)
    set (blocker, ST_BLOCKER_FORBIDDEN, "mount it read-write", "/proc is read-only");
  else
    set (blocker, ST_BLOCKER_TRANSIENT, "try again", "for no reason that is known here");
}

/* To be called by who called st_probe_child_run(), and only after a failure. */
void
st_probe_blocker_find (const StProbeReport *report,
                       StBlocker           *blocker)
{
  if (report->step == ST_PROBE_KILLED)
    explain_killed (report, blocker);
  else if (report->number == EPERM || report->number == EACCES || (report->number == ENOSYS && st_probe_is_filtered (report)))
    explain_forbidden (report, blocker);
  else if (report->number == ENOSYS || report->number == ENODEV || (report->step == ST_PROBE_CREATE && report->number == EINVAL))
    explain_missing (report, blocker);
  else if (!explain_exhausted (report, blocker))
    explain_other (report, blocker);
}
