/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The one table of what there is to know about a kind of namespace. Plain C: the helper program uses it too. */

#define ST_N_KINDS 8

typedef enum
{
  ST_KIND_CGROUP,
  ST_KIND_IPC,
  ST_KIND_MNT,
  ST_KIND_NET,
  ST_KIND_PID,
  ST_KIND_TIME,
  ST_KIND_USER,
  ST_KIND_UTS,
} StKindIndex;

typedef struct
{
  StKindIndex index;
  unsigned int flag;                /* CLONE_NEW*, as clone, unshare, setns and NS_GET_NSTYPE speak it */
  const char *name;                 /* as in the kernel's "net:[4026531833]" */
  const char *proc_entry;           /* in /proc/PID/ns: where the process is */
  const char *children_proc_entry;  /* in /proc/PID/ns: where its children will be; a new pid or time namespace is only here */
  unsigned long pidfd_get;          /* ioctl on a pidfd that opens proc_entry */
  unsigned long pidfd_get_children; /* ioctl on a pidfd that opens children_proc_entry */
  bool by_thread;                   /* a thread of a threaded process can make it, enter it and come home */
  bool own_fs;                      /* ... once its root, working directory and umask are its own */
  bool has_parent;                  /* NS_GET_PARENT */
} StKind;

extern const StKind st_kinds[ST_N_KINDS];

const StKind *st_kind_for_flag (unsigned int flag);
const StKind *st_kind_for_name (const char *name,
                                size_t length);

#define ST_FOREACH_KIND(kind) for (const StKind *kind = st_kinds; kind < st_kinds + ST_N_KINDS; kind++)
