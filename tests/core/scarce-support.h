/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <fcntl.h>
#include <sys/resource.h>

/* Running out of descriptors, in a child of test_in_child(). */

#define SCARCE_USUAL 1024

/* By trying all, as there is no descriptor left to look with. */
static inline guint
scarce_count (void)
{
  guint n = 0;
  for (int fd = 0; fd < SCARCE_USUAL; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return n;
}

static inline void
scarce_begin (guint left)
{
  struct rlimit limit = { 0, 4 * SCARCE_USUAL };
  for (; left > 0; limit.rlim_cur++)
    left -= fcntl ((int) limit.rlim_cur, F_GETFD) < 0;
  while (fcntl ((int) limit.rlim_cur, F_GETFD) >= 0)
    limit.rlim_cur++;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
}

static inline void
scarce_end (void)
{
  const struct rlimit limit = { SCARCE_USUAL, 4 * SCARCE_USUAL };
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
}
