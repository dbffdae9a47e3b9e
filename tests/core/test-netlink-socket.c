/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Netlink sockets: they talk to the network they were made in. */
#include "socket-support.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static GSocket *
make_netlink (gpointer space)
{
  g_autoptr (GError) error = NULL;
  GSocket *made = st_space_create_netlink_socket (space, NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (made, TIMEOUT_SECONDS);
  const int flags = fcntl (g_socket_get_fd (made), F_GETFD);
  g_assert_no_errno (flags);
  g_assert_cmpint (flags & FD_CLOEXEC, ==, FD_CLOEXEC);
  return made;
}

static GSocket *
make_netlink_async (gpointer space)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  st_space_create_netlink_socket_async (space, NETLINK_ROUTE, NULL, keep_result, &result);
  wait_for_result (&result);
  GSocket *made = st_space_create_netlink_socket_finish (space, result, &error);
  g_assert_no_error (error);
  g_object_unref (result);
  return made;
}

static void
ask_for_links (GSocket *netlink)
{
  g_autoptr (GError) error = NULL;
  const struct
  {
    struct nlmsghdr header;
    struct ifinfomsg message;
  } request = { .header = { sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 } };
  g_socket_send (netlink, (const char *) &request, sizeof request, NULL, &error);
  g_assert_no_error (error);
}

static const char *
get_link_name (const struct nlmsghdr *header)
{
  const struct ifinfomsg *message = NLMSG_DATA (header);
  int left = (int) IFLA_PAYLOAD (header);
  for (const struct rtattr *item = IFLA_RTA (message); RTA_OK (item, left); item = RTA_NEXT (item, left))
    if (item->rta_type == IFLA_IFNAME)
      return RTA_DATA (item);
  g_assert_not_reached ();
}

typedef union
{
  struct nlmsghdr header;
  char bytes[32768];
} Answer;

/* Returns FALSE after the last. */
static gboolean
read_links (GSocket *netlink,
            GString *names)
{
  g_autoptr (GError) error = NULL;
  g_autofree Answer *answer = g_new0 (Answer, 1);
  gssize left = g_socket_receive (netlink, answer->bytes, sizeof *answer, NULL, &error);
  g_assert_no_error (error);
  for (struct nlmsghdr *header = &answer->header; NLMSG_OK (header, (guint) left); header = NLMSG_NEXT (header, left))
    {
      if (header->nlmsg_type == NLMSG_DONE)
        return FALSE;
      g_assert_cmpint (header->nlmsg_type, ==, RTM_NEWLINK);
      g_string_append_printf (names, "%s ", get_link_name (header));
    }
  return TRUE;
}

static void
assert_links (GSocket    *netlink,
              const char *expected)
{
  g_autoptr (GString) names = g_string_new (NULL);
  ask_for_links (netlink);
  while (read_links (netlink, names))
    ;
  g_assert_cmpstr (names->str, ==, expected);
}

static void
test_links (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocket) netlink = make_netlink (netns);
  g_autoptr (GSocket) netlink_async = make_netlink_async (netns);
  assert_lives_in (netlink, netns);
  assert_lives_in (netlink_async, netns);
  assert_links (netlink, "lo ");
  assert_links (netlink_async, "lo ");

  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (GSocket) from_elsewhere = make_netlink (netns);
  assert_lives_in (from_elsewhere, netns);
  assert_links (from_elsewhere, "lo ");
  assert_links (netlink, "lo ");
  g_assert_true (st_visit_leave (visit, &error));

  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  assert_links (netlink, "lo ");
}

/* Takes lo down: something to tell one network from the other. */
static void
take_down (GSocket *netlink)
{
  g_autoptr (GError) error = NULL;
  const struct
  {
    struct nlmsghdr header;
    struct ifinfomsg message;
  } request = {
    .header = { sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 2, 0 },
    .message = { .ifi_index = 1, .ifi_change = IFF_UP },
  };
  struct
  {
    struct nlmsghdr header;
    struct nlmsgerr message;
    char rest[64];
  } answer;
  g_socket_send (netlink, (const char *) &request, sizeof request, NULL, &error);
  g_assert_no_error (error);
  g_socket_receive (netlink, (char *) &answer, sizeof answer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (answer.header.nlmsg_type, ==, NLMSG_ERROR);
  g_assert_cmpint (answer.message.error, ==, 0);
}

static void
assert_loopback (gpointer network,
                 gboolean up)
{
  struct ifreq request = { .ifr_name = "lo" };
  g_autoptr (GSocket) made = make_socket (network, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  g_assert_no_errno (ioctl (g_socket_get_fd (made), SIOCGIFFLAGS, &request));
  g_assert_cmpint ((request.ifr_flags & IFF_UP) != 0, ==, up);
}

/* What is changed with it is changed there. */
static void
test_changes (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) one = test_new_netns ();
  g_autoptr (StTransientNetns) two = test_new_netns ();
  g_autoptr (GSocket) netlink = make_netlink (one);
  take_down (netlink);
  assert_loopback (one, FALSE);
  assert_loopback (two, TRUE);
}

static void
test_no_such_protocol (void)
{
  const int protocols[] = { -1, 31, 32, 4711, G_MAXINT, G_MININT };
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      GAsyncResult *result = NULL;
      g_autofree char *words = g_strdup_printf ("protocol %d", protocols[i]);
      g_assert_null (st_space_create_netlink_socket (ST_SPACE (home), protocols[i], &error));
      g_assert_nonnull (strstr (error->message, words));
      assert_io_failed (error, G_IO_ERROR_NOT_SUPPORTED);
      st_space_create_netlink_socket_async (ST_SPACE (home), protocols[i], NULL, keep_result, &result);
      wait_for_result (&result);
      g_assert_null (st_space_create_netlink_socket_finish (ST_SPACE (home), result, &error));
      assert_io_failed (error, G_IO_ERROR_NOT_SUPPORTED);
      g_object_unref (result);
    }
}

/* Without the constructor there is no network. */
static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (StTransientNetns) unmade = g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL);
  test_assert_not_made (st_space_create_netlink_socket (ST_SPACE (unmade), 0, &error), error, ST_ERROR_CLOSED, "closed");
  st_space_create_netlink_socket_async (ST_SPACE (unmade), 0, NULL, keep_result, &result);
  wait_for_result (&result);
  test_assert_not_made (st_space_create_netlink_socket_finish (ST_SPACE (unmade), result, &error), error, ST_ERROR_CLOSED, "closed");
  g_object_unref (result);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/netlink-socket/links", test_links);
  test_add ("/netlink-socket/changes", test_changes);
  test_add ("/netlink-socket/no-such-protocol", test_no_such_protocol);
  test_add ("/netlink-socket/closed", test_closed);
  return g_test_run ();
}
