/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-view-root-private.h"

gboolean st_view_guard_check (StViewRoot *root,
                              int         fd,
                              GError    **error);
