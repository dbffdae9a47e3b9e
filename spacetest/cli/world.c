/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "world.h"

#include "cli.h"
#include "cure.h"

#include "st-clock.h"
#include "st-idmap.h"
#include "st-kernel.h"
#include "st-kind.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Answers whether a step succeeded, after saying why not. */
static bool
check (int         result,
       const char *step)
{
  if (result >= 0)
    return true;
  cli_complain ("cannot %s: %s", step, strerror (-result));
  return false;
}

static bool
check_made (int           result,
            const StKind *kind)
{
  char cure[CURE_SIZE];
  if (result >= 0)
    return true;
  cure_for_namespace (kind, result, cure);
  cli_complain ("cannot create %s namespace: %s (%s)", kind->name, strerror (-result), cure);
  return false;
}

static bool
check_mapped (int result)
{
  char cure[CURE_SIZE];
  if (result >= 0)
    return true;
  cure_for_namespace (&st_kinds[ST_KIND_USER], result, cure);
  cli_complain ("cannot map the own user and group to root: %s (%s)", strerror (-result), cure);
  return false;
}

static bool
make_user (void)
{
  uid_t uid = geteuid ();
  gid_t gid = getegid ();
  return check_made (st_process_unshare (CLONE_NEWUSER), &st_kinds[ST_KIND_USER]) &&
         check_mapped (st_idmap_own_to_root (uid, gid));
}

/* All at once, which is fastest. The kernel does not say which kind it refused, so then they are tried one by one. */
static bool
make_others (unsigned int kinds)
{
  if (kinds == 0 || st_process_unshare (kinds) == 0)
    return true;
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag && !check_made (st_process_unshare (kind->flag), kind))
      return false;
  return true;
}

static bool
set_clocks (int64_t monotonic,
            int64_t boottime)
{
  const int result = st_clock_shift (monotonic, boottime);
  const char *cure = "";
  if (result >= 0)
    return true;
  if (result == -ERANGE)
    cure = " (no clock may be before 0, nor beyond 146 years)";
  else if (result == -EPERM || result == -EACCES)
    cure = " (it takes the capability CAP_SYS_TIME: go with --user)";
  cli_complain ("cannot set the clocks of the new time namespace: %s%s", strerror (-result), cure);
  return false;
}

/* So that the command is in it, not only its children. */
static bool
enter_time (const World *world)
{
  return set_clocks (world->monotonic, world->boottime) && check (st_clock_enter_new (), "enter the new time namespace");
}

bool
world_make (const World *world)
{
  unsigned int kinds = world->kinds;
  if (kinds & CLONE_NEWUSER && !make_user ())
    return false;
  if (!make_others (kinds & ~(unsigned int) CLONE_NEWUSER))
    return false;
  if (kinds & CLONE_NEWTIME && !enter_time (world))
    return false;
  if (kinds & CLONE_NEWNS && !check (st_mount_make_private (), "make the new mnt namespace private"))
    return false;
  if (world->host_name && !check (st_process_set_host_name (world->host_name), "set the host name"))
    return false;
  if (kinds & CLONE_NEWNET && !check (st_system_loopback_up (), "bring lo up in the new net namespace"))
    return false;
  return !(kinds & CLONE_NEWNS) || check (st_mount_correct_own_sysfs (kinds & CLONE_NEWNET), "show the network in /sys");
}
