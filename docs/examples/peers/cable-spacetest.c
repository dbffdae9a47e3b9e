/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

static void
test_cable (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("10.0.0.2", 7);
  char answer[6] = "";

  g_autoptr (StTransientNetns) alice = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StTransientNetns) bob = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StLink) cable = st_link_new_cable (ST_SPACE (alice), "10.0.0.1/24", ST_SPACE (bob), "10.0.0.2/24", &error);
  g_assert_no_error (error);

  g_autoptr (GSubprocess) daemon =
    st_space_spawn (ST_SPACE (bob), G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "python3", "shout.py", "7", NULL);
  g_assert_no_error (error);
  st_space_wait_listening (ST_SPACE (bob), address, G_SOCKET_TYPE_STREAM, 10000, NULL, &error);
  g_assert_no_error (error);

  g_autoptr (GSocket) client =
    st_space_create_socket (ST_SPACE (alice), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_connect (client, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_send (client, "hello", 5, NULL, &error);
  g_assert_no_error (error);
  g_socket_receive (client, answer, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "HELLO");
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cable", test_cable);
  return g_test_run ();
}
