/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-namespace-ref.h"
#include "st-transient-mntns.h"

/* Making namespaces. Who can't do it himself gets an error that says what would help. */

StHandle  *st_transient_make_handle (const StKind *kind,
                                     gboolean    (*prepare) (GError **error),
                                     GError      **error);
gboolean   st_transient_check_types (StNamespaceType types,
                                     GError        **error);
GPtrArray *st_transient_make        (StNamespaceType types,
                                     GError        **error);
GPtrArray *st_transient_make_here   (StNamespaceType types,
                                     GError        **error);
StHandle  *st_transient_ask_broker  (StKindIndex kind,
                                     gboolean    loopback_up,
                                     StSysfs    *sysfs,
                                     GError    **error);
GPtrArray *st_transient_take_made   (StHandleSet *made,
                                     StSysfs      sysfs);
