/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Where sockets are made, by whom, and why not. */
#include "idle-child.h"
#include "scarce-support.h"
#include "socket-support.h"

#include <gio/gio.h>
#include <sched.h>

static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6, G_SOCKET_FAMILY_UNIX };
static const GSocketType types[] = { G_SOCKET_TYPE_STREAM, G_SOCKET_TYPE_DATAGRAM };

static void
assert_is (GSocket      *made,
           GSocketFamily family,
           GSocketType   type)
{
  g_assert_cmpint (g_socket_get_family (made), ==, family);
  g_assert_cmpint (g_socket_get_socket_type (made), ==, type);
  const int flags = fcntl (g_socket_get_fd (made), F_GETFD);
  g_assert_no_errno (flags);
  g_assert_cmpint (flags & FD_CLOEXEC, ==, FD_CLOEXEC);
}

static GSocket *
make_socket_async (gpointer      space,
                   GSocketFamily family,
                   GSocketType   type)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  st_space_create_socket_async (space, family, type, G_SOCKET_PROTOCOL_DEFAULT, NULL, keep_result, &result);
  GSocket *made = wait_for_socket (space, &result, &error);
  g_assert_no_error (error);
  return made;
}

static void
test_families (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (types); j++)
      {
        g_autoptr (GSocket) made = make_socket (netns, families[i], types[j]);
        g_autoptr (GSocket) made_async = make_socket_async (netns, families[i], types[j]);
        assert_is (made, families[i], types[j]);
        assert_is (made_async, families[i], types[j]);
        assert_lives_in (made, netns);
        assert_lives_in (made_async, netns);
      }
}

static void
test_protocols (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocket) tcp = st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_autoptr (GSocket) udp = st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_socket_get_protocol (tcp), ==, G_SOCKET_PROTOCOL_TCP);
  g_assert_cmpint (g_socket_get_protocol (udp), ==, G_SOCKET_PROTOCOL_UDP);
  g_autoptr (GSocket) packets = make_socket (netns, G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_SEQPACKET);
  assert_is (packets, G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_SEQPACKET);
}

static void
assert_makes_sockets (gpointer space,
                      gpointer network)
{
  g_autofree char *here = test_where ("net");
  g_autoptr (GSocket) made = make_socket (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  g_autoptr (GSocket) made_async = make_socket_async (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  assert_lives_in (made, network);
  assert_lives_in (made_async, network);
  test_assert_where ("net", here);
}

typedef struct
{
  StSpace *space;
  StNamespaceRef *network;
} Place;

static gboolean
make_sockets (gpointer data,
              GError **error)
{
  const Place *place = data;
  assert_makes_sockets (place->space, place->network);
  return TRUE;
}

static gpointer
make_sockets_in_thread (gpointer place)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  make_sockets (place, NULL);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* From here, from elsewhere, from another thread, from the space's own one. */
static void
make_sockets_everywhere (StSpace        *space,
                         StNamespaceRef *network)
{
  g_autoptr (GError) error = NULL;
  Place place = { space, network };
  make_sockets (&place, NULL);
  g_thread_join (g_thread_new ("other", make_sockets_in_thread, &place));
  st_space_run_in_thread (space, make_sockets, &place, NULL, &error);
  g_assert_no_error (error);
  st_space_call (space, make_sockets, &place, &error);
  g_assert_no_error (error);
}

static void
test_from_anywhere (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT | ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  make_sockets_everywhere (ST_SPACE (netns), ST_NAMESPACE_REF (netns));
  make_sockets_everywhere (space, st_space_get_ref (space, ST_NAMESPACE_NET, NULL));

  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  make_sockets_everywhere (ST_SPACE (netns), ST_NAMESPACE_REF (netns));
  g_assert_true (st_visit_leave (visit, &error));
}

/* Whatever the space does not name is the caller's. */
static void
test_without_network (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  assert_makes_sockets (uts, home);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  ST_VISIT_SCOPE (ST_SPACE (netns), &error);
  g_assert_no_error (error);
  assert_makes_sockets (uts, netns);
}

/* No thread can go there, but a socket's network is a matter of the network alone. */
static void
test_with_what_no_thread_enters (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  if (!test_needs_privilege ())
    return;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWTIME);
  g_autoptr (StSpace) space = st_space_new_for_pid (child.pid, ST_NAMESPACE_NET | ST_NAMESPACE_USER | ST_NAMESPACE_PID | ST_NAMESPACE_TIME, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) user = st_space_new_for_pid (child.pid, ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  assert_makes_sockets (space, st_space_get_ref (space, ST_NAMESPACE_NET, NULL));
  assert_makes_sockets (user, home);
  idle_child_stop (&child);
  assert_makes_sockets (space, st_space_get_ref (space, ST_NAMESPACE_NET, NULL));
}

typedef struct
{
  int family;
  int type;
  int protocol;
  int code;
} Wrong;

/* GIO would take another one, with a warning, or end the process. */
static const Wrong wrong[] = {
  { 99, G_SOCKET_TYPE_STREAM, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { -1, G_SOCKET_TYPE_STREAM, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { AF_NETLINK, G_SOCKET_TYPE_DATAGRAM, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_INVALID, G_SOCKET_TYPE_STREAM, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_INVALID, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, 4, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, -1, 0, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_UNKNOWN, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 999, G_IO_ERROR_INVALID_ARGUMENT },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_TCP, G_IO_ERROR_NOT_SUPPORTED },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_SEQPACKET, 0, G_IO_ERROR_NOT_SUPPORTED },
};

static void
test_no_such_socket (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autofree char *here = test_where ("net");
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      GAsyncResult *result = NULL;
      g_assert_null (st_space_create_socket (ST_SPACE (home), wrong[i].family, wrong[i].type, wrong[i].protocol, &error));
      assert_io_failed (error, wrong[i].code);
      st_space_create_socket_async (ST_SPACE (home), wrong[i].family, wrong[i].type, wrong[i].protocol, NULL, keep_result, &result);
      g_assert_null (wait_for_socket (home, &result, &error));
      assert_io_failed (error, wrong[i].code);
    }
  test_assert_where ("net", here);
}

static void
assert_closed (gpointer space)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  test_assert_not_made (st_space_create_socket (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, &error), error, ST_ERROR_CLOSED, "closed");
  test_assert_not_made (st_space_create_netlink_socket (space, 0, &error), error, ST_ERROR_CLOSED, "closed");
  st_space_create_socket_async (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL, keep_result, &result);
  test_assert_not_made (wait_for_socket (space, &result, &error), error, ST_ERROR_CLOSED, "closed");
}

