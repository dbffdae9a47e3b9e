/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-helper-private.h"

G_BEGIN_DECLS

/* The way to one helper that serves. Who may need it holds it: its spacer, the channels of its subspaces, and all references
 * made through it, as their broker. The helper ends when the channel is closed, or nobody holds it. Any thread may use it. */
#define ST_TYPE_CHANNEL (st_channel_get_type ())
G_DECLARE_FINAL_TYPE (StChannel, st_channel, ST, CHANNEL, GObject)

StChannel  *st_channel_new_take    (StHelper *helper);
StChannel  *st_channel_new_below   (StChannel   *parent,
                                    int          connection,
                                    int          pidfd,
                                    StHandleSet *home);
int         st_channel_hold        (StChannel *self,
                                    GError   **error);
void        st_channel_release     (StChannel *self);
gboolean    st_channel_is_closed   (StChannel *self);
gboolean    st_channel_is_gone     (StChannel *self);
void        st_channel_set_gone    (StChannel *self,
                                    GError   **error);
gboolean    st_channel_close       (StChannel *self);
int         st_channel_dup_pidfd   (StChannel *self,
                                    GError   **error);
gboolean    st_channel_get_home    (StChannel   *self,
                                    StHandleSet *home,
                                    GError     **error);
StChannel  *st_channel_get_parent  (StChannel *self);
guint       st_channel_get_level   (StChannel *self);
guint       st_channel_get_timeout (StChannel *self);
void        st_channel_set_timeout (StChannel *self,
                                    guint      seconds);
guint32     st_channel_next_serial (StChannel *self);
void        st_channel_propagate_to_reference (GError **error,
                                               GError  *failure);

G_END_DECLS
