/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
GSocket *st_space_create_socket                (StSpace         *self,
                                                GSocketFamily    family,
                                                GSocketType      type,
                                                GSocketProtocol  protocol,
                                                GError         **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_space_create_socket_async          (StSpace             *self,
                                                GSocketFamily        family,
                                                GSocketType          type,
                                                GSocketProtocol      protocol,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
SPACETEST_AVAILABLE_IN_ALL
GSocket *st_space_create_socket_finish         (StSpace      *self,
                                                GAsyncResult *result,
                                                GError      **error);
SPACETEST_AVAILABLE_IN_ALL
GSocket *st_space_create_netlink_socket        (StSpace *self,
                                                int      protocol,
                                                GError **error);
SPACETEST_AVAILABLE_IN_ALL
void     st_space_create_netlink_socket_async  (StSpace            *self,
                                                int                 protocol,
                                                GCancellable       *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
GSocket *st_space_create_netlink_socket_finish (StSpace      *self,
                                                GAsyncResult *result,
                                                GError      **error);

G_END_DECLS
