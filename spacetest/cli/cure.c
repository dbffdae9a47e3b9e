/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cure.h"

#include "st-probe-facts.h"
#include "st-system.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Switches of distributions: each is there only on some, and forbids user namespaces to ordinary users at that value. */
static const struct
{
  const char *path;
  long forbids;
  const char *cure;
} switches[] = {
  { "/proc/sys/kernel/unprivileged_userns_clone", 0, "write 1 to it, or be root" },
  { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1, "write 0 to it, or be root" },
};

static bool
find_switch (char cure[CURE_SIZE])
{
  long value;
  for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
    if (st_probe_read_number (switches[i].path, &value) && value == switches[i].forbids)
      {
        snprintf (cure, CURE_SIZE, "%s is %ld: %s", switches[i].path, value, switches[i].cure);
        return true;
      }
  return false;
}

/* Each user namespace has limits of its own, as high as can be when it is new; those above it count as well. */
static void
explain_limit (const StKind *kind,
               char          cure[CURE_SIZE])
{
  char path[64];
  long value;
  snprintf (path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind->name);
  if (!st_probe_read_number (path, &value) || value == INT_MAX)
    snprintf (cure, CURE_SIZE, "raise %s in the user namespaces around this one, or nest less deeply", path);
  else
    snprintf (cure, CURE_SIZE, "%s is %ld: raise it, or nest less deeply", path, value);
}

void
cure_for_namespace (const StKind *kind,
                    int           result,
                    char          cure[CURE_SIZE])
{
  if (result == -ENOSPC || result == -EUSERS)
    explain_limit (kind, cure);
  else if (result == -EINVAL || result == -ENOSYS)
    snprintf (cure, CURE_SIZE, "this kernel is built without %s namespaces", kind->name);
  else if (result == -ENOMEM)
    snprintf (cure, CURE_SIZE, "the kernel is out of memory");
  else if (!find_switch (cure))
    snprintf (cure, CURE_SIZE, "forbidden in a chroot, a container or by a security module: be root outside of it");
}

/* The user namespace that has the say over another namespace, to be closed; not one that is around or beside the own. */
static int
open_ruler (const StKind *kind,
            int           fd)
{
  if (kind->index != ST_KIND_USER)
    return st_system_open_owner (fd);
  const int parent = st_system_open_parent (fd);
  if (parent < 0)
    return parent;
  close (parent);
  return st_system_dup (fd);
}

static void
explain_owner (const StKind *kind,
               int           fd,
               char          cure[CURE_SIZE])
{
  const char *what = kind->index == ST_KIND_USER ? "it" : "the user namespace that owns it";
  const int ruler = open_ruler (kind, fd);
  uid_t uid;
  if (ruler < 0 || st_system_owner_uid (ruler, &uid) < 0)
    snprintf (cure, CURE_SIZE, " (%s is not below the own user namespace: start further out)", what);
  else
    snprintf (cure, CURE_SIZE, " (%s is that of user %u: be that user with all capabilities, or root further out)", what, uid);
  if (ruler >= 0)
    close (ruler);
}

void
cure_for_joining (const StKind *kind,
                  int           fd,
                  int           result,
                  char          cure[CURE_SIZE])
{
  cure[0] = '\0';
  if (result == -EPERM)
    explain_owner (kind, fd, cure);
  else if (result == -EINVAL && kind->index == ST_KIND_PID)
    snprintf (cure, CURE_SIZE, " (it is not below the own PID namespace: start further out)");
}
