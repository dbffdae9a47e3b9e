/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

#define ST_TYPE_CAPTURE (st_capture_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StCapture, st_capture, ST, CAPTURE, GObject)

SPACETEST_AVAILABLE_IN_ALL
StCapture *st_capture_new           (StSpace    *space,
                                     const char *interface,
                                     const char *path,
                                     GError    **error);
SPACETEST_AVAILABLE_IN_ALL
guint64    st_capture_get_n_packets (StCapture *self);
SPACETEST_AVAILABLE_IN_ALL
guint64    st_capture_get_n_dropped (StCapture *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_capture_get_keep      (StCapture *self);
SPACETEST_AVAILABLE_IN_ALL
void       st_capture_set_keep      (StCapture *self,
                                     gboolean   keep);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_capture_is_closed     (StCapture *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_capture_close         (StCapture *self,
                                     GError   **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean   st_capture_discard       (StCapture *self,
                                     GError   **error);

G_END_DECLS
