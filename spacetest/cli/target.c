/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "target.h"

#include "cli.h"

#include "st-kernel.h"
#include "st-probe-facts.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As in "net namespace of process 7". */
void
target_describe (const Target *self,
                 const StKind *kind,
                 char         *text,
                 size_t        size)
{
  const char *path = self->wish->kinds[kind->index].path;
  if (path)
    snprintf (text, size, "%s namespace %s", kind->name, path);
  else
    snprintf (text, size, "%s namespace of process %d", kind->name, (int) self->wish->pid);
}

static const char *
get_cure (int result)
{
  if (result == -ESRCH)
    return " (it has ended)";
  if (result == -EACCES || result == -EPERM)
    return " (for processes of others it takes the capability CAP_SYS_PTRACE: be root)";
  return "";
}

static bool
complain_of_process (const Target *self,
                     const char   *what,
                     int           result)
{
  cli_complain ("cannot open %s of process %d: %s%s", what, (int) self->wish->pid, strerror (-result), get_cure (result));
  return false;
}

static bool
has_process (const Target      *self,
             const TargetPlace *place)
{
  if (self->process >= 0)
    return true;
  cli_complain ("--%s of which process? (name it by --target=PID, or a file by --%s=FILE)", place->option, place->option);
  return false;
}

static bool
check_kind (int           fd,
            const StKind *kind,
            const char   *path)
{
  const StKind *found;
  const int result = st_system_get_kind (fd, &found);
  if (result < 0)
    cli_complain ("cannot open %s namespace %s: it is not a namespace", kind->name, path);
  else if (found != kind)
    cli_complain ("cannot open %s namespace %s: it is of kind %s", kind->name, path, found->name);
  return result >= 0 && found == kind;
}

static bool
open_path (Target       *self,
           const StKind *kind,
           const char   *path)
{
  const int fd = st_system_open_path (path);
  self->fds[kind->index] = fd;
  if (fd >= 0)
    return check_kind (fd, kind, path);
  cli_complain ("cannot open %s namespace %s: %s", kind->name, path, fd == -ENOTTY ? "it is not a namespace" : strerror (-fd));
  return false;
}

static bool
open_of_process (Target       *self,
                 const StKind *kind)
{
  char what[64];
  const int fd = st_system_open_process (self->process, kind);
  self->fds[kind->index] = fd;
  if (fd >= 0)
    return true;
  snprintf (what, sizeof what, "%s namespace", kind->name);
  return complain_of_process (self, what, fd);
}

/* Without /proc nobody can tell. */
static bool
is_in_kernel (const StKind *kind)
{
  return st_probe_kernel_has (kind) || access ("/proc/thread-self/ns", F_OK) < 0;
}

static bool
open_namespace (Target       *self,
                const StKind *kind)
{
  const TargetPlace *place = &self->wish->kinds[kind->index];
  if (place->path)
    return open_path (self, kind, place->path);
  if (place->option)
    return has_process (self, place) && open_of_process (self, kind);
  return !self->wish->all || !is_in_kernel (kind) || open_of_process (self, kind);
}

/* A link of /proc; its number may have been another's when it was looked up. */
static int
open_link (const Target *self,
           const char   *link)
{
  char path[64];
  snprintf (path, sizeof path, "/proc/%d/%s", (int) self->wish->pid, link);
  const int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? -ESRCH : -errno;
  if (!st_system_is_gone (self->process))
    return fd;
  close (fd);
  return -ESRCH;
}

static bool
open_directory (const Target      *self,
                const TargetPlace *place,
                const char        *what,
                const char        *link,
                int               *fd)
{
  if (!place->option)
    return true;
  if (!place->path)
    {
      *fd = has_process (self, place) ? open_link (self, link) : -EINVAL;
      return *fd >= 0 || (self->process >= 0 && complain_of_process (self, what, *fd));
    }
  *fd = open (place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*fd < 0)
    cli_complain ("cannot open %s %s: %s", what, place->path, strerror (errno));
  return *fd >= 0;
}

static bool
open_process (Target *self)
{
  if (self->wish->pid == 0)
    return true;
  self->process = st_kernel_pidfd_open (self->wish->pid);
  if (self->process < 0)
    cli_complain ("cannot open process %d: %s", (int) self->wish->pid, strerror (-self->process));
  return self->process >= 0;
}

bool
target_open (Target           *self,
             const TargetWish *wish)
{
  *self = (Target){ .wish = wish, .process = -1, .root = -1, .directory = -1 };
  ST_FOREACH_KIND (kind)
    self->fds[kind->index] = -1;
  if (!open_process (self))
    return false;
  ST_FOREACH_KIND (kind)
    if (!open_namespace (self, kind))
      return false;
  return open_directory (self, &wish->root, "root directory", "root", &self->root) &&
         open_directory (self, &wish->directory, "working directory", "cwd", &self->directory);
}
