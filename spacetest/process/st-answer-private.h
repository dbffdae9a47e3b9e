/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-channel-private.h"
#include "st-transient-mntns.h"
#include "st-wire.h"

/* What a helper answered. Nothing of it is believed. */

gboolean   st_answer_check        (StWireMessage *answer,
                                   int            received,
                                   guint32        serial,
                                   StChannel     *channel,
                                   GError       **error);
gboolean   st_answer_check_kinds  (const StWireMessage *answer,
                                   StNamespaceType      wanted,
                                   gboolean             may_bring_more,
                                   gsize                n_before,
                                   GError             **error);
gboolean   st_answer_take_handles (StWireMessage *answer,
                                   gsize          n_before,
                                   StHandleSet   *handles,
                                   GError       **error);
StSysfs    st_answer_get_sysfs    (const StWireMessage *answer);
gboolean   st_answer_take_made    (StWireMessage *answer,
                                   StHandleSet   *made,
                                   StSysfs       *sysfs,
                                   StChannel     *channel,
                                   GError       **error);
GPtrArray *st_answer_wrap_home    (StHandleSet *home,
                                   StChannel   *channel);
gboolean   st_answer_set_nonsense (GError    **error,
                                   const char *what);
