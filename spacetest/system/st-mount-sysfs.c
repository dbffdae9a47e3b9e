/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-mount-sysfs.h"

#include "st-mount-table.h"
#include "st-mount.h"
#include "st-process.h"
#include "st-result.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_SUBMOUNTS 64

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
keep_submount (const StMount *mount,
               void          *data)
{
  Submounts *kept = data;
  if (mount->parent != kept->sysfs || strncmp (mount->point, "/sys/", 5) != 0)
    return 0;
  if (kept->n == MAX_SUBMOUNTS)
    return -E2BIG;
  char *point = strdup (mount->point);
  if (!point)
    return -ENOMEM;
  st_mount_table_unescape (point);
  const int fd = open (point, O_PATH | O_CLOEXEC);
  if (fd < 0)
    {
      const int result = errno == EACCES || errno == ENOENT ? 0 : -errno; /* hidden from us before, hidden from us after */
      free (point);
      return result;
    }
  kept->mounts[kept->n].fd = fd;
  kept->mounts[kept->n].point = point;
  kept->n++;
  return 0;
}

static int
keep_submounts (Submounts *kept)
{
  kept->n = 0;
  int result = st_mount_get_id ("/sys", true, &kept->sysfs);
  return result < 0 ? result : st_mount_table_foreach_of (ST_MOUNT_TABLE_HERE, keep_submount, kept);
}

static int
put_submounts_back (const Submounts *kept)
{
  for (int i = 0; i < kept->n; i++)
    {
      int result = st_mount_bind (kept->mounts[i].fd, kept->mounts[i].point);
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
  return result_of (mount ("sysfs", "/sys", "sysfs", ST_MOUNT_KERNEL_FS | MS_RDONLY, NULL));
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

/* A read-only sysfs of the calling thread's network, with what was mounted on the old one. */
static int
replace_sysfs (void)
{
  Submounts kept;
  int result = keep_submounts (&kept);
  if (result == 0)
    result = mount_fresh_sysfs ();
  if (result == 0)
    result = put_submounts_back (&kept);
  else if (result == -EBUSY) /* it is this very one */
    result = result_of (mount (NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | ST_MOUNT_KERNEL_FS | MS_RDONLY, NULL));
  drop_submounts (&kept);
  return result;
}

/* No interfaces at all are better than somebody else's. @result is what a new sysfs came to. */
static int
cover_if_refused (int result)
{
  if (result == -EPERM || result == -EACCES)
    {
      result = result_of (mount ("tmpfs", "/sys/class/net", "tmpfs", ST_MOUNT_KERNEL_FS | MS_RDONLY, "mode=0555,size=4k"));
      return result < 0 ? result : ST_MOUNT_SYSFS_COVERED;
    }
  return result < 0 ? result : ST_MOUNT_SYSFS_FRESH;
}

/* Makes /sys one of the calling thread's network. */
int
st_mount_sysfs (void)
{
  return cover_if_refused (replace_sysfs ());
}

/* The same by nothing but system calls, for a child that shares our memory: what is mounted on /sys is hidden from it. If it is
 * neither, this says why there is no new one. */
int
st_mount_sysfs_alone (void)
{
  const int fresh = mount_fresh_sysfs ();
  const int sysfs = cover_if_refused (fresh);
  return sysfs < 0 ? fresh : sysfs;
}

/* Never a /sys of another network: that of the calling thread has the given serial, or 0. Where the kernel won't tell,
 * @when_unknown says whether what was there is right. */
int
st_mount_correct_sysfs (uint64_t network,
                        bool     when_unknown)
{
  int right = st_mount_is_sysfs_right (network);
  if (right == -EPERM || right == -EACCES)
    right = when_unknown;
  if (right < 0)
    return right;
  return right ? ST_MOUNT_SYSFS_KEPT : st_mount_sysfs ();
}

/* For a process that has just made its mount namespace: its working directory goes along. Only the /sys of a network that is not new
 * can be right as it was. */
int
st_mount_correct_own_sysfs (bool is_network_new)
{
  const int sysfs = st_mount_correct_sysfs (0, !is_network_new);
  return sysfs < 0 || sysfs == ST_MOUNT_SYSFS_KEPT ? sysfs : st_process_return_to ("/sys");
}
