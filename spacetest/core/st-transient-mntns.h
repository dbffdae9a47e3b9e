/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>

G_BEGIN_DECLS

#define ST_TYPE_SYSFS (st_sysfs_get_type ())

/**
 * StSysfs:
 * @ST_SYSFS_KEPT: the one that was there when the mount namespace was made, which shows the right network
 * @ST_SYSFS_FRESH: a new, read-only one of the network the mount namespace was made in
 * @ST_SYSFS_COVERED: the kernel refused a new one: `/sys/class/net` was made empty
 *
 * What `/sys` of a mount namespace is.
 *
 * Since: 0.1
 */
typedef enum
{
  ST_SYSFS_KEPT,
  ST_SYSFS_FRESH,
  ST_SYSFS_COVERED,
} StSysfs;

SPACETEST_AVAILABLE_IN_ALL
GType st_sysfs_get_type (void);

#define ST_TYPE_TRANSIENT_MNTNS (st_transient_mntns_get_type ())
ST_DECLARE_INTERNAL_TYPE (TransientMntns, transient_mntns, TRANSIENT_MNTNS, StNamespaceRef)

SPACETEST_AVAILABLE_IN_ALL
StTransientMntns *st_transient_mntns_new           (GError **error);
SPACETEST_AVAILABLE_IN_ALL
void              st_transient_mntns_new_async     (GCancellable        *cancellable,
                                                    GAsyncReadyCallback  callback,
                                                    gpointer             user_data);
SPACETEST_AVAILABLE_IN_ALL
StTransientMntns *st_transient_mntns_new_finish    (GAsyncResult *result,
                                                    GError      **error);
SPACETEST_AVAILABLE_IN_ALL
StSysfs           st_transient_mntns_get_sysfs     (StTransientMntns *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_transient_mntns_mount_sysfs   (StTransientMntns *self,
                                                    GError          **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_transient_mntns_mount_proc    (StTransientMntns *self,
                                                    GError          **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_transient_mntns_mount_tmpfs   (StTransientMntns *self,
                                                    const char       *path,
                                                    guint64           size,
                                                    GError          **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean          st_transient_mntns_overlay_file  (StTransientMntns *self,
                                                    const char       *path,
                                                    GBytes           *content,
                                                    GError          **error);
SPACETEST_AVAILABLE_IN_ALL
char             *st_transient_mntns_get_root_path (StTransientMntns *self,
                                                    GError          **error);

G_END_DECLS
