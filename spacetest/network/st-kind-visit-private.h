/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"
#include "st-space.h"

/* A short visit, on the calling thread, to the one namespace of a space that matters. */
gboolean st_kind_visit (StSpace    *space,
                        StKindIndex index,
                        gboolean    changes,
                        const char *what,
                        StFunc      func,
                        gpointer    user_data,
                        GError    **error);
