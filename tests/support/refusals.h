/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Ways for a child of test_in_child() to make the kernel refuse things, to itself alone. */

#define REFUSAL_ROOT "/tmp" /* covered, in a mount namespace of our own, by refusal_prepare_root() */
#define REFUSAL_KILLS (-1)

typedef enum
{
  REFUSAL_OF_UNSHARE = 1 << 0,
  REFUSAL_OF_CLONE_USER = 1 << 1,
  REFUSAL_OF_MOUNT = 1 << 2,
} Refusal;

void     refusal_write           (const char *path,
                                  const char *text);

/* Root in a user namespace of its own and the others of @flags, whose mounts are private. */
gboolean refusal_try_become_root (int flags);
void     refusal_become_root     (int flags);
void     refusal_become_nobody   (void);      /* as far as it can; keeps CAP_SETFCAP */
void     refusal_become_pid_1    (void);      /* returns in a child; the caller ends as that does */
G_NORETURN
void     refusal_mirror          (pid_t child);
pid_t    refusal_start_holder    (int flags); /* a process in new namespaces */
void     refusal_end_holder      (pid_t holder);

void     refusal_prepare_root    (void);      /* an empty directory but for /proc */
void     refusal_enter_root      (void);
void     refusal_cover           (const char *path);
void     refusal_cover_each      (const char *kind,
                                  const char *below);
void     refusal_drop_capability (int capability);
void     refusal_set_limit       (int           resource,
                                  unsigned long limit);
void     refusal_filter          (guint calls,
                                  int   number);
