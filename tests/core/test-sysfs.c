/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

/* Whether the /sys of new mount namespaces is right is found out once for each pair of a sysfs and a network, in whatever order
 * they come. */

static StTransientMntns *
make_table_in (gpointer space)
{
  g_autoptr (GError) error = NULL;
  StVisit *visit = st_space_enter (space, &error);
  g_assert_no_error (error);
  StTransientMntns *table = test_new_mntns ();
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_object_unref (visit);
  return table;
}

static StSpace *
combine (gpointer network,
         gpointer table)
{
  StNamespaceRef *refs[] = { network, table };
  g_autoptr (GError) error = NULL;
  StSpace *space = st_space_new (refs, G_N_ELEMENTS (refs), &error);
  g_assert_no_error (error);
  return space;
}

static void
assert_sysfs (StTransientMntns *made,
              StSysfs           expected)
{
  g_assert_cmpint (st_transient_mntns_get_sysfs (made), ==, expected);
  g_object_unref (made);
}

/* NET-05, MNT-08 */
static void
test_networks_in_turn (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) one = test_new_netns ();
  g_autoptr (StTransientNetns) other = test_new_netns ();
  g_autoptr (StTransientMntns) table_of_home = test_new_mntns ();
  g_autoptr (StTransientMntns) table_of_one = make_table_in (one);
  const StSysfs home = st_transient_mntns_get_sysfs (table_of_home);
  const StSysfs away = st_transient_mntns_get_sysfs (table_of_one);
  const StSysfs right = away == ST_SYSFS_FRESH ? ST_SYSFS_KEPT : away; /* the kernel does not tell whether one is right */
  g_autoptr (StSpace) one_right = combine (one, table_of_one);
  g_autoptr (StSpace) other_wrong = combine (other, table_of_one);
  g_assert_cmpint (away, !=, ST_SYSFS_KEPT);

  for (int round = 0; round < 3; round++)
    {
      assert_sysfs (test_new_mntns (), home);
      assert_sysfs (make_table_in (one), away);
      assert_sysfs (make_table_in (other), away);
      assert_sysfs (make_table_in (one_right), right);
      assert_sysfs (make_table_in (one), away);
      assert_sysfs (make_table_in (one_right), right);
      assert_sysfs (make_table_in (other_wrong), away);
    }
}

/* A network may get the inode number of the one before it, and a sysfs its device number. */
static void
test_networks_after_each_other (void)
{
  if (!test_needs_privilege ())
    return;
  for (int round = 0; round < 5; round++)
    {
      g_autoptr (StTransientNetns) network = test_new_netns ();
      g_autoptr (StTransientMntns) table = make_table_in (network);
      g_autoptr (StSpace) space = combine (network, table);
      const StSysfs sysfs = st_transient_mntns_get_sysfs (table);
      g_assert_cmpint (sysfs, !=, ST_SYSFS_KEPT);
      if (sysfs == ST_SYSFS_FRESH)
        assert_sysfs (make_table_in (space), ST_SYSFS_KEPT);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/sysfs/networks-in-turn", test_networks_in_turn);
  test_add ("/sysfs/networks-after-each-other", test_networks_after_each_other);
  return g_test_run ();
}
