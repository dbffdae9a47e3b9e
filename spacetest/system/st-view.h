/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Files of another mount namespace, reached from outside by a descriptor of its root. Plain C without GLib. Results are >= 0, or
 * -errno. A file is found first, as a descriptor that can do nothing (O_PATH); what is done later is done with what was found.
 * Nobody here asks whether the host could see it. */

/* In the namespace, and at home. */
int st_view_open_root (void);
int st_view_open_proc (void);

/* Following links inside. @flags: O_NOFOLLOW, O_DIRECTORY. The first is for kernels with openat2(), else it says st_kernel_is_missing();
 * the second must be called by a thread that is in the namespace. Links that only look like links, in /proc, are ELOOP. */
int st_view_lookup    (int         root,
                       const char *path,
                       int         flags);
int st_view_walk      (int         root,
                       const char *path,
                       int         flags);
int st_view_open_name (int         directory,
                       const char *name);
int st_view_read_link (int    link,
                       char **target);

typedef int (*StViewLookup) (int         root,
                             const char *path,
                             int         flags);

int st_view_is_namespace (int fd);
int st_view_find_namespace (int          root,
                            const char  *path,
                            StViewLookup lookup);

typedef struct
{
  mode_t mode;
  off_t size;
  dev_t device;
  uint64_t inode;
  uint64_t mount_id;
} StViewFile;

int st_view_inspect   (int         fd,
                       StViewFile *file);

/* @proc is what st_view_open_proc() gave. */
int st_view_open_here (int proc);
int st_view_reopen    (int    proc,
                       int    fd,
                       int    flags,
                       mode_t mode);
int st_view_get_path  (int    proc,
                       int    fd,
                       char **path);

int st_view_create    (int         directory,
                       const char *name,
                       int         flags,
                       mode_t      mode);
int st_view_replace   (int         directory,
                       const char *name,
                       int         replaced,
                       const void *content,
                       size_t      size);
int st_view_read      (int    fd,
                       off_t  expected,
                       char **content,
                       size_t *size);
int st_view_list      (int    directory,
                       void (*func) (const char *name,
                                     void       *data),
                       void  *data);
