/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The /sys of the calling thread's mount namespace, which is to show its network and no other. Plain C without GLib. Results are
 * >= 0, or -errno. */

typedef enum
{
  ST_MOUNT_SYSFS_KEPT,
  ST_MOUNT_SYSFS_FRESH,   /* a new, read-only one */
  ST_MOUNT_SYSFS_COVERED, /* a new one is refused: an empty, read-only tmpfs is where the interfaces would be */
} StMountSysfs;

/* These say which it is now. */
int st_mount_sysfs             (void);
int st_mount_sysfs_alone       (void);
int st_mount_correct_sysfs     (uint64_t network,
                                bool     when_unknown);

int st_mount_correct_own_sysfs (bool is_network_new);
int st_mount_is_sysfs_right    (uint64_t network);
