/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>

G_BEGIN_DECLS

#define ST_TYPE_MOUNT_VIEW (st_mount_view_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StMountView, st_mount_view, ST, MOUNT_VIEW, GObject)

SPACETEST_AVAILABLE_IN_ALL
StMountView    *st_mount_view_new            (StNamespaceRef *mntns,
                                              GError        **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef *st_mount_view_get_ref        (StMountView *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_mount_view_get_allow_host (StMountView *self);
SPACETEST_AVAILABLE_IN_ALL
void            st_mount_view_set_allow_host (StMountView *self,
                                              gboolean     allow_host);
SPACETEST_AVAILABLE_IN_ALL
int             st_mount_view_open           (StMountView *self,
                                              const char  *path,
                                              int          flags,
                                              guint        mode,
                                              GError     **error);
SPACETEST_AVAILABLE_IN_ALL
GBytes         *st_mount_view_load           (StMountView *self,
                                              const char  *path,
                                              GError     **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_mount_view_replace        (StMountView *self,
                                              const char  *path,
                                              GBytes      *content,
                                              GError     **error);
SPACETEST_AVAILABLE_IN_ALL
char          **st_mount_view_list           (StMountView *self,
                                              const char  *path,
                                              GError     **error);
SPACETEST_AVAILABLE_IN_ALL
char           *st_mount_view_resolve        (StMountView *self,
                                              const char  *path,
                                              GError     **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_mount_view_is_closed      (StMountView *self);
SPACETEST_AVAILABLE_IN_ALL
void            st_mount_view_close          (StMountView *self);

G_END_DECLS
