/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A netlink socket that lives in a network, in the hands of libnl. */
#include "socket-support.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

/* libnl closes the duplicate. */
static struct nl_sock *
hand_to_libnl (StTransientNetns *netns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) made = st_space_create_netlink_socket (ST_SPACE (netns), NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  const int fd = fcntl (g_socket_get_fd (made), F_DUPFD_CLOEXEC, 0);
  g_assert_no_errno (fd);
  struct nl_sock *handle = nl_socket_alloc ();
  g_assert_nonnull (handle);
  g_assert_cmpint (nl_socket_set_fd (handle, NETLINK_ROUTE, fd), ==, 0);
  return handle;
}

static struct rtnl_link *
find_only_link (struct nl_sock  *handle,
                struct nl_cache **cache)
{
  g_assert_cmpint (rtnl_link_alloc_cache (handle, AF_UNSPEC, cache), ==, 0);
  g_assert_cmpint (nl_cache_nitems (*cache), ==, 1);
  return (struct rtnl_link *) nl_cache_get_first (*cache);
}

static void
test_link_cache (void)
{
  struct nl_cache *cache = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  struct nl_sock *handle = hand_to_libnl (netns);
  struct rtnl_link *lo = find_only_link (handle, &cache);
  g_assert_cmpstr (rtnl_link_get_name (lo), ==, "lo");
  g_assert_cmpuint (rtnl_link_get_flags (lo) & IFF_UP, ==, IFF_UP);
  nl_cache_free (cache);
  nl_socket_free (handle);
}

/* A change made from outside is seen there, by another socket. */
static void
test_change_link (void)
{
  struct nl_cache *cache = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  struct nl_sock *handle = hand_to_libnl (netns);
  struct nl_sock *other = hand_to_libnl (netns);
  struct rtnl_link *change = rtnl_link_alloc ();
  rtnl_link_unset_flags (change, IFF_UP);
  g_assert_cmpint (rtnl_link_change (handle, find_only_link (handle, &cache), change, 0), ==, 0);
  nl_cache_free (cache);
  g_assert_cmpuint (rtnl_link_get_flags (find_only_link (other, &cache)) & IFF_UP, ==, 0);
  nl_cache_free (cache);
  rtnl_link_put (change);
  nl_socket_free (other);
  nl_socket_free (handle);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/libnl/link-cache", test_link_cache);
  test_add ("/libnl/change-link", test_change_link);
  return g_test_run ();
}
