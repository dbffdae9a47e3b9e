/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

StNamespaceRef *
test_open_current (StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_current (type, &error);
  g_assert_no_error (error);
  return ref;
}

StSpace *
test_new_space (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpace *made = st_space_new_transient (types, &error);
  g_assert_no_error (error);
  return made;
}

StTransientNetns *
test_new_netns (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *made = st_transient_netns_new (&error);
  g_assert_no_error (error);
  return made;
}

StTransientMntns *
test_new_mntns (void)
{
  g_autoptr (GError) error = NULL;
  StTransientMntns *made = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  return made;
}

StVisit *
test_enter_new (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StVisit *visit = st_enter_transient (types, &error);
  g_assert_no_error (error);
  return visit;
}

void
test_leave (StVisit *visit)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_visit_is_active (visit));
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_assert_false (st_visit_is_active (visit));
  g_object_unref (visit);
}
