/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "st-coverage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Becomes another program of ours. */
static int
execute (const char *program,
         char      **argv)
{
  char path[PATH_MAX];
  const char *directory = secure_getenv ("SPACETEST_LIBEXECDIR");
  if (!directory || !*directory)
    directory = ST_LIBEXEC_DIR;
  const int length = snprintf (path, sizeof path, "%s/%s", directory, program);
  if (length < 0 || (size_t) length >= sizeof path)
    errno = ENAMETOOLONG;
  else
    {
      st_coverage_save ();
      execv (path, argv);
    }
  cli_complain ("cannot run %s: %s (a part of spacetest: install it there, or set SPACETEST_LIBEXECDIR to where it is)", path,
                strerror (errno));
  return CLI_FAILED;
}

/* Links with libspacetest, which takes longer to load than all else. */
int
cli_show (int    argc,
          char **argv)
{
  return execute ("spacetest-show", argv);
}