static void
test_closed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) unmade = g_object_new (ST_TYPE_SPACE, NULL);
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) space = st_space_new ((StNamespaceRef *[]) { net, uts }, 2, &error);
  g_assert_no_error (error);
  st_namespace_ref_close (uts);
  assert_closed (unmade);
  assert_closed (space);
  assert_closed (uts);
}

/* An ordinary user may hold somebody's network, but not go there. His own is no journey. */
static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  IdleChild child;
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (GSocket) made = make_socket (home, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWNET);
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  test_assert_not_made (st_space_create_socket (ST_SPACE (net), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, &error), error,
                        ST_ERROR_PERMISSION_DENIED, "spacetest run");
  test_assert_not_made (st_space_create_netlink_socket (ST_SPACE (net), 0, &error), error, ST_ERROR_PERMISSION_DENIED, "cannot enter net");
  st_space_create_socket_async (ST_SPACE (net), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL, keep_result, &result);
  test_assert_not_made (wait_for_socket (net, &result, &error), error, ST_ERROR_PERMISSION_DENIED, "cannot enter net");
  idle_child_stop (&child);
}

static gboolean
try_socket (StSpace *space,
            gboolean netlink,
            GError **error)
{
  g_autoptr (GSocket) made = netlink ? st_space_create_netlink_socket (space, 0, error)
                                     : st_space_create_socket (space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, error);
  return made != NULL;
}

static guint
make_sockets_with_few (StSpace *space,
                       gboolean netlink)
{
  guint n_made = 0;
  g_autofree char *here = test_where ("net");
  for (guint left = 0; left < 8; left++)
    {
      g_autoptr (GError) error = NULL;
      const guint before = scarce_count ();
      scarce_begin (left);
      if (try_socket (space, netlink, &error))
        n_made++;
      else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
        g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
      g_assert_cmpuint (scarce_count (), ==, before);
      scarce_end ();
      test_assert_where ("net", here);
    }
  return n_made;
}

static void
run_out_of_descriptors (gpointer space)
{
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET); /* with what the thread keeps */
  for (int netlink = FALSE; netlink <= TRUE; netlink++)
    {
      const guint n_made = make_sockets_with_few (space, netlink);
      g_assert_cmpuint (n_made, >, 0);
      g_assert_cmpuint (n_made, <, 8);
    }
}

static void
test_no_descriptors (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  test_in_child (run_out_of_descriptors, netns);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/socket/families", test_families);
  test_add ("/socket/protocols", test_protocols);
  test_add ("/socket/from-anywhere", test_from_anywhere);
  test_add ("/socket/without-network", test_without_network);
  test_add ("/socket/with-what-no-thread-enters", test_with_what_no_thread_enters);
  test_add ("/socket/no-such-socket", test_no_such_socket);
  test_add ("/socket/closed", test_closed);
  test_add ("/socket/forbidden", test_forbidden);
  test_add ("/socket/no-descriptors", test_no_descriptors);
  return g_test_run ();
}
