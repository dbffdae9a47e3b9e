/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <errno.h>

/* What a system call said, as this folder says it: >= 0, or -errno. */
static inline int
result_of (long result)
{
  return result < 0 ? -errno : (int) result;
}
