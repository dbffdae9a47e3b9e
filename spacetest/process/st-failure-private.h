/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-wire.h"

#include <gio/gio.h>

/* @level: of the helper that answered, below the first one. */
void st_failure_set (GError            **error,
                     const StWireFailed *failed,
                     guint               level);

/* @number: the errno of opening /dev/net/tun, here or in a helper. */
void st_failure_set_no_tap (GError **error,
                            int      number);
