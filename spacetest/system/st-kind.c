/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-kind.h"

#include "st-kernel.h"

#include <string.h>

#define KIND(index, flag, name, children, get, get_children, ...)                                          \
  [index] = { index, flag, name, name, children, get, get_children, __VA_ARGS__ }

const StKind st_kinds[ST_N_KINDS] = {
  /*                                     name      children             pidfd ioctls                                                           by_thread own_fs parent */
  KIND (ST_KIND_CGROUP, CLONE_NEWCGROUP, "cgroup", "cgroup",            ST_PIDFD_GET_CGROUP, ST_PIDFD_GET_CGROUP,                              true,     false, false),
  KIND (ST_KIND_IPC,    CLONE_NEWIPC,    "ipc",    "ipc",               ST_PIDFD_GET_IPC,    ST_PIDFD_GET_IPC,                                 true,     false, false),
  KIND (ST_KIND_MNT,    CLONE_NEWNS,     "mnt",    "mnt",               ST_PIDFD_GET_MNT,    ST_PIDFD_GET_MNT,                                 true,     true,  false),
  KIND (ST_KIND_NET,    CLONE_NEWNET,    "net",    "net",               ST_PIDFD_GET_NET,    ST_PIDFD_GET_NET,                                 true,     false, false),
  KIND (ST_KIND_PID,    CLONE_NEWPID,    "pid",    "pid_for_children",  ST_PIDFD_GET_PID,    ST_PIDFD_GET_PID_FOR_CHILDREN,                    false,    false, true),
  KIND (ST_KIND_TIME,   CLONE_NEWTIME,   "time",   "time_for_children", ST_PIDFD_GET_TIME,   ST_PIDFD_GET_TIME_FOR_CHILDREN,                   false,    false, false),
  KIND (ST_KIND_USER,   CLONE_NEWUSER,   "user",   "user",              ST_PIDFD_GET_USER,   ST_PIDFD_GET_USER,                                false,    false, true),
  KIND (ST_KIND_UTS,    CLONE_NEWUTS,    "uts",    "uts",               ST_PIDFD_GET_UTS,    ST_PIDFD_GET_UTS,                                 true,     false, false),
};

const StKind *
st_kind_for_flag (unsigned int flag)
{
  ST_FOREACH_KIND (kind)
    if (kind->flag == flag)
      return kind;
  return NULL;
}

const StKind *
st_kind_for_name (const char *name,
                  size_t length)
{
  ST_FOREACH_KIND (kind)
    if (strlen (kind->name) == length && memcmp (kind->name, name, length) == 0)
      return kind;
  return NULL;
}
