/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/st-macros.h>

G_BEGIN_DECLS

#define ST_TYPE_NAMESPACE_TYPE (st_namespace_type_get_type ())

/**
 * StNamespaceType:
 * @ST_NAMESPACE_NONE: no kind at all; where a kind is expected, "any"
 * @ST_NAMESPACE_TIME: offsets of the monotonic and boot-time clocks, see [time_namespaces(7)](man:time_namespaces(7))
 * @ST_NAMESPACE_MNT: the mount table, see [mount_namespaces(7)](man:mount_namespaces(7))
 * @ST_NAMESPACE_CGROUP: the root of the visible control groups, see [cgroup_namespaces(7)](man:cgroup_namespaces(7))
 * @ST_NAMESPACE_UTS: host and domain name, see [uts_namespaces(7)](man:uts_namespaces(7))
 * @ST_NAMESPACE_IPC: System V IPC and POSIX message queues, see [ipc_namespaces(7)](man:ipc_namespaces(7))
 * @ST_NAMESPACE_USER: user and group ids and capabilities, see [user_namespaces(7)](man:user_namespaces(7))
 * @ST_NAMESPACE_PID: process ids, see [pid_namespaces(7)](man:pid_namespaces(7))
 * @ST_NAMESPACE_NET: interfaces, addresses, routes, ports, see [network_namespaces(7)](man:network_namespaces(7))
 *
 * Kinds of namespaces, which combine.
 *
 * The values are the kernel's `CLONE_NEW*` flags, see [clone(2)](man:clone(2)).
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  ST_NAMESPACE_NONE = 0,
  ST_NAMESPACE_TIME = 0x00000080,
  ST_NAMESPACE_MNT = 0x00020000,
  ST_NAMESPACE_CGROUP = 0x02000000,
  ST_NAMESPACE_UTS = 0x04000000,
  ST_NAMESPACE_IPC = 0x08000000,
  ST_NAMESPACE_USER = 0x10000000,
  ST_NAMESPACE_PID = 0x20000000,
  ST_NAMESPACE_NET = 0x40000000,
} StNamespaceType;

SPACETEST_AVAILABLE_IN_ALL
GType            st_namespace_type_get_type      (void);

SPACETEST_AVAILABLE_IN_ALL
const char      *st_namespace_type_get_name      (StNamespaceType type);
SPACETEST_AVAILABLE_IN_ALL
char            *st_namespace_types_to_string    (StNamespaceType types);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceType  st_namespace_types_from_string  (const char *text,
                                                  GError    **error);

G_END_DECLS
