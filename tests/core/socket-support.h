/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the suites of sockets share. */

#define TIMEOUT_SECONDS 30 /* of a test that would hang otherwise */

#define assert_io_failed(error, code)                                         \
  G_STMT_START                                                                \
  {                                                                           \
    g_assert_error (error, G_IO_ERROR, (int) (code));                         \
    g_clear_error (&(error));                                                 \
  }                                                                           \
  G_STMT_END

static inline GSocket *
make_socket (gpointer      space,
             GSocketFamily family,
             GSocketType   type)
{
  g_autoptr (GError) error = NULL;
  GSocket *made = st_space_create_socket (space, family, type, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (made, TIMEOUT_SECONDS);
  return made;
}

/* The kernel tells who is CAP_NET_ADMIN there. */
static inline void
assert_lives_in (GSocket *made,
                 gpointer network)
{
  g_autoptr (GError) error = NULL;
  const int fd = ioctl (g_socket_get_fd (made), SIOCGSKNS);
  g_assert_no_errno (fd);
  g_autoptr (StNamespaceRef) home = st_namespace_ref_new_take_fd (fd, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (home, network));
}

static inline void
keep_result (GObject      *source,
             GAsyncResult *result,
             gpointer      kept)
{
  *(GAsyncResult **) kept = g_object_ref (result);
}

static inline void
wait_for_result (GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static inline GSocket *
wait_for_socket (gpointer       space,
                 GAsyncResult **result,
                 GError       **error)
{
  wait_for_result (result);
  GSocket *made = st_space_create_socket_finish (space, *result, error);
  g_clear_object (result);
  return made;
}

static inline GSocketAddress *
inet_address (const char *text,
              guint16     port)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (text, port);
  g_assert_nonnull (address);
  return address;
}

static inline void
assert_sent (GSocket    *made,
             const char *text)
{
  g_autoptr (GError) error = NULL;
  const gssize n_sent = g_socket_send (made, text, strlen (text), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n_sent, ==, strlen (text));
}

static inline void
assert_received (GSocket    *made,
                 const char *text)
{
  g_autoptr (GError) error = NULL;
  char buffer[256] = "";
  g_socket_receive (made, buffer, sizeof buffer - 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, text);
}

static inline void
close_socket (GSocket *made)
{
  g_autoptr (GError) error = NULL;
  g_socket_close (made, &error);
  g_assert_no_error (error);
}
