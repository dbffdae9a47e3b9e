/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

/* Kernel interfaces that the C library of our floor has no wrapper or constant for. Those newer than Linux 5.10 are probed by
 * use: st_kernel_is_missing() tells an answer that means "not on this kernel" from a real failure. A build with
 * -Dkernel_fallbacks=true refuses them all, so that the fallbacks are tested. Results are >= 0, or -errno. */

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

/* linux/pidfd.h, 6.11 */
#define ST_PIDFD_IOCTL(nr) ((0xffUL << 8) | (nr))
#define ST_PIDFD_GET_CGROUP            ST_PIDFD_IOCTL (1)
#define ST_PIDFD_GET_IPC               ST_PIDFD_IOCTL (2)
#define ST_PIDFD_GET_MNT               ST_PIDFD_IOCTL (3)
#define ST_PIDFD_GET_NET               ST_PIDFD_IOCTL (4)
#define ST_PIDFD_GET_PID               ST_PIDFD_IOCTL (5)
#define ST_PIDFD_GET_PID_FOR_CHILDREN  ST_PIDFD_IOCTL (6)
#define ST_PIDFD_GET_TIME              ST_PIDFD_IOCTL (7)
#define ST_PIDFD_GET_TIME_FOR_CHILDREN ST_PIDFD_IOCTL (8)
#define ST_PIDFD_GET_USER              ST_PIDFD_IOCTL (9)
#define ST_PIDFD_GET_UTS               ST_PIDFD_IOCTL (10)

int st_kernel_is_missing         (int result);

int st_kernel_pidfd_open         (pid_t pid);
int st_kernel_pidfd_send_signal  (int pidfd,
                                  int number);
int st_kernel_thread_pidfd_open  (void);              /* 6.9, of the calling thread */
int st_kernel_pidfd_get          (int           pidfd,
                                  unsigned long request); /* 6.11 */
int st_kernel_namespace_serial   (int       fd,
                                  uint64_t *serial);  /* 6.18 */
int st_kernel_open_tree          (int          dirfd,
                                  const char  *path,
                                  unsigned int flags); /* 5.2, but refused by some containers */
int st_kernel_move_mount         (int from,
                                  int to);            /* 5.2, but refused by some containers */
int st_kernel_openat2            (int         dirfd,
                                  const char *path,
                                  int         flags,
                                  uint64_t    resolve); /* 5.6, but refused by some containers */
int st_kernel_open_new_proc      (void);              /* 5.2, mounted nowhere; but refused by some containers */

#define ST_OPEN_TREE_CLONE   1U
#define ST_OPEN_TREE_CLOEXEC 02000000U
