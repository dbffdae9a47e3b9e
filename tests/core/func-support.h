/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

/* Functions that fail, in all the ways there are. */

static inline gboolean
fail_without_error (gpointer data,
                    GError **error)
{
  return FALSE;
}

static inline gboolean
fail_with_error (gpointer data,
                 GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "of the function");
  return FALSE;
}

static inline gboolean
succeed_with_error (gpointer data,
                    GError **error)
{
  return !fail_with_error (data, error);
}
