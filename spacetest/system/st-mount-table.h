/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The mount table of a mount namespace, as far as it is reachable from the root of the thread that opened it; proc(5), mountinfo.
 * Plain C without GLib. Results are >= 0, or -errno. */

/* The texts are good until the callback returns, and still escaped. */
typedef struct
{
  uint64_t id;
  uint64_t parent;
  dev_t device;        /* of the file system itself: what stat() says of a file may differ, on btrfs and overlays for example */
  const char *root;    /* what of the file system is mounted */
  char *point;         /* where, as seen from the root of who reads; st_mount_table_unescape() makes it a path */
  bool shared;         /* seen in other mount namespaces too */
  const char *type;
  const char *options; /* of the file system, not of the mount */
} StMount;

#define ST_MOUNT_TABLE_HERE "/proc/thread-self/mountinfo" /* that of the calling thread */

typedef int (*StMountFunc) (const StMount *mount,
                            void          *data);

int   st_mount_table_open       (int         proc);
int   st_mount_table_foreach    (int         table,
                                 StMountFunc func,
                                 void       *data);
int   st_mount_table_foreach_of (const char *table,
                                 StMountFunc func,
                                 void       *data);
void  st_mount_table_unescape   (char *text);
char *st_mount_table_dup_option (const StMount *mount,
                                 const char    *name);
