/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What openat2() does, done by hand for kernels and containers without it. */

#define MAX_LINKS 40 /* as the kernel has it */

typedef struct
{
  int root;
  int here;
  char *path;       /* what is still to go, in a buffer of its own */
  const char *rest; /* in path */
  int links;
} Walk;

static int
copy_descriptor (int fd)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? -errno : copy;
}

/* Takes @next, or an error. */
static int
step_to (Walk *walk,
         int   next)
{
  if (next < 0)
    return next;
  close (walk->here);
  walk->here = next;
  return 0;
}

static int
is_same_place (int a,
               int b)
{
  StViewFile left, right;
  int result = st_view_inspect (a, &left);
  if (result == 0)
    result = st_view_inspect (b, &right);
  return result < 0 ? result : left.inode == right.inode && left.device == right.device && left.mount_id == right.mount_id;
}

/* Links in /proc that lead to where their text does not: those whose text is not stored, but for /proc/self and thread-self. */
static int
is_magic (int         link,
          const char *target)
{
  struct statfs place;
  struct stat status;
  if (fstatfs (link, &place) < 0 || fstat (link, &status) < 0)
    return -errno;
  if (place.f_type != PROC_SUPER_MAGIC || (target[0] >= '0' && target[0] <= '9'))
    return 0;
  return (status.st_mode & 0777) != 0777 || status.st_size != (off_t) strlen (target);
}

/* The text of a symbolic link, which the caller must free(). */
int
st_view_read_link (int    link,
                   char **target)
{
  char text[PATH_MAX];
  ssize_t length = readlinkat (link, "", text, sizeof text);
  if (length < 0)
    return -errno;
  if (length == sizeof text)
    return -ENAMETOOLONG;
  text[length] = '\0';
  int magic = is_magic (link, text);
  if (magic != 0)
    return magic < 0 ? magic : -ELOOP;
  *target = strdup (text);
  return *target ? 0 : -ENOMEM;
}

/* The target takes the place of the link in what is still to go. */
static int
follow (Walk *walk,
        int   link)
{
  char *target = NULL, *path = NULL;
  int result = ++walk->links > MAX_LINKS ? -ELOOP : st_view_read_link (link, &target);
  if (result < 0)
    return result;
  if (asprintf (&path, "%s/%s", target, walk->rest) < 0)
    result = -ENOMEM;
  else
    {
      if (walk->rest[0] == '\0') /* no slash where there was none: it would ask for a directory */
        path[strlen (target)] = '\0';
      free (walk->path);
      walk->path = path;
      walk->rest = path;
      if (target[0] == '/')
        result = step_to (walk, copy_descriptor (walk->root));
    }
  free (target);
  return result;
}

static int
go_up (Walk *walk)
{
  int at_root = is_same_place (walk->here, walk->root);
  if (at_root != 0)
    return at_root < 0 ? at_root : 0;
  return step_to (walk, st_view_open_name (walk->here, ".."));
}

static int
go_down (Walk       *walk,
         const char *name,
         bool        follow_link)
{
  struct stat status;
  int next = st_view_open_name (walk->here, name);
  if (next < 0)
    return next;
  if (fstat (next, &status) < 0 || !S_ISLNK (status.st_mode) || !follow_link)
    return step_to (walk, next);
  int result = follow (walk, next);
  close (next);
  return result;
}

static int
take_step (Walk *walk,
           bool  follow_last)
{
  char name[NAME_MAX + 1];
  size_t length = strcspn (walk->rest, "/");
  if (length > NAME_MAX)
    return -ENAMETOOLONG;
  memcpy (name, walk->rest, length);
  name[length] = '\0';
  walk->rest += length;
  bool is_last = walk->rest[0] == '\0';
  walk->rest += strspn (walk->rest, "/");
  if (strcmp (name, "..") == 0)
    return go_up (walk);
  return go_down (walk, name, follow_last || !is_last);
}

static int
require_directory (int fd)
{
  struct stat status;
  if (fstat (fd, &status) < 0)
    return -errno;
  return S_ISDIR (status.st_mode) ? 0 : -ENOTDIR;
}

/* A slash at the end asks for a directory, and to follow links to it. What a link leads to is put in front, so the end stays. */
static int
walk_all (Walk *walk,
          int   flags)
{
  int result = 0;
  bool slash = false;
  while (result == 0)
    {
      walk->rest += strspn (walk->rest, "/");
      if (walk->rest[0] == '\0')
        break;
      slash = slash || walk->rest[strlen (walk->rest) - 1] == '/';
      result = take_step (walk, slash || !(flags & O_NOFOLLOW));
    }
  if (result == 0 && (slash || (flags & O_DIRECTORY)))
    result = require_directory (walk->here);
  return result;
}

int
st_view_walk (int         root,
              const char *path,
              int         flags)
{
  if (path[0] == '\0')
    return -ENOENT;
  if (strlen (path) >= PATH_MAX)
    return -ENAMETOOLONG;

  Walk walk = { .root = root, .here = copy_descriptor (root), .path = strdup (path) };
  int result = walk.here;
  if (result >= 0)
    {
      walk.rest = walk.path;
      result = walk.path ? walk_all (&walk, flags) : -ENOMEM;
      if (result == 0)
        result = walk.here;
      else
        close (walk.here);
    }
  free (walk.path);
  return result;
}
