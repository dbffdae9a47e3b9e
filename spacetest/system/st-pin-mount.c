/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-pin-mount.h"

#include "st-kernel.h"
#include "st-mount-table.h"
#include "st-mount.h"
#include "st-result.h"
#include "st-system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Their files are of size 0 whatever is in them. */
static bool
is_of_kernel (const struct statfs *filesystem)
{
  return filesystem->f_type == PROC_SUPER_MAGIC || filesystem->f_type == SYSFS_MAGIC || filesystem->f_type == CGROUP2_SUPER_MAGIC;
}

/* What is in the file could not be read while it is covered. */
static int
check_point (int point)
{
  struct stat status;
  struct statfs filesystem;
  const StKind *kind;
  if (fstat (point, &status) < 0 || fstatfs (point, &filesystem) < 0)
    return -errno;
  if (S_ISDIR (status.st_mode))
    return -EISDIR;
  if (!S_ISREG (status.st_mode))
    return -EINVAL;
  const int file = st_system_get_kind (point, &kind); /* an O_PATH descriptor says EBADF, if it is one of nsfs */
  if (file == 0 || file == -EBADF)
    return -EEXIST;
  return status.st_size > 0 || is_of_kernel (&filesystem) ? -ENOTEMPTY : 0;
}

static int
create_point (const char *path,
              StPinMount *pin)
{
  struct stat status;
  const int point = open (path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
  if (point < 0)
    return errno == EEXIST ? -ENOENT : -errno; /* a symbolic link that leads nowhere */
  pin->is_created = fstat (point, &status) == 0;
  pin->file_device = status.st_dev;
  pin->file_inode = status.st_ino;
  return point;
}

/* Gives the file to mount on. -EEXIST: there is a namespace on it already; -ENOTEMPTY: there is something in it. */
int
st_pin_mount_open_point (const char *path,
                         bool        may_create,
                         StPinMount *pin)
{
  pin->is_created = false;
  const int point = result_of (open (path, O_PATH | O_CLOEXEC));
  if (point < 0)
    return point == -ENOENT && may_create ? create_point (path, pin) : point;
  const int result = check_point (point);
  if (result == 0)
    return point;
  close (point);
  return result;
}

/* Whether what is mounted there would be seen in other mount namespaces too. */
int
st_pin_mount_is_shared (int point)
{
  char path[64];
  snprintf (path, sizeof path, "/proc/thread-self/fd/%d", point);
  return st_mount_is_shared (path, true);
}

/* For kernels without open_tree(). */
static int
bind (int ns,
      int point)
{
  char to[64];
  snprintf (to, sizeof to, "/proc/thread-self/fd/%d", point);
  return st_mount_bind (ns, to);
}

static int
attach (int ns,
        int point)
{
  const int tree = st_kernel_open_tree (ns, "", ST_OPEN_TREE_CLONE | ST_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  int result = tree < 0 ? tree : st_kernel_move_mount (tree, point);
  if (tree >= 0)
    close (tree);
  return result < 0 && st_kernel_is_missing (result) ? bind (ns, point) : result;
}

static int
look (const char *path,
      StPinMount *found)
{
  struct statx status;
  struct stat there;
  if (statx (AT_FDCWD, path, 0, STATX_MNT_ID, &status) < 0 || stat (path, &there) < 0)
    return -errno;
  found->mount = status.stx_mnt_id;
  found->device = there.st_dev;
  found->inode = there.st_ino;
  return 0;
}

int
st_pin_mount_attach (int         ns,
                     int         point,
                     const char *path,
                     StPinMount *pin)
{
  StIdentity identity;
  int result = st_system_identify (ns, &identity);
  if (result == 0)
    result = attach (ns, point);
  if (result < 0)
    return result;
  result = look (path, pin);
  if (result == 0 && (pin->device != identity.device || pin->inode != identity.inode)) /* somebody has moved the file */
    result = -EAGAIN;
  return result;
}

void
st_pin_mount_remove_point (const char       *path,
                           const StPinMount *pin)
{
  struct stat status;
  if (pin->is_created && lstat (path, &status) == 0 && status.st_dev == pin->file_device && status.st_ino == pin->file_inode)
    unlink (path);
}

static int
compare_id (const StMount *mount,
            void          *data)
{
  const StPinMount *pin = data;
  return mount->id == pin->mount && mount->device == pin->device;
}

/* Also good if somebody has unmounted it; -EBUSY if somebody has mounted something over it. */
int
st_pin_mount_detach (const char       *path,
                     const StPinMount *pin)
{
  StPinMount there;
  StPinMount wanted = *pin;
  int result = look (path, &there);
  const bool is_ours = result == 0 && there.mount == pin->mount && there.device == pin->device && there.inode == pin->inode;
  if (is_ours)
    result = result_of (umount2 (path, MNT_DETACH));
  else if (st_mount_table_foreach_of (ST_MOUNT_TABLE_HERE, compare_id, &wanted) > 0)
    result = -EBUSY;
  else
    result = 0;
  if (result == 0)
    st_pin_mount_remove_point (path, pin);
  return result;
}
