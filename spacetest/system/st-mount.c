/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount.h"

#include "st-kernel.h"
#include "st-process.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define KERNEL_FS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME)
#define MAX_SUBMOUNTS 64

static int
result_of (int result)
{
  return result < 0 ? -errno : result;
}

static int
mount_at (const char   *type,
          const char   *path,
          unsigned long flags,
          const char   *options)
{
  return result_of (mount (type, path, type, flags, options));
}

int
st_mount_make_private (void)
{
  return result_of (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* One line of mountinfo, proc(5). */
typedef struct
{
  uint64_t id;
  uint64_t parent;
  char *point;
  bool shared;
} MountLine;

static void
unescape (char *text)
{
  char *to = text;
  for (const char *from = text; *from; to++)
    if (from[0] == '\\' && from[1] && from[2] && from[3])
      {
        *to = (char) ((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
        from += 4;
      }
    else
      *to = *from++;
  *to = '\0';
}

/* The fields point into the line. */
static bool
parse_mount_line (char      *text,
                  MountLine *line)
{
  char *rest = NULL, *fields = NULL;
  line->id = strtoull (text, &rest, 10);
  line->parent = strtoull (rest, &rest, 10);
  for (int skip = 0; skip < 3; skip++) /* device, root in the file system; ends before the mount point */
    if (!(rest = strchr (rest, ' ')))
      return false;
    else
      rest++;
  line->point = rest;
  if (!(rest = strchr (rest, ' ')))
    return false;
  *rest++ = '\0';
  fields = strstr (rest, " - ");
  if (!fields)
    return false;
  *fields = '\0';
  line->shared = strstr (rest, " shared:") != NULL;
  unescape (line->point);
  return true;
}

/* Calls back for each mount of the calling thread's mount namespace, until the answer is not 0. */
static int
foreach_mount (int  (*callback) (const MountLine *line,
                                 void            *data),
               void  *data)
{
  FILE *table = fopen ("/proc/thread-self/mountinfo", "re");
  if (!table)
    return -errno;
  char *text = NULL;
  size_t room = 0;
  int result = 0;
  MountLine line;
  while (result == 0 && getline (&text, &room, table) > 0)
    if (parse_mount_line (text, &line))
      result = callback (&line, data);
  free (text);
  fclose (table);
  return result;
}

static int
get_mount_id (const char *path,
              bool        follow,
              uint64_t   *id)
{
  struct statx status;
  if (statx (AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) < 0)
    return -errno;
  *id = status.stx_mnt_id;
  return 0;
}

typedef struct
{
  uint64_t id;
  bool shared;
} SharedQuery;

static int
check_shared (const MountLine *line,
              void            *data)
{
  SharedQuery *query = data;
  if (line->id != query->id)
    return 0;
  query->shared = line->shared;
  return 1;
}

/* Whether what is mounted on @path would appear in other mount namespaces too. */
int
st_mount_is_shared (const char *path,
                    bool        follow)
{
  SharedQuery query = { 0, false };
  int result = get_mount_id (path, follow, &query.id);
  if (result == 0)
    result = foreach_mount (check_shared, &query);
  if (result == 0)
    return -ENOENT;
  return result < 0 ? result : query.shared;
}

/* The mounts right on top of /sys, which a new sysfs would hide: cgroups and friends. */
typedef struct
{
  uint64_t sysfs;
  int n;
  struct
  {
    int fd;
    char *point;
  } mounts[MAX_SUBMOUNTS];
} Submounts;

static int
keep_submount (const MountLine *line,
               void            *data)
{
  Submounts *kept = data;
  if (line->parent != kept->sysfs || strncmp (line->point, "/sys/", 5) != 0)
    return 0;
  if (kept->n == MAX_SUBMOUNTS)
    return -E2BIG;
  int fd = open (line->point, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES || errno == ENOENT ? 0 : -errno; /* hidden from us before, hidden from us after */
  kept->mounts[kept->n].fd = fd;
  kept->mounts[kept->n].point = strdup (line->point);
  kept->n++;
  return 0;
}

static int
keep_submounts (Submounts *kept)
{
  kept->n = 0;
  int result = get_mount_id ("/sys", true, &kept->sysfs);
  return result < 0 ? result : foreach_mount (keep_submount, kept);
}

static int
bind_descriptor (int         fd,
                 const char *point)
{
  char source[64];
  snprintf (source, sizeof source, "/proc/thread-self/fd/%d", fd);
  return result_of (mount (source, point, NULL, MS_BIND | MS_REC, NULL));
}

static int
put_submounts_back (const Submounts *kept)
{
  for (int i = 0; i < kept->n; i++)
    {
      int result = bind_descriptor (kept->mounts[i].fd, kept->mounts[i].point);
      if (result < 0 && result != -ENOENT) /* what was mounted on an interface of the other network has no place here */
        return result;
    }
  return 0;
}

static void
drop_submounts (Submounts *kept)
{
  for (int i = 0; i < kept->n; i++)
    {
      close (kept->mounts[i].fd);
      free (kept->mounts[i].point);
    }
}

static int
mount_fresh_sysfs (void)
{
  return mount_at ("sysfs", "/sys", KERNEL_FS_FLAGS | MS_RDONLY, NULL);
}

/* What a sysfs shows never changes, and neither its id nor the serial of a network is ever given to another: what was found out
 * once stays true. For the calling thread, the last answer. */
static _Thread_local struct
{
  uint64_t sysfs;
  uint64_t network;
} known_right;

static int
check_sysfs_by_mounting (void)
{
  int result = mount_fresh_sysfs ();
  if (result < 0)
    return result == -EBUSY ? 1 : result;
  return result_of (umount2 ("/sys", MNT_DETACH));
}

/* Whether /sys shows the calling thread's network, which has the given serial, or 0: the kernel keeps one sysfs for each network
 * namespace, and refuses to mount it where it is already. No /sys, or something else there, is nothing that could be wrong. */
int
st_mount_is_sysfs_right (uint64_t network)
{
  struct statfs there;
  uint64_t sysfs;
  if (statfs ("/sys", &there) < 0)
    return errno == ENOENT ? 1 : -errno;
  if (there.f_type != SYSFS_MAGIC)
    return 1;
  memcpy (&sysfs, &there.f_fsid, sizeof sysfs);
  if (network != 0 && known_right.network == network && known_right.sysfs == sysfs)
    return 1;

  int right = check_sysfs_by_mounting ();
  if (right > 0)
    {
      known_right.network = network;
      known_right.sysfs = sysfs;
    }
  return right;
}

/* A read-only sysfs of the calling thread's network. */
int
st_mount_sysfs (void)
{
  Submounts kept;
  int result = keep_submounts (&kept);
  if (result == 0)
    result = mount_fresh_sysfs ();
  if (result == 0)
    result = put_submounts_back (&kept);
  else if (result == -EBUSY) /* it is this very one */
    result = result_of (mount (NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | KERNEL_FS_FLAGS | MS_RDONLY, NULL));
  drop_submounts (&kept);
  return result;
}

/* No interfaces at all are better than somebody else's. */
int
st_mount_cover_interfaces (void)
{
  return mount_at ("tmpfs", "/sys/class/net", KERNEL_FS_FLAGS | MS_RDONLY, "mode=0555,size=4k");
}

static int
mount_or_cover_sysfs (void)
{
  int result = st_mount_sysfs ();
  if (result == -EPERM || result == -EACCES)
    result = st_mount_cover_interfaces ();
  return result;
}

/* Never a /sys of another network. Where the kernel won't tell, what was there is right unless the network is new. For a process
 * that has just made its mount namespace: its working directory goes along. */
int
st_mount_correct_sysfs (bool is_network_new)
{
  int right = st_mount_is_sysfs_right (0);
  if (right == -EPERM || right == -EACCES)
    right = !is_network_new;
  if (right != 0)
    return right;
  int result = mount_or_cover_sysfs ();
  return result < 0 ? result : st_process_return_to ("/sys");
}

int
st_mount_proc (void)
{
  return mount_at ("proc", "/proc", KERNEL_FS_FLAGS, NULL);
}

int
st_mount_tmpfs (const char *path,
                uint64_t    size)
{
  char options[64] = "";
  if (size > 0)
    snprintf (options, sizeof options, "size=%llu", (unsigned long long) size);
  return mount_at ("tmpfs", path, MS_NOSUID | MS_NODEV | MS_RELATIME, options);
}

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
  int result = bind_descriptor (file, point);
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
