/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>

/* Writes what a packet socket hears to a file, on a thread of its own. */
typedef struct _StRecorder StRecorder;

StRecorder *st_recorder_new        (int         fd,
                                    const char *interface,
                                    const char *path,
                                    guint32     snapshot_length,
                                    GError    **error);
void        st_recorder_get_counts (StRecorder *self,
                                    guint64    *n_packets,
                                    guint64    *n_dropped);
gboolean    st_recorder_finish     (StRecorder *self,
                                    gboolean    keep,
                                    guint64    *n_packets,
                                    guint64    *n_dropped,
                                    GError    **error);
