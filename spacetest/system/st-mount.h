/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mounting in the calling thread's mount namespace. Plain C without GLib. Results are >= 0, or -errno.
 * Nobody here asks whether the host could see it: st_mount_is_shared() tells. */

int st_mount_make_private     (void);
int st_mount_is_shared        (const char *path,
                               bool        follow);
int st_mount_is_sysfs_right   (uint64_t network);
int st_mount_sysfs            (void);
int st_mount_cover_interfaces (void);
int st_mount_correct_sysfs    (bool is_network_new);
int st_mount_proc             (void);
int st_mount_tmpfs            (const char *path,
                               uint64_t    size);
int st_mount_overlay_file     (const char *path,
                               const void *content,
                               size_t      size);
