/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

static void
test_port (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
  char buffer[6] = "";
  ST_TEST_ENTER (ST_NAMESPACE_NET);

  g_autoptr (GSocket) server = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (server, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_send_to (server, address, "hello", 5, NULL, &error);
  g_assert_no_error (error);
  g_socket_receive (server, buffer, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, "hello");
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/port", test_port);
  return g_test_run ();
}
