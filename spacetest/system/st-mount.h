/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Mounting in the calling thread's mount namespace. Plain C without GLib. Results are >= 0, or -errno.
 * Nobody here asks whether the host could see it: st_mount_is_shared() tells. */

#define ST_MOUNT_KERNEL_FS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME) /* how file systems of the kernel are mounted */

int st_mount_make_private   (void);
int st_mount_get_id         (const char *path,
                             bool        follow,
                             uint64_t   *id);
int st_mount_is_shared      (const char *path,
                             bool        follow);
int st_mount_bind           (int         fd,
                             const char *point);
int st_mount_proc           (void);
int st_mount_tmpfs          (const char *path,
                             uint64_t    size);
int st_mount_unless_missing (int         result);
