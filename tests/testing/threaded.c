/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

#include <string.h>
#include <unistd.h>

/* A program that has a thread before it comes to st_test_init(), as under a sanitizer. */

static gpointer
wait_forever (gpointer data)
{
  for (;;)
    pause ();
  return NULL;
}

static void
test_inside (void)
{
  g_assert_nonnull (strstr (g_get_user_cache_dir (), "/.dirs/")); /* options of g_test_init() are passed on */
  g_assert_null (g_getenv ("SPACETEST_STARTED_AGAIN"));
  if (!st_test_require (ST_NAMESPACE_NET))
    return;
  ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  g_test_message ("inside as %d", (int) geteuid ());
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GThread) thread = g_thread_new ("early", wait_forever, NULL);
  g_printerr ("started\n");
  st_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/threaded/inside", test_inside);
  return g_test_run ();
}
