/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Namespaces bound to files, in the mount namespace of the calling thread. Plain C without GLib. Results are >= 0, or -errno. */

typedef struct
{
  bool is_created;      /* the file is ours, and goes with the mount */
  dev_t file_device;
  ino_t file_inode;
  uint64_t mount;
  uint64_t device;      /* of the namespace */
  uint64_t inode;
} StPinMount;

int  st_pin_mount_open_point (const char *path,
                              bool        may_create,
                              StPinMount *pin);
int  st_pin_mount_is_shared  (int point);
int  st_pin_mount_attach     (int         ns,
                              int         point,
                              const char *path,
                              StPinMount *pin);
void st_pin_mount_remove_point (const char       *path,
                                const StPinMount *pin);
int  st_pin_mount_detach     (const char       *path,
                              const StPinMount *pin);
