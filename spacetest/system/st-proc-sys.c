/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-proc-sys.h"

#include "st-kernel.h"
#include "st-result.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CHUNK 4096
#define MAX_VALUE (1024 * 1024)
#define MAX_PING_GROUP 2147483647UL /* as far as the kernel takes it */

/* Whatever else is mounted on /proc. */
static int
check_procfs (int fd)
{
  struct statfs there;
  if (fd < 0 || (fstatfs (fd, &there) == 0 && there.f_type == PROC_SUPER_MAGIC))
    return fd;
  close (fd);
  return -ENOENT;
}

/* Containers mount /proc/sys read-only, which says nothing about who owns the namespace: a procfs of our own that is mounted
 * nowhere has the same entries. */
static int
open_unmounted (const char *name,
                int         flags)
{
  char path[PATH_MAX];
  int proc = st_kernel_open_new_proc ();
  if (proc < 0)
    return proc;
  snprintf (path, sizeof path, "sys/%s", name);
  int fd = result_of (openat (proc, path, flags));
  close (proc);
  return fd;
}

static int
open_entry (const char *name,
            int         access)
{
  char path[PATH_MAX];
  const int flags = access | O_CLOEXEC | O_NOCTTY;
  if (snprintf (path, sizeof path, "/proc/sys/%s", name) >= (int) sizeof path)
    return -ENAMETOOLONG;
  int fd = check_procfs (result_of (open (path, flags)));
  if (fd != -EROFS)
    return fd;
  fd = open_unmounted (name, flags);
  return fd == -EPERM || st_kernel_is_missing (fd) ? -EROFS : fd;
}

static int
read_all (int     fd,
          char  **value,
          size_t *length)
{
  size_t room = 0;
  *value = NULL;
  *length = 0;
  while (true)
    {
      if (room - *length < CHUNK)
        {
          char *more = room < MAX_VALUE ? realloc (*value, room + 2 * CHUNK) : NULL;
          if (!more)
            return room < MAX_VALUE ? -ENOMEM : -E2BIG;
          room += 2 * CHUNK;
          *value = more;
        }
      const ssize_t n = read (fd, *value + *length, room - *length - 1);
      if (n < 0 && errno != EINTR)
        return -errno;
      if (n > 0)
        *length += (size_t) n;
      (*value)[*length] = '\0';
      if (n == 0)
        return 0;
    }
}

/* @value is for free(), and ends in a NUL that does not count. */
int
st_proc_sys_read (const char *name,
                  char      **value,
                  size_t     *length)
{
  int fd = open_entry (name, O_RDONLY);
  if (fd < 0)
    return fd;
  int result = read_all (fd, value, length);
  close (fd);
  if (result < 0)
    {
      free (*value);
      *value = NULL;
    }
  return result;
}

/* In one go, as the kernel parses each write by itself. */
static int
write_at_once (int         fd,
               const char *value,
               size_t      length)
{
  ssize_t n;
  do
    n = write (fd, value, length);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno == ERANGE ? -EINVAL : -errno; /* some say the one, some the other */
  return (size_t) n == length ? 0 : -EIO;
}

int
st_proc_sys_write (const char *name,
                   const char *value,
                   size_t      length)
{
  /* The files of these belong to the root of all, the system calls ask who owns the namespace. */
  if (strcmp (name, "kernel/hostname") == 0)
    return result_of (sethostname (value, length));
  if (strcmp (name, "kernel/domainname") == 0)
    return result_of (setdomainname (value, length));
  int fd = open_entry (name, O_WRONLY);
  if (fd < 0)
    return fd;
  int result = write_at_once (fd, value, length);
  close (fd);
  return result;
}

typedef struct
{
  unsigned long first;
  unsigned long last;
} Range;

static void
take_extent (Range        *all,
             Range        *widest,
             unsigned long inside,
             unsigned long count)
{
  const Range extent = { inside, inside + count - 1 };
  if (extent.first < all->first)
    all->first = extent.first;
  if (extent.last > all->last)
    all->last = extent.last;
  if (extent.last - extent.first >= widest->last - widest->first)
    *widest = extent;
}

/* The group ids that are mapped. The kernel takes none if the last one outside is below the first one outside, which cannot be
 * where there is one extent, or where they are in the same order inside and outside. */
static int
find_groups (Range *range)
{
  Range all = { ULONG_MAX, 0 }, widest = { 0, 0 };
  unsigned long inside, outside, count, last_inside = 0, last_outside = 0;
  bool in_order = true;
  int n = 0;
  FILE *map = fopen ("/proc/thread-self/gid_map", "re");
  if (!map)
    return -errno;
  for (; fscanf (map, "%lu %lu %lu", &inside, &outside, &count) == 3; n++)
    {
      take_extent (&all, &widest, inside, count);
      if (n > 0 && (inside < last_inside) != (outside < last_outside))
        in_order = false;
      last_inside = inside;
      last_outside = outside;
    }
  fclose (map);
  *range = in_order ? all : widest;
  if (range->last > MAX_PING_GROUP)
    range->last = MAX_PING_GROUP;
  return n > 0 ? 0 : -ENOENT;
}

/* What was right last time: user namespaces are not changed often. */
static _Thread_local Range ping_groups = { 0, MAX_PING_GROUP };

static int
write_ping_groups (int fd)
{
  char text[64];
  const int length = snprintf (text, sizeof text, "%lu %lu", ping_groups.first, ping_groups.last);
  return write_at_once (fd, text, (size_t) length);
}

/* Everybody in the calling thread's network may send echo requests. */
int
st_proc_sys_allow_ping (void)
{
  int fd = open_entry ("net/ipv4/ping_group_range", O_WRONLY);
  if (fd < 0)
    return fd;
  int result = write_ping_groups (fd);
  if (result == -EINVAL) /* some of these are not mapped here */
    {
      result = find_groups (&ping_groups);
      if (result == 0)
        result = write_ping_groups (fd);
    }
  close (fd);
  return result;
}
