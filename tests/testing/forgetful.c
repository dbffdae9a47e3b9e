/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

#include <stdlib.h>

/* A program that adds tests that nobody runs. */

static void
test_nothing (void)
{
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  st_test_add_in ("/forgetful/run", ST_NAMESPACE_UTS, test_nothing);
  st_test_add_in ("/forgetful/when-asked/subprocess", ST_NAMESPACE_UTS, test_nothing);
  if (g_getenv ("RUN_NONE"))
    return EXIT_SUCCESS;
  int status = g_test_run ();
  if (g_getenv ("ADD_MORE"))
    st_test_add_in ("/forgetful/after-run", ST_NAMESPACE_UTS, test_nothing);
  return status;
}
