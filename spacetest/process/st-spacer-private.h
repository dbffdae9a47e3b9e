/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-channel-private.h"
#include "st-spacer.h"

StSpacer  *st_spacer_new_take    (StChannel    *channel,
                                  GMainContext *context,
                                  GError      **error);
/* Called before and after the default spacer is started, on any thread. For the test helpers. */
void       st_spacer_set_default_hook (void (*hook) (gboolean is_started));

StSpacer  *st_spacer_start       (StSpacerOptions *options,
                                  GMainContext    *context,
                                  GCancellable    *cancellable,
                                  GError         **error);
StChannel *st_spacer_get_channel (StSpacer *self,
                                  GError  **error);
