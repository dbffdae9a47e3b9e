/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-channel-private.h"

/* Where a program is at home that is started in a space, and which helper ends it when the caller is gone. */

gboolean   st_residence_complete   (StHandleSet       *set,
                                    GError           **error);
StChannel *st_residence_find_guard (const StHandleSet *set,
                                    GCancellable      *cancellable,
                                    GError           **error);
void       st_residence_keep       (const StHandleSet *set,
                                    GSubprocess       *process);
