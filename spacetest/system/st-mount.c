/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount.h"

#include "st-mount-table.h"
#include "st-result.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

int
st_mount_make_private (void)
{
  return result_of (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* Of the mount that @path is on. */
int
st_mount_get_id (const char *path,
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
check_shared (const StMount *mount,
              void          *data)
{
  SharedQuery *query = data;
  if (mount->id != query->id)
    return 0;
  query->shared = mount->shared;
  return 1;
}

/* Whether what is mounted on @path would appear in other mount namespaces too. */
int
st_mount_is_shared (const char *path,
                    bool        follow)
{
  SharedQuery query = { 0, false };
  int result = st_mount_get_id (path, follow, &query.id);
  if (result == 0)
    result = st_mount_table_foreach_of (ST_MOUNT_TABLE_HERE, check_shared, &query);
  if (result == 0)
    return -ENOENT;
  return result < 0 ? result : query.shared;
}

/* What is open as @fd, with all that is mounted below it. */
int
st_mount_bind (int         fd,
               const char *point)
{
  char source[64];
  snprintf (source, sizeof source, "/proc/thread-self/fd/%d", fd);
  return result_of (mount (source, point, NULL, MS_BIND | MS_REC, NULL));
}

int
st_mount_proc (void)
{
  return result_of (mount ("proc", "/proc", "proc", ST_MOUNT_KERNEL_FS, NULL));
}

int
st_mount_tmpfs (const char *path,
                uint64_t    size)
{
  char options[64] = "";
  if (size > 0)
    snprintf (options, sizeof options, "size=%llu", (unsigned long long) size);
  return result_of (mount ("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_RELATIME, options));
}

/* Where there is no directory to mount on, nothing in it can be stale. */
int
st_mount_unless_missing (int result)
{
  return result == -ENOENT || result == -ENOTDIR ? 0 : result;
}
