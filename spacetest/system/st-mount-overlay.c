/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount-overlay.h"

#include "st-kernel.h"
#include "st-mount.h"
#include "st-result.h"
#include "st-system.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int
create_content (const char *directory)
{
  int parent = open (directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return -errno;
  int file = result_of (openat (parent, "content", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  close (parent);
  return file;
}

static int
fill_content (int                file,
              const struct stat *covered,
              const void        *content,
              size_t             size)
{
  int result = st_system_write_all (file, content, size);
  if (result == 0)
    result = result_of (fchmod (file, S_ISREG (covered->st_mode) ? covered->st_mode & 07777 : 0644));
  if (result == 0 && fchown (file, covered->st_uid, covered->st_gid) < 0 && errno != EINVAL && errno != EPERM)
    result = -errno; /* an id that is not mapped here can't be given; the file is ours then */
  return result;
}

/* Mounts a tmpfs on @directory, with one file in it that looks like what it is to cover. Gives the file. */
static int
stage_content (const char        *directory,
               const struct stat *covered,
               const void        *content,
               size_t             size)
{
  int result = st_mount_tmpfs (directory, 0);
  if (result < 0)
    return result;
  int file = create_content (directory);
  result = file < 0 ? file : fill_content (file, covered, content, size);
  if (result == 0)
    return file;
  if (file >= 0)
    close (file);
  umount2 (directory, MNT_DETACH);
  return result;
}

/* The content on a mount of its own, staged where nobody sees it: in a copy of this mount namespace. */
static int
make_content_tree (const char        *directory,
                   const struct stat *covered,
                   const void        *content,
                   size_t             size)
{
  const StKind *mnt = &st_kinds[ST_KIND_MNT];
  int here = st_system_open_current (mnt);
  if (here < 0)
    return here;

  int tree = st_system_unshare (mnt);
  if (tree == 0)
    {
      int file = stage_content (directory, covered, content, size);
      tree = file;
      if (file >= 0)
        {
          tree = st_kernel_open_tree (file, "", ST_OPEN_TREE_CLONE | ST_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
          close (file);
        }
      int back = st_system_enter (here, mnt);
      if (back < 0 && tree >= 0)
        {
          close (tree);
          tree = back;
        }
    }
  close (here);
  return tree;
}

/* For kernels without open_tree(): for a moment everybody in this mount namespace sees the directory without its files. */
static int
bind_staged_content (int                target,
                     const char        *directory,
                     const struct stat *covered,
                     const void        *content,
                     size_t             size)
{
  char point[64];
  snprintf (point, sizeof point, "/proc/thread-self/fd/%d", target);

  int file = stage_content (directory, covered, content, size);
  if (file < 0)
    return file;
  int result = st_mount_bind (file, point);
  close (file);
  if (umount2 (directory, MNT_DETACH) < 0 && result == 0)
    result = -errno;
  return result;
}

static int
get_directory (const char *path,
               char       *directory)
{
  const char *slash = strrchr (path, '/');
  size_t length = slash ? (size_t) (slash - path) : 0;
  if (!slash || slash[1] == '\0')
    return -EISDIR;
  if (length >= PATH_MAX)
    return -ENAMETOOLONG;
  memcpy (directory, path, length);
  directory[length] = '\0';
  if (length == 0)
    strcpy (directory, "/");
  return 0;
}

/* Covers the file at @path, or the symbolic link itself, with @content. */
int
st_mount_overlay_file (const char *path,
                       const void *content,
                       size_t      size)
{
  char directory[PATH_MAX];
  int result = get_directory (path, directory);
  if (result < 0)
    return result;
  int target = open (path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0)
    return -errno;

  struct stat covered;
  result = result_of (fstat (target, &covered));
  if (result == 0 && S_ISDIR (covered.st_mode))
    result = -EISDIR;
  if (result == 0)
    {
      int tree = make_content_tree (directory, &covered, content, size);
      if (tree >= 0)
        {
          result = st_kernel_move_mount (tree, target);
          close (tree);
        }
      else
        result = st_kernel_is_missing (tree) ? bind_staged_content (target, directory, &covered, content, size) : tree;
    }
  close (target);
  return result;
}
