/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What the guide to networks shows of C. */
#include <spacetest/spacetest.h>

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) alice = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StTransientNetns) bob = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StLink) cable = st_link_new_cable (ST_SPACE (alice), "10.0.0.1/24", ST_SPACE (bob), "10.0.0.2/24", &error);
  g_assert_no_error (error);
  g_autoptr (StLink) peer = st_link_get_peer (cable, &error);
  g_assert_no_error (error);
  st_link_wait_ready (peer, NULL, &error);
  g_assert_no_error (error);
  st_link_wait_ready (cable, NULL, &error);
  g_assert_no_error (error);
  return 0;
}
