/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>

/* System calls that have to work. Gives what they gave. */

static inline int
must (int         result,
      const char *what)
{
  if (result < 0)
    g_error ("%s: %m", what);
  return result;
}

#define MUST(call) must ((int) (call), #call)
