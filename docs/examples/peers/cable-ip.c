/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <gio/gio.h>
#include <stdlib.h>

#define CLIENT "exec 3<>/dev/tcp/10.0.0.2/7; echo hello >&3; head -n1 <&3"

static void
test_cable (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  char ready[6];

  g_assert_cmpint (system ("ip netns add alice"), ==, 0);
  g_assert_cmpint (system ("ip netns add bob"), ==, 0);
  g_assert_cmpint (system ("ip -n alice link add eth0 type veth peer name eth0 netns bob"), ==, 0);
  g_assert_cmpint (system ("ip -n alice address add 10.0.0.1/24 dev eth0"), ==, 0);
  g_assert_cmpint (system ("ip -n bob address add 10.0.0.2/24 dev eth0"), ==, 0);
  g_assert_cmpint (system ("ip -n alice link set eth0 up"), ==, 0);
  g_assert_cmpint (system ("ip -n bob link set eth0 up"), ==, 0);

  g_autoptr (GSubprocess) daemon =
    g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "ip", "netns", "exec", "bob", "python3", "shout.py", "7", NULL);
  g_assert_no_error (error);
  g_input_stream_read (g_subprocess_get_stdout_pipe (daemon), ready, sizeof ready, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GSubprocess) client =
    g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "ip", "netns", "exec", "alice", "bash", "-c", CLIENT, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (client, NULL, NULL, &answer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "HELLO\n");

  g_assert_cmpint (system ("ip netns delete alice"), ==, 0);
  g_assert_cmpint (system ("ip netns delete bob"), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_set_nonfatal_assertions (); /* the networks are to be deleted */
  g_test_add_func ("/cable", test_cable);
  return g_test_run ();
}
