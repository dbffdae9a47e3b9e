/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Numbers of networks. */
#include "link-support.h"

#include <gio/gio.h>

static int
get_nsid (gpointer here,
          gpointer there)
{
  g_autoptr (GError) error = NULL;
  const int number = st_space_get_nsid (here, there, &error);
  g_assert_no_error (error);
  return number;
}

static void
test_assign (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) here = test_new_netns ();
  g_autoptr (StTransientNetns) there = test_new_netns ();
  g_autoptr (StTransientNetns) third = test_new_netns ();
  g_assert_cmpint (get_nsid (here, there), ==, -1);
  const int number = st_space_assign_nsid (ST_SPACE (here), ST_SPACE (there), -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (number, >=, 0);
  g_assert_cmpint (get_nsid (here, there), ==, number);
  g_assert_cmpint (get_nsid (here, there), ==, number);
  g_assert_cmpint (get_nsid (there, here), ==, -1);
  g_assert_cmpint (st_space_assign_nsid (ST_SPACE (here), ST_SPACE (there), 4711, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_EXISTS, "net:[");
  g_assert_cmpint (st_space_assign_nsid (ST_SPACE (here), ST_SPACE (third), 4711, &error), ==, 4711);
  g_assert_no_error (error);
  g_assert_cmpint (st_space_assign_nsid (ST_SPACE (here), ST_SPACE (third), -2, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "-2");
}

/* However the reference came about; a cable is reason enough for a number. */
static void
test_cable (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_spaces ())
    return;
  g_autoptr (StTransientNetns) here = test_new_netns ();
  g_autoptr (StTransientNetns) there = test_new_netns ();
  g_autoptr (StLink) cable = make_cable (here, NULL, there, NULL);
  g_autoptr (GPtrArray) links = st_link_list (ST_SPACE (here), &error); /* tells of the other end by number */
  g_assert_no_error (error);
  const int number = get_nsid (here, there);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", st_namespace_ref_peek_fd (ST_NAMESPACE_REF (there), &error));
  g_autoptr (StNamespaceRef) by_path = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_cmpint (number, >=, 0);
  g_assert_cmpint (get_nsid (here, by_path), ==, number);
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StTransientNetns) unmade = g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL);
  g_assert_cmpint (st_space_get_nsid (ST_SPACE (home), ST_SPACE (unmade), &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_assert_cmpint (st_space_assign_nsid (ST_SPACE (unmade), ST_SPACE (home), -1, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/nsid/NET-12/assign", test_assign);
  test_add ("/nsid/NET-13/cable", test_cable);
  test_add ("/nsid/closed", test_closed);
  return g_test_run ();
}
