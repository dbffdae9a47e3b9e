/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-kernel.h"

#include "st-result.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIDFD_THREAD_FLAG O_EXCL
#define NS_GET_ID_REQUEST _IOR (0xb7, 13, uint64_t)
#define MOVE_MOUNT_BY_DESCRIPTORS (0x4U | 0x40U) /* F_EMPTY_PATH, T_EMPTY_PATH */

#ifdef ST_KERNEL_FALLBACKS
static const bool refuse_newer = true;
#else
static const bool refuse_newer = false;
#endif

int
st_kernel_is_missing (int result)
{
  /* ENOTTY and EINVAL: an ioctl or flag nobody knows. EPERM: a container's seccomp filter that means ENOSYS. */
  return result == -ENOSYS || result == -ENOTTY || result == -EINVAL || result == -EOPNOTSUPP || result == -EPERM;
}

int
st_kernel_pidfd_open (pid_t pid)
{
  return result_of (syscall (SYS_pidfd_open, pid, 0));
}

int
st_kernel_pidfd_send_signal (int pidfd,
                             int number)
{
  return result_of (syscall (SYS_pidfd_send_signal, pidfd, number, NULL, 0));
}

int
st_kernel_thread_pidfd_open (void)
{
  if (refuse_newer)
    return -ENOSYS;
  return result_of (syscall (SYS_pidfd_open, gettid (), PIDFD_THREAD_FLAG));
}

int
st_kernel_pidfd_get (int           pidfd,
                     unsigned long request)
{
  if (refuse_newer)
    return -ENOSYS;
  return result_of (ioctl (pidfd, request, 0));
}

int
st_kernel_namespace_serial (int       fd,
                            uint64_t *serial)
{
  if (refuse_newer)
    return -ENOSYS;
  return result_of (ioctl (fd, NS_GET_ID_REQUEST, serial));
}

int
st_kernel_open_tree (int          dirfd,
                     const char  *path,
                     unsigned int flags)
{
  if (refuse_newer)
    return -ENOSYS;
  return result_of (syscall (SYS_open_tree, dirfd, path, flags));
}

int
st_kernel_move_mount (int from,
                      int to)
{
  if (refuse_newer)
    return -ENOSYS;
  return result_of (syscall (SYS_move_mount, from, "", to, "", MOVE_MOUNT_BY_DESCRIPTORS));
}

int
st_kernel_openat2 (int         dirfd,
                   const char *path,
                   int         flags,
                   uint64_t    resolve)
{
  if (refuse_newer)
    return -ENOSYS;
  struct open_how how = { .flags = (uint64_t) flags, .resolve = resolve };
  return result_of (syscall (SYS_openat2, dirfd, path, &how, sizeof how));
}

/* linux/mount.h, which glibc's sys/mount.h does not go with */
#define OPEN_FS_CLOEXEC  0x1U
#define CONFIGURE_CREATE 6U
#define MOUNT_FS_CLOEXEC 0x1U
#define MOUNT_HARMLESS   (0x2U | 0x4U | 0x8U) /* nosuid, nodev, noexec */

int
st_kernel_open_new_proc (void)
{
  if (refuse_newer)
    return -ENOSYS;
  int context = result_of (syscall (SYS_fsopen, "proc", OPEN_FS_CLOEXEC));
  if (context < 0)
    return context;
  int result = result_of (syscall (SYS_fsconfig, context, CONFIGURE_CREATE, NULL, NULL, 0));
  if (result == 0)
    result = result_of (syscall (SYS_fsmount, context, MOUNT_FS_CLOEXEC, MOUNT_HARMLESS));
  close (context);
  return result;
}
