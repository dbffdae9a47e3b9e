/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-socket-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-packet-ring.h"
#include "st-space-private.h"
#include "st-stay-private.h"
#include "st-task-private.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sockets belong to the network they were made in, wherever they are used from: all it takes is a short visit. */

typedef struct
{
  gboolean netlink;
  GSocketFamily family; /* unless it is netlink, which GIO has no name for */
  GSocketType type;
  int protocol;
} Wanted;

typedef struct
{
  const Wanted *wanted;
  GSocket *socket;
} Order;

static GSocket *
new_netlink_socket (int      protocol,
                    GError **error)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0)
    {
      int number = errno;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "cannot create a netlink socket of protocol %d: %s", protocol,
                   g_strerror (number));
      return NULL;
    }
  GSocket *made = g_socket_new_from_fd (fd, error);
  if (!made)
    close (fd);
  return made;
}

static gboolean
create_here (gpointer data,
             GError **error)
{
  Order *order = data;
  const Wanted *wanted = order->wanted;
  order->socket = wanted->netlink ? new_netlink_socket (wanted->protocol, error)
                                  : g_socket_new (wanted->family, wanted->type, wanted->protocol, error);
  return order->socket != NULL;
}

static gboolean
check_value (GType       type,
             int         value,
             int         first,
             const char *what,
             GError    **error)
{
  g_autoptr (GEnumClass) values = g_type_class_ref (type);
  if (value >= first && g_enum_get_value (values, value))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "cannot create a socket: %d is no %s that GIO knows", value, what);
  return FALSE;
}

/* Where GIO does not know a value, it takes another one, or ends the process. */
static gboolean
check_wanted (const Wanted *wanted,
              GError      **error)
{
  return wanted->netlink || (check_value (G_TYPE_SOCKET_FAMILY, wanted->family, G_SOCKET_FAMILY_INVALID + 1, "family", error) &&
                             check_value (G_TYPE_SOCKET_TYPE, wanted->type, G_SOCKET_TYPE_INVALID + 1, "type", error) &&
                             check_value (G_TYPE_SOCKET_PROTOCOL, wanted->protocol, G_SOCKET_PROTOCOL_DEFAULT, "protocol", error));
}

/* What GIO would ask the kernel for. */
static int
type_of (const Wanted *wanted)
{
  switch (wanted->type)
    {
    case G_SOCKET_TYPE_STREAM:
      return SOCK_STREAM;
    case G_SOCKET_TYPE_DATAGRAM:
      return SOCK_DGRAM;
    default: /* there is no other, see check_wanted() */
      return SOCK_SEQPACKET;
    }
}

static GSocket *
create_through_broker (StHandle     *network,
                       const Wanted *wanted,
                       GError      **error)
{
  int fd = wanted->netlink ? st_broker_create_socket (network, AF_NETLINK, SOCK_RAW, wanted->protocol, error)
                           : st_broker_create_socket (network, wanted->family, type_of (wanted), wanted->protocol, error);
  GSocket *made = fd < 0 ? NULL : g_socket_new_from_fd (fd, error);
  if (fd >= 0 && !made)
    close (fd);
  return made;
}

/* Of a space, only the network matters. */
static gboolean
acquire_network (StSpace     *self,
                 StHandleSet *network,
                 GError     **error)
{
  g_auto (StHandleSet) all = { 0 };
  if (!st_space_acquire (self, &all, error))
    return FALSE;
  network->of_kind[ST_KIND_NET] = g_steal_pointer (&all.of_kind[ST_KIND_NET]);
  return TRUE;
}

static GSocket *
create (StSpace      *self,
        const Wanted *wanted,
        GError      **error)
{
  Order order = { wanted, NULL };
  g_auto (StHandleSet) network = { 0 };
  if (!acquire_network (self, &network, error) || !check_wanted (wanted, error))
    return NULL;
  GError *refusal = NULL;
  if (st_stay_call (&network, create_here, &order, &refusal))
    return order.socket;
  g_clear_object (&order.socket);
  if (st_broker_takes_over (network.of_kind[ST_KIND_NET], &refusal))
    return create_through_broker (network.of_kind[ST_KIND_NET], wanted, error);
  g_propagate_error (error, refusal);
  return NULL;
}

static gboolean
create_packet_socket_here (gpointer data,
                           GError **error)
{
  int *fd = data;
  *fd = st_packet_socket ();
  if (*fd == -EPERM)
    st_error_set (error, ST_ERROR_PERMISSION_DENIED,
                  "cannot create a packet socket: %s (no CAP_NET_RAW; run under \"spacetest run\", or see docs: privileges)", g_strerror (EPERM));
  else if (*fd < 0)
    st_error_set_result (error, *fd, "cannot create a packet socket");
  return *fd >= 0;
}

/* One that hears everything in the network of a space, once it is told to; neither GIO nor anybody else has a name for it. */
int
st_space_create_packet_socket (StSpace *self,
                               GError **error)
{
  int fd = -1;
  GError *refusal = NULL;
  g_auto (StHandleSet) network = { 0 };
  if (!acquire_network (self, &network, error))
    return -1;
  if (st_stay_call (&network, create_packet_socket_here, &fd, &refusal))
    return fd;
  if (fd >= 0)
    close (fd);
  if (st_broker_takes_over (network.of_kind[ST_KIND_NET], &refusal))
    return st_broker_create_socket (network.of_kind[ST_KIND_NET], AF_PACKET, SOCK_RAW, 0, error);
  g_propagate_error (error, refusal);
  return -1;
}

