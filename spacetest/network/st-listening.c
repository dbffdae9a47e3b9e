/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-listening.h"

#include "st-error-private.h"
#include "st-network-private.h"
#include "st-task-private.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* The kernel has no event for a socket that begins to listen, or is bound: sock_diag(7) tells of sockets that are destroyed, and
 * nothing else does without a program of ours in the kernel, which takes privileges that nobody in a user namespace has. What it has is
 * the look-up that it does itself for a packet that comes in: whose would that be? It takes the same time however many sockets there are, so
 * it is done again and again, at first each millisecond. */
#define FIRST_PAUSE 1
#define LONGEST_PAUSE 16 /* milliseconds */

typedef struct
{
  GSocketAddress *address;
  GSocketType type;
  guint timeout;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *self = data;
  g_object_unref (self->address);
  g_free (self);
}

typedef struct
{
  StNamespaceRef *ref;
  StNetlink *netlink;
  struct inet_diag_req_v2 request;
  char *name; /* of what is waited for */
} Wait;

static void
wait_clear (Wait *wait)
{
  g_clear_object (&wait->ref);
  g_clear_pointer (&wait->netlink, st_netlink_free);
  g_clear_pointer (&wait->name, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wait, wait_clear)

/* UDP has the two sides the other way round than TCP: for historical reasons, says the kernel. */
static void
put_address (struct inet_diag_sockid *id,
             GInetSocketAddress      *address,
             gboolean                 is_datagram)
{
  GInetAddress *host = g_inet_socket_address_get_address (address);
  const guint16 port = GUINT16_TO_BE (g_inet_socket_address_get_port (address));
  memcpy (is_datagram ? id->idiag_dst : id->idiag_src, g_inet_address_to_bytes (host), g_inet_address_get_native_size (host));
  if (is_datagram)
    id->idiag_dport = port;
  else
    id->idiag_sport = port;
  if (g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6)
    id->idiag_if = g_inet_socket_address_get_scope_id (address);
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static gboolean
describe (Wait         *wait,
          const Wanted *wanted,
          GError      **error)
{
  const gboolean is_datagram = wanted->type == G_SOCKET_TYPE_DATAGRAM;
  if (!G_IS_INET_SOCKET_ADDRESS (wanted->address) || (!is_datagram && wanted->type != G_SOCKET_TYPE_STREAM))
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot wait for a server: it takes an address of IPv4 or IPv6, and a socket type "
                                                      "of streams (TCP) or datagrams (UDP)");
      return FALSE;
    }
  GInetSocketAddress *address = G_INET_SOCKET_ADDRESS (wanted->address);
  g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  if (g_inet_socket_address_get_port (address) == 0)
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot wait for a server at %s: it takes a port", text);
      return FALSE;
    }
  const gboolean is_ipv4 = g_inet_address_get_family (g_inet_socket_address_get_address (address)) == G_SOCKET_FAMILY_IPV4;
  wait->request.sdiag_family = is_ipv4 ? AF_INET : AF_INET6;
  wait->request.sdiag_protocol = is_datagram ? IPPROTO_UDP : IPPROTO_TCP;
  put_address (&wait->request.id, address, is_datagram);
  wait->name = g_strdup_printf ("%s, %s", text, is_datagram ? "UDP" : "TCP");
  return TRUE;
}

static gboolean
fail (const Wait *wait,
      int         result,
      const char *words,
      GError    **error)
{
  g_autofree char *where = st_namespace_ref_to_string (wait->ref);
  g_autofree char *step = g_strdup_printf ("cannot look for a server at %s in %s", wait->name, where);
  st_netlink_set_error (error, result, words, step);
  return FALSE;
}

/* An empty list: a kernel that can't tell says so here. To a look-up, it would say that nobody listens. */
static gboolean
check_kernel (const Wait *wait,
              GError    **error)
{
  g_autofree char *words = NULL;
  struct inet_diag_req_v2 nothing = wait->request;
  nothing.id = (struct inet_diag_sockid){ 0 };
  const int result = st_netlink_ask (wait->netlink, st_netlink_message (SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &nothing, sizeof nothing), NULL,
                                     NULL, &words);
  if (result != -ENOENT)
    return result == 0 || fail (wait, result, words, error);
  st_error_set (error, ST_ERROR_NOT_SUPPORTED, "cannot wait for a server at %s: this kernel has no module %s", wait->name,
                wait->request.sdiag_protocol == IPPROTO_UDP ? "udp_diag" : "tcp_diag");
  return FALSE;
}

static void
see (struct nlmsghdr *header,
     gpointer         data)
{
  const struct inet_diag_msg *seen = nlmsg_data (header);
  if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY && nlmsg_datalen (header) >= (int) sizeof *seen)
    *(guint8 *) data = seen->idiag_state;
}

/* The state of an UDP socket that takes what comes is TCP_CLOSE. */
static int
look (const Wait *wait,
      gboolean   *is_there,
      char      **words)
{
  guint8 state = 0;
  const int result = st_netlink_ask (wait->netlink, st_netlink_message (SOCK_DIAG_BY_FAMILY, 0, &wait->request, sizeof wait->request), see,
                                     &state, words);
  *is_there = state == (wait->request.sdiag_protocol == IPPROTO_UDP ? TCP_CLOSE : TCP_LISTEN);
  return result == -ENOENT ? 0 : result;
}

