/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#define _GNU_SOURCE
#include <fcntl.h>
#include <gio/gio.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void
test_port (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
  char buffer[6] = "";
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int home = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (home);
  g_assert_no_errno (unshare (CLONE_NEWNET));

  g_autoptr (GSocket) server = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_assert_no_errno (ioctl (g_socket_get_fd (server), SIOCSIFFLAGS, &loopback));
  g_socket_bind (server, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_send_to (server, address, "hello", 5, NULL, &error);
  g_assert_no_error (error);
  g_socket_receive (server, buffer, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, "hello");

  g_assert_no_errno (setns (home, CLONE_NEWNET));
  close (home);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/port", test_port);
  return g_test_run ();
}