static gpointer
create_for_task (GTask   *task,
                 GError **error)
{
  return create (g_task_get_source_object (task), g_task_get_task_data (task), error);
}

static void
create_async (StSpace            *self,
              gpointer            source_tag,
              const Wanted       *wanted,
              GCancellable       *cancellable,
              GAsyncReadyCallback callback,
              gpointer            user_data)
{
  GTask *task = st_task_new (self, cancellable, callback, user_data);
  g_task_set_name (task, wanted->netlink ? "st_space_create_netlink_socket_async" : "st_space_create_socket_async");
  g_task_set_source_tag (task, source_tag);
  g_task_set_task_data (task, g_memdup2 (wanted, sizeof *wanted), g_free);
  st_task_make_object (task, create_for_task);
}

/**
 * st_space_create_socket:
 * @self: a space
 * @family: the family, as for [ctor@Gio.Socket.new]
 * @type: the type
 * @protocol: the protocol
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the socket's own
 *
 * Makes a socket that lives in the network of a space, and is used from here.
 *
 * It works from any thread and with any main context. The socket keeps the network alive. If the space has no network, it is the
 * caller's. Resolving and connecting by name are done by threads of GIO's pool and belong to no space: use addresses.
 *
 * To go there takes `CAP_SYS_ADMIN`. For whoever has not got it the default spacer goes into networks that belong to a user namespace of
 * his own, as [ctor@Spacetest.MountView.new] says of files.
 *
 * A family, type or protocol that GIO has no name for is %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * ```c
 * g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
 * g_autoptr (GSocket) socket = st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
 *                                                      G_SOCKET_PROTOCOL_TCP, &error);
 * if (socket == NULL || !g_socket_bind (socket, address, TRUE, &error) || !g_socket_listen (socket, &error))
 *   return FALSE;
 * ```
 *
 * Returns: (transfer full): a new socket, or %NULL with @error set
 *
 * Since: 0.1
 */
GSocket *
st_space_create_socket (StSpace        *self,
                        GSocketFamily   family,
                        GSocketType     type,
                        GSocketProtocol protocol,
                        GError        **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return create (self, &(Wanted){ FALSE, family, type, protocol }, error);
}

/**
 * st_space_create_socket_async:
 * @self: a space
 * @family: the family, as for [ctor@Gio.Socket.new]
 * @type: the type
 * @protocol: the protocol
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the socket is made
 * @user_data: for @callback
 *
 * Makes a socket that lives in the network of a space, on a thread of its own.
 *
 * See [method@Spacetest.Space.create_socket], which takes microseconds if the caller may go there himself.
 *
 * Since: 0.1
 */
void
st_space_create_socket_async (StSpace            *self,
                              GSocketFamily       family,
                              GSocketType         type,
                              GSocketProtocol     protocol,
                              GCancellable       *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (self));
  create_async (self, st_space_create_socket_async, &(Wanted){ FALSE, family, type, protocol }, cancellable, callback, user_data);
}

/**
 * st_space_create_socket_finish:
 * @self: a space
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the socket's own
 *
 * Finishes [method@Spacetest.Space.create_socket_async].
 *
 * Returns: (transfer full): a new socket, or %NULL with @error set
 *
 * Since: 0.1
 */
GSocket *
st_space_create_socket_finish (StSpace      *self,
                               GAsyncResult *result,
                               GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return st_task_finish_object (result, self, st_space_create_socket_async, error);
}

/**
 * st_space_create_netlink_socket:
 * @self: a space
 * @protocol: a protocol of [netlink(7)](man:netlink(7)); 0 is `NETLINK_ROUTE`
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the socket's own
 *
 * Makes a netlink socket that talks to the network of a space, and is used from here.
 *
 * It is not bound yet; the kernel does that with the first message. For libnl, hand a duplicate of its descriptor to
 * `nl_socket_set_fd()`.
 *
 * Returns: (transfer full): a new socket, or %NULL with @error set
 *
 * Since: 0.1
 */
GSocket *
st_space_create_netlink_socket (StSpace *self,
                                int      protocol,
                                GError **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return create (self, &(Wanted){ .netlink = TRUE, .protocol = protocol }, error);
}

/**
 * st_space_create_netlink_socket_async:
 * @self: a space
 * @protocol: a protocol of [netlink(7)](man:netlink(7)); 0 is `NETLINK_ROUTE`
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the socket is made
 * @user_data: for @callback
 *
 * Makes a netlink socket that talks to the network of a space, on a thread of its own.
 *
 * See [method@Spacetest.Space.create_netlink_socket].
 *
 * Since: 0.1
 */
void
st_space_create_netlink_socket_async (StSpace            *self,
                                      int                 protocol,
                                      GCancellable       *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer            user_data)
{
  g_return_if_fail (ST_IS_SPACE (self));
  create_async (self, st_space_create_netlink_socket_async, &(Wanted){ .netlink = TRUE, .protocol = protocol }, cancellable,
                callback, user_data);
}

/**
 * st_space_create_netlink_socket_finish:
 * @self: a space
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the socket's own
 *
 * Finishes [method@Spacetest.Space.create_netlink_socket_async].
 *
 * Returns: (transfer full): a new socket, or %NULL with @error set
 *
 * Since: 0.1
 */
GSocket *
st_space_create_netlink_socket_finish (StSpace      *self,
                                       GAsyncResult *result,
                                       GError      **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  return st_task_finish_object (result, self, st_space_create_netlink_socket_async, error);
}