/* FALSE if it was cancelled. */
static gboolean
pause_for (gint          milliseconds,
           GCancellable *cancellable,
           GError      **error)
{
  GPollFD poll_fd;
  if (!cancellable || !g_cancellable_make_pollfd (cancellable, &poll_fd))
    {
      g_usleep ((gulong) milliseconds * 1000);
      return TRUE;
    }
  g_poll (&poll_fd, 1, milliseconds);
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static gboolean
wait_until (const Wait   *wait,
            guint         timeout,
            GCancellable *cancellable,
            GError      **error)
{
  const gint64 deadline = g_get_monotonic_time () + (gint64) timeout * G_TIME_SPAN_MILLISECOND;
  for (gint pause = FIRST_PAUSE;; pause = MIN (2 * pause, LONGEST_PAUSE))
    {
      gboolean is_there = FALSE;
      g_autofree char *words = NULL;
      const gboolean is_over = timeout && g_get_monotonic_time () >= deadline;
      const int result = look (wait, &is_there, &words);
      if (result < 0)
        return fail (wait, result, words, error);
      if (is_there)
        return TRUE;
      if (is_over)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "nobody listens at %s after %u ms", wait->name, timeout);
          return FALSE;
        }
      if (!pause_for (pause, cancellable, error))
        return FALSE;
    }
}

static gboolean
wait_listening (StSpace      *self,
                const Wanted *wanted,
                GCancellable *cancellable,
                GError      **error)
{
  g_auto (Wait) wait = { 0 };
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  wait.ref = st_network_find (self, error);
  if (!wait.ref || !describe (&wait, wanted, error))
    return FALSE;
  wait.netlink = st_netlink_new (ST_SPACE (wait.ref), NETLINK_SOCK_DIAG, error);
  return wait.netlink && check_kernel (&wait, error) && wait_until (&wait, wanted->timeout, cancellable, error);
}

/**
 * st_space_wait_listening:
 * @self: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @address: an address of IPv4 or IPv6, with a port
 * @type: %G_SOCKET_TYPE_STREAM for TCP, %G_SOCKET_TYPE_DATAGRAM for UDP
 * @timeout: for how long, in milliseconds; 0 is for ever
 * @cancellable: (nullable): to stop waiting
 * @error: return location for a [error@Spacetest.Error]
 *
 * Waits until somebody in a network listens at an address, so that who connects is not refused: for servers that were just started.
 *
 * It asks the kernel whose a packet to @address would be, so a server that listens at all addresses counts, and nothing is sent to it.
 * "0.0.0.0" and "::" are met by servers that listen at all addresses. With UDP, it is enough that a socket is bound there. Whether
 * @address is one of the network's own is not looked at: that is for [method@Spacetest.Link.wait_ready].
 *
 * Linux has no event for this. So the kernel is asked again after 1, 2, 4, 8, and from then on each 16 milliseconds, until it is
 * so, or for @timeout: after that it is %G_IO_ERROR_TIMED_OUT. Where the kernel can't tell, it is %ST_ERROR_NOT_SUPPORTED, with the name of
 * the module. It takes no privileges. See [sock_diag(7)](man:sock_diag(7)).
 *
 * ```python
 * server = bob.spawnv(["python3", "-m", "http.server", "80", "--bind", "10.0.0.2"], Gio.SubprocessFlags.STDERR_SILENCE)
 * bob.wait_listening(Gio.InetSocketAddress.new_from_string("10.0.0.2", 80), Gio.SocketType.STREAM, 10000, None)
 * ```
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_space_wait_listening (StSpace        *self,
                         GSocketAddress *address,
                         GSocketType     type,
                         guint           timeout,
                         GCancellable   *cancellable,
                         GError        **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  g_return_val_if_fail (G_IS_SOCKET_ADDRESS (address), FALSE);
  return wait_listening (self, &(Wanted){ address, type, timeout }, cancellable, error);
}

static gboolean
wait_for_task (GTask   *task,
               GError **error)
{
  return wait_listening (g_task_get_source_object (task), g_task_get_task_data (task), g_task_get_cancellable (task), error);
}

/**
 * st_space_wait_listening_async:
 * @self: a space; if it has no network, that of the caller's visit is meant, never that of home
 * @address: an address of IPv4 or IPv6, with a port
 * @type: %G_SOCKET_TYPE_STREAM for TCP, %G_SOCKET_TYPE_DATAGRAM for UDP
 * @timeout: for how long, in milliseconds; 0 is for ever
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when somebody listens
 * @user_data: for @callback
 *
 * Waits until somebody in a network listens at an address, on a thread of its own. See [method@Spacetest.Space.wait_listening].
 *
 * Since: 0.1
 */
void
st_space_wait_listening_async (StSpace            *self,
                               GSocketAddress     *address,
                               GSocketType         type,
                               guint               timeout,
                               GCancellable       *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (self));
  g_return_if_fail (G_IS_SOCKET_ADDRESS (address));
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  Wanted *wanted = g_new (Wanted, 1);
  *wanted = (Wanted){ g_object_ref (address), type, timeout };
  g_task_set_source_tag (task, st_space_wait_listening_async);
  g_task_set_task_data (task, wanted, wanted_free);
  st_task_check (task, wait_for_task);
}

/**
 * st_space_wait_listening_finish:
 * @self: a space
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [method@Spacetest.Space.wait_listening_async].
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_space_wait_listening_finish (StSpace      *self,
                                GAsyncResult *result,
                                GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  return st_task_finish_boolean (result, self, st_space_wait_listening_async, error);
}
