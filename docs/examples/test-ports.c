/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

static void
test_port_80 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) server = g_socket_listener_new ();
  ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  g_socket_listener_add_inet_port (server, 80, NULL, &error); /* free, whatever runs on this machine */
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ports/80", test_port_80);
  return g_test_run ();
}
