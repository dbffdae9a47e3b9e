/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Files of namespaces among those of another mount namespace. All that leads there is followed inside; only the last step may be
 * a link that leads to no path, as those in /proc/PID/ns do. */

#define MAX_LINKS 40 /* as the kernel has it */

/* The number in "mnt:[4026531832]", which is what such a link says it leads to. */
static int
read_number (int       link,
             uint64_t *number)
{
  char text[64];
  unsigned long long value;
  char end;
  ssize_t length = readlinkat (link, "", text, sizeof text - 1);
  if (length < 0)
    return -errno;
  text[length] = '\0';
  const char *colon = strchr (text, ':');
  if (!colon || sscanf (colon, ":[%llu%c", &value, &end) != 2 || end != ']')
    return -ENOTTY;
  *number = value;
  return 0;
}

/* By its name, since a link that is open can't be followed; what is there by then must be what the open one leads to. */
static int
follow_to_namespace (int         directory,
                     const char *name,
                     int         link)
{
  uint64_t number = 0;
  struct stat status;
  int result = read_number (link, &number);
  if (result < 0)
    return result;
  int fd = openat (directory, name, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (fstat (fd, &status) == 0 && status.st_ino == number)
    return fd;
  close (fd);
  return -ENOTTY;
}

/* The path that an ordinary link in @path leads to takes its place. */
static int
follow_to_path (char **path,
                size_t directory_length,
                int    link)
{
  char *target = NULL, *next = NULL;
  int result = st_view_read_link (link, &target);
  if (result < 0)
    return result;
  if (asprintf (&next, "%.*s%s", target[0] == '/' ? 0 : (int) directory_length, *path, target) < 0)
    next = NULL;
  free (target);
  if (!next)
    return -ENOMEM;
  free (*path);
  *path = next;
  return 0;
}

/* Whether a link was followed, and goes on from there: then it is -EAGAIN. */
static int
take_last_step (char     **path,
                size_t     directory_length,
                int        directory)
{
  struct stat status;
  const char *name = *path + directory_length;
  int found = st_view_open_name (directory, name);
  if (found < 0)
    return found;
  if (fstat (found, &status) < 0 || !S_ISLNK (status.st_mode))
    return found;
  int result = follow_to_path (path, directory_length, found);
  if (result == -ELOOP) /* leads to no path */
    result = follow_to_namespace (directory, name, found);
  else if (result == 0)
    result = -EAGAIN;
  close (found);
  return result;
}

static int
find_once (int          root,
           char       **path,
           StViewLookup lookup)
{
  const char *name = strrchr (*path, '/') + 1;
  if (*name == '\0' || strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return lookup (root, *path, 0);
  const size_t length = (size_t) (name - *path);
  char *parent = strndup (*path, length);
  int directory = parent ? lookup (root, parent, O_DIRECTORY) : -ENOMEM;
  free (parent);
  if (directory < 0)
    return directory;
  int result = take_last_step (path, length, directory);
  close (directory);
  return result;
}

/* Gives a descriptor that can do nothing (O_PATH), of whatever is there. @path is absolute. */
int
st_view_find_namespace (int          root,
                        const char  *path,
                        StViewLookup lookup)
{
  if (strlen (path) >= PATH_MAX)
    return -ENAMETOOLONG;
  char *current = strdup (path);
  int result = current ? -EAGAIN : -ENOMEM;
  for (int i = 0; result == -EAGAIN && i <= MAX_LINKS; i++)
    result = find_once (root, &current, lookup);
  free (current);
  return result == -EAGAIN ? -ELOOP : result;
}

/* Of a descriptor that can do nothing: 0, or -ENOTTY. */
int
st_view_is_namespace (int fd)
{
  struct statfs status;
  if (fstatfs (fd, &status) < 0)
    return -errno;
  return status.f_type == NSFS_MAGIC ? 0 : -ENOTTY;
}
