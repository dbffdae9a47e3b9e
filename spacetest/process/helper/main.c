/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "helper.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  const char *name;
  int (*run) (int    argc,
              char **argv);
} Mode;

static const Mode modes[] = {
  { "serve", serve_main },
  { "join", join_main },
};

/* For a command line that makes no sense. */
int
helper_refuse (void)
{
  fprintf (stderr, "spacetest-helper: this program is started by libspacetest, not by hand\n");
  return 2;
}

int
main (int    argc,
      char **argv)
{
  for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
    if (strcmp (argv[1], modes[i].name) == 0)
      return modes[i].run (argc - 2, argv + 2);
  return helper_refuse ();
}
