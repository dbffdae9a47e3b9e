/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Namespaces as the kernel has them: file descriptors and threads. Plain C without GLib.
 * Results are >= 0, or -errno. Descriptors that come back are close-on-exec and the caller's. */

/* Which namespace it is. Inode numbers are handed out again at once; the serial never is, but old kernels have none (0). */
typedef struct
{
  uint64_t device;
  uint64_t inode;
  uint64_t serial;
} StIdentity;

int  st_system_open_path    (const char *path);
bool st_system_is_bound     (const char *path);
int  st_system_open_current (const StKind *kind);
int  st_system_open_new     (const StKind *kind);
int  st_system_open_process (int           pidfd,
                             const StKind *kind);
int  st_system_pidfd_get_pid (int pidfd);
bool st_system_is_pidfd     (int fd);
int  st_system_open_child   (pid_t pid);
int  st_system_open_owner   (int fd);
int  st_system_open_parent  (int fd);
int  st_system_owner_uid    (int    fd,
                             uid_t *uid);
bool st_system_is_at_others (const StKind *kind);
bool st_system_is_of_own_user (int fd);
int  st_system_get_kind     (int            fd,
                             const StKind **kind);
int  st_system_identify     (int         fd,
                             StIdentity *identity);
int  st_system_current_inode (const StKind *kind,
                              uint64_t     *inode);
bool st_system_is_same      (const StIdentity *a,
                             const StIdentity *b);
int  st_system_dup          (int fd);
int  st_system_close_on_exec (int fd);
int  st_system_check_spare_descriptors (void);
int  st_system_write_all    (int         fd,
                             const char *content,
                             size_t      size);
int  st_system_open_memory  (const void *data,
                             size_t      size);
bool st_system_is_gone      (int pidfd);

/* The calling thread. */
int  st_system_thread_pidfd (void);
void st_system_forget_thread (void);
int  st_system_unshare      (const StKind *kind);
int  st_system_enter        (int           fd,
                             const StKind *kind);
int  st_system_own_fs       (void);
bool st_system_may_start_threads (void);
int  st_system_loopback_up  (void);

/* Where the calling thread stands in the file system: what setns() into a mount namespace resets. */
typedef struct
{
  int root;
  int cwd;
} StPlace;

int  st_system_place_open    (StPlace *place);
int  st_system_place_restore (const StPlace *place);
void st_system_place_close   (StPlace *place);
