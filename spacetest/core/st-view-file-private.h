/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-view-root-private.h"

/* What a view does with the files it finds. @guarded: only what the host would not see. */

int      st_view_file_open    (StViewRoot *root,
                               const char *path,
                               int         flags,
                               guint       mode,
                               gboolean    guarded,
                               GError    **error);
GBytes  *st_view_file_load    (StViewRoot *root,
                               const char *path,
                               GError    **error);
gboolean st_view_file_replace (StViewRoot *root,
                               const char *path,
                               GBytes     *content,
                               gboolean    guarded,
                               GError    **error);
char   **st_view_file_list    (StViewRoot *root,
                               const char *path,
                               GError    **error);
char    *st_view_file_resolve (StViewRoot *root,
                               const char *path,
                               GError    **error);
