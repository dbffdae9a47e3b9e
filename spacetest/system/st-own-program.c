/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-own-program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* By its path if it is still there: valgrind has an answer of its own for that only. */
int
st_own_program_open (void)
{
  char path[PATH_MAX + 1];
  const ssize_t size = readlink (SELF, path, sizeof path - 1);
  int fd = -1;
  if (size > 0)
    {
      path[size] = '\0';
      fd = open (path, O_PATH | O_CLOEXEC);
    }
  if (fd < 0)
    fd = open (SELF, O_PATH | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* The kernel names it after the number of the descriptor. */
void
st_own_program_restore_name (void)
{
  prctl (PR_SET_NAME, program_invocation_short_name, 0, 0, 0);
}
