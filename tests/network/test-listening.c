/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Servers that are about to listen. */
#include "link-support.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

#define FOR_EVER 0

typedef struct
{
  GSocketFamily family;
  GSocketType type;
  const char *bound;
  const char *asked;
} Server;

static const Server servers[] = {
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, "127.0.0.1", "127.0.0.1" },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, "0.0.0.0", "127.0.0.1" },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, "0.0.0.0", "0.0.0.0" },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, "127.0.0.1", "127.0.0.1" },
  { G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, "0.0.0.0", "127.0.0.1" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, "::1", "::1" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, "::", "::1" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, "::", "::" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, "::", "127.0.0.1" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, "::1", "::1" },
  { G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, "::", "127.0.0.1" },
};

static GSocket *
serve (gpointer      space,
       const Server *server,
       guint16       port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = inet_address (server->bound, port);
  GSocket *made = make_socket (space, server->family, server->type);
  assert_done (g_socket_bind (made, address, TRUE, &error));
  if (server->type == G_SOCKET_TYPE_STREAM)
    assert_done (g_socket_listen (made, &error));
  return made;
}

#define assert_nobody(space, address, type)                                                            \
  G_STMT_START                                                                                         \
  {                                                                                                    \
    g_assert_false (st_space_wait_listening (ST_SPACE (space), address, type, 1, NULL, &error));       \
    g_assert_nonnull (strstr (error->message, "nobody listens at"));                                   \
    assert_io_failed (error, G_IO_ERROR_TIMED_OUT);                                                    \
  }                                                                                                    \
  G_STMT_END

static void
test_kinds (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) other = test_new_netns ();
  for (gsize i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      const GSocketType type = servers[i].type;
      g_autoptr (GSocketAddress) address = inet_address (servers[i].asked, 80);
      g_autoptr (GSocketAddress) other_port = inet_address (servers[i].asked, 81);
      assert_nobody (netns, address, type);
      g_autoptr (GSocket) server = serve (netns, &servers[i], 80);
      assert_done (st_space_wait_listening (ST_SPACE (netns), address, type, FOR_EVER, NULL, &error));
      assert_nobody (netns, other_port, type);
      assert_nobody (other, address, type);
      assert_nobody (netns, address, type == G_SOCKET_TYPE_STREAM ? G_SOCKET_TYPE_DATAGRAM : G_SOCKET_TYPE_STREAM);
      close_socket (server);
      assert_nobody (netns, address, type);
    }
}

/* Nobody can connect to what is bound only, or to somebody else's address. */
static void
test_not_quite (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", 80);
  g_autoptr (GSocketAddress) next = inet_address ("127.0.0.2", 80);
  g_autoptr (GSocketAddress) all = inet_address ("0.0.0.0", 80);
  g_autoptr (GSocket) bound = make_socket (netns, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  assert_done (g_socket_bind (bound, address, TRUE, &error));
  assert_nobody (netns, address, G_SOCKET_TYPE_STREAM);
  assert_done (g_socket_listen (bound, &error));
  assert_done (st_space_wait_listening (ST_SPACE (netns), address, G_SOCKET_TYPE_STREAM, FOR_EVER, NULL, &error));
  assert_nobody (netns, next, G_SOCKET_TYPE_STREAM);
  assert_nobody (netns, all, G_SOCKET_TYPE_STREAM);
  /* nor is the end of a connection a server */
  g_autoptr (GSocket) client = make_socket (netns, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  assert_done (g_socket_connect (client, address, NULL, &error));
  g_autoptr (GSocketAddress) own = g_socket_get_local_address (client, &error);
  assert_nobody (netns, own, G_SOCKET_TYPE_STREAM);
}

static void
wait_async (gpointer       space,
            GSocketAddress *address,
            GCancellable   *cancellable,
            GAsyncResult  **result)
{
  *result = NULL;
  st_space_wait_listening_async (space, address, G_SOCKET_TYPE_STREAM, FOR_EVER, cancellable, keep_result, result);
}

static void
test_async (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", 80);
  wait_async (netns, address, NULL, &result);
  g_autoptr (GSocket) server = serve (netns, &servers[0], 80);
  wait_for_result (&result);
  assert_done (st_space_wait_listening_finish (ST_SPACE (netns), result, &error));
  g_autoptr (StTransientNetns) other = test_new_netns ();
  assert_refused (st_space_wait_listening_finish (ST_SPACE (other), result, &error), ST_ERROR_INVALID_ARGUMENT, "not of this call");
  g_object_unref (result);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", 80);
  wait_async (netns, address, cancellable, &result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_false (st_space_wait_listening_finish (ST_SPACE (netns), result, &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
  g_object_unref (result);
  g_assert_false (st_space_wait_listening (ST_SPACE (netns), address, G_SOCKET_TYPE_STREAM, FOR_EVER, cancellable, &error));
  assert_io_failed (error, G_IO_ERROR_CANCELLED);
}

#define assert_nonsense(address, type, words)                                                                                       \
  assert_refused (st_space_wait_listening (ST_SPACE (netns), address, type, FOR_EVER, NULL, &error), ST_ERROR_INVALID_ARGUMENT, words)

static void
test_bad_input (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (GSocketAddress) path = g_unix_socket_address_new ("/nowhere");
  g_autoptr (GSocketAddress) no_port = inet_address ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = inet_address ("127.0.0.1", 80);
  assert_nonsense (path, G_SOCKET_TYPE_STREAM, "IPv4 or IPv6");
  assert_nonsense (address, G_SOCKET_TYPE_SEQPACKET, "streams");
  assert_nonsense (no_port, G_SOCKET_TYPE_STREAM, "takes a port");
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
  assert_refused (st_space_wait_listening (ST_SPACE (netns), address, G_SOCKET_TYPE_STREAM, FOR_EVER, NULL, &error), ST_ERROR_CLOSED,
                  "closed");
  g_autoptr (StSpace) unmade = g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
  assert_refused (st_space_wait_listening (unmade, address, G_SOCKET_TYPE_STREAM, FOR_EVER, NULL, &error), ST_ERROR_CLOSED,
                  "constructor");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_start_and_wait_for_names (start_default_spacer);
  test_add ("/listening/kinds", test_kinds);
  test_add ("/listening/not-quite", test_not_quite);
  test_add ("/listening/async", test_async);
  test_add ("/listening/cancelled", test_cancelled);
  test_add ("/listening/bad-input", test_bad_input);
  return g_test_run ();
}
