/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#define _GNU_SOURCE
#include <fcntl.h>
#include <gio/gio.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <unistd.h>

static int
open_netns (void)
{
  int netns = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (netns);
  return netns;
}

static int
make_netns (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNET));
  return open_netns ();
}

static void
enter (int netns)
{
  g_assert_no_errno (setns (netns, CLONE_NEWNET));
}

static struct nl_sock *
connect_netlink (void)
{
  struct nl_sock *netlink = nl_socket_alloc ();
  g_assert_cmpint (nl_connect (netlink, NETLINK_ROUTE), ==, 0);
  return netlink;
}

static void
make_veth (int peer_netns)
{
  struct nl_sock *netlink = connect_netlink ();
  struct rtnl_link *veth = rtnl_link_veth_alloc ();
  struct rtnl_link *peer = rtnl_link_veth_get_peer (veth);
  rtnl_link_set_name (veth, "eth0");
  rtnl_link_set_name (peer, "eth0");
  rtnl_link_set_ns_fd (peer, peer_netns);
  g_assert_cmpint (rtnl_link_add (netlink, veth, NLM_F_CREATE | NLM_F_EXCL), ==, 0);
  rtnl_link_put (peer);
  rtnl_link_put (veth);
  nl_socket_free (netlink);
}

static void
bring_up (const char *text)
{
  struct nl_sock *netlink = connect_netlink ();
  struct rtnl_link *link = rtnl_link_alloc ();
  struct rtnl_link *change = rtnl_link_alloc ();
  struct rtnl_addr *address = rtnl_addr_alloc ();
  struct nl_addr *local = NULL;
  g_assert_cmpint (nl_addr_parse (text, AF_INET, &local), ==, 0);
  rtnl_addr_set_ifindex (address, (int) if_nametoindex ("eth0"));
  rtnl_addr_set_local (address, local);
  g_assert_cmpint (rtnl_addr_add (netlink, address, 0), ==, 0);
  rtnl_link_set_ifindex (link, (int) if_nametoindex ("eth0"));
  rtnl_link_set_flags (change, IFF_UP);
  g_assert_cmpint (rtnl_link_change (netlink, link, change, 0), ==, 0);
  nl_addr_put (local);
  rtnl_addr_put (address);
  rtnl_link_put (change);
  rtnl_link_put (link);
  nl_socket_free (netlink);
}

static void
test_cable (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("10.0.0.2", 7);
  char ready[6], answer[6] = "";

  int home = open_netns ();
  int bob = make_netns ();
  int alice = make_netns ();
  make_veth (bob);
  bring_up ("10.0.0.1/24");
  g_autoptr (GSocket) client = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  enter (bob);
  bring_up ("10.0.0.2/24");
  g_autoptr (GSubprocess) daemon = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "python3", "shout.py", "7", NULL);
  g_assert_no_error (error);
  enter (home);

  g_input_stream_read (g_subprocess_get_stdout_pipe (daemon), ready, sizeof ready, NULL, &error);
  g_assert_no_error (error);
  g_socket_connect (client, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_send (client, "hello", 5, NULL, &error);
  g_assert_no_error (error);
  g_socket_receive (client, answer, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "HELLO");

  close (alice);
  close (bob);
  close (home);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cable", test_cable);
  return g_test_run ();
}
