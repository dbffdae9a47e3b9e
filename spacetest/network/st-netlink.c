/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-netlink-private.h"

#include "st-error-private.h"
#include "st-socket.h"
#include "st-system.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct _StNetlink
{
  GMutex lock;
  struct nl_sock *socket; /* guarded by lock */
};

/* That it takes a socket is no matter of who asks for a link. */
static GSocket *
create_socket (StSpace *network,
               int      protocol,
               GError **error)
{
  GError *failure = NULL;
  GSocket *made = st_space_create_netlink_socket (network, protocol, &failure);
  if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
    {
      if (failure)
        g_propagate_error (error, failure);
      return made;
    }
  g_error_free (failure);
  st_error_set_result (error, -EMFILE, "cannot create a netlink socket");
  return NULL;
}

/* The capability matters where the socket was made; who owns the user namespace has it from outside. */
StNetlink *
st_netlink_new (StSpace *network,
                int      protocol,
                GError **error)
{
  g_autoptr (GSocket) made = create_socket (network, protocol, error);
  if (!made || !g_socket_set_option (made, SOL_NETLINK, NETLINK_EXT_ACK, 1, error) ||
      !g_socket_set_option (made, SOL_NETLINK, NETLINK_CAP_ACK, 1, error))
    return NULL;
  const int fd = st_system_dup (g_socket_get_fd (made));
  if (fd < 0)
    {
      st_error_set_result (error, fd, "cannot keep a netlink socket");
      return NULL;
    }

  StNetlink *self = g_new0 (StNetlink, 1);
  g_mutex_init (&self->lock);
  self->socket = nl_socket_alloc ();
  g_unix_set_fd_nonblocking (fd, FALSE, NULL); /* GIO has made it so */
  if (!self->socket || nl_socket_set_fd (self->socket, protocol, fd) < 0)
    g_error ("out of memory");
  return self;
}

void
st_netlink_free (StNetlink *self)
{
  g_clear_pointer (&self->socket, nl_socket_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Our messages have no parts of unlimited size, so they always fit. */
struct nl_msg *
st_netlink_message (int         type,
                    int         flags,
                    const void *header,
                    gsize       size)
{
  struct nl_msg *message = nlmsg_alloc_simple (type, NLM_F_REQUEST | NLM_F_ACK | flags);
  if (!message || nlmsg_append (message, (void *) header, size, NLMSG_ALIGNTO) < 0)
    g_error ("out of memory");
  return message;
}

void
st_netlink_put (struct nl_msg *message,
                int            type,
                const void    *value,
                gsize          size)
{
  if (nla_put (message, type, (int) size, value) < 0)
    g_error ("a netlink message of more than a page");
}

void
st_netlink_put_u32 (struct nl_msg *message,
                    int            type,
                    guint32        value)
{
  st_netlink_put (message, type, &value, sizeof value);
}

void
st_netlink_put_text (struct nl_msg *message,
                     int            type,
                     const char    *text)
{
  st_netlink_put (message, type, text, strlen (text) + 1);
}

struct nlattr *
st_netlink_open (struct nl_msg *message,
                 int            type)
{
  struct nlattr *nest = nla_nest_start (message, type);
  if (!nest)
    g_error ("a netlink message of more than a page");
  return nest;
}

typedef struct
{
  guint32 serial;
  StNetlinkFunc func;
  gpointer data;
  gboolean is_over;
  gboolean is_torn; /* things changed while they were listed */
  int result;
  char **words;
} Exchange;

static void
read_words (const struct nlmsghdr *header,
            char                 **words)
{
  struct nlattr *attributes[NLMSGERR_ATTR_MAX + 1];
  if (!words || !(header->nlmsg_flags & NLM_F_ACK_TLVS) ||
      nlmsg_parse ((struct nlmsghdr *) header, sizeof (struct nlmsgerr), attributes, NLMSGERR_ATTR_MAX, NULL) < 0)
    return;
  if (attributes[NLMSGERR_ATTR_MSG])
    {
      g_free (*words);
      *words = g_strndup (nla_data (attributes[NLMSGERR_ATTR_MSG]), (gsize) nla_len (attributes[NLMSGERR_ATTR_MSG]));
    }
}

static void
take_message (Exchange        *exchange,
              struct nlmsghdr *header)
{
  if (header->nlmsg_seq != exchange->serial)
    return;
  if (header->nlmsg_flags & NLM_F_DUMP_INTR)
    exchange->is_torn = TRUE;
  if (header->nlmsg_type == NLMSG_ERROR)
    {
      exchange->result = ((struct nlmsgerr *) nlmsg_data (header))->error;
      exchange->is_over = TRUE;
      read_words (header, exchange->words);
    }
  else if (header->nlmsg_type == NLMSG_DONE)
    {
      exchange->result = nlmsg_datalen (header) >= (int) sizeof (int) ? MIN (0, *(int *) nlmsg_data (header)) : 0;
      exchange->is_over = TRUE;
    }
  else if (exchange->func && header->nlmsg_type >= NLMSG_MIN_TYPE)
    exchange->func (header, exchange->data);
}

static void
receive (StNetlink *self,
         Exchange  *exchange)
{
  struct sockaddr_nl from;
  unsigned char *bytes = NULL;
  int left = nl_recv (self->socket, &from, &bytes, NULL);
  if (left <= 0)
    {
      exchange->result = left == -NLE_NOMEM ? -ENOBUFS : -EIO;
      exchange->is_over = TRUE;
      return;
    }
  for (struct nlmsghdr *header = (struct nlmsghdr *) bytes; nlmsg_ok (header, left) && !exchange->is_over;
       header = nlmsg_next (header, &left))
    take_message (exchange, header);
  free (bytes);
}

/* A list that changed while it was read is given as it was read, each part of it true when it was. */
int
st_netlink_ask (StNetlink     *self,
                struct nl_msg *request,
                StNetlinkFunc  func,
                gpointer       data,
                char         **words)
{
  Exchange exchange = { .func = func, .data = data, .words = words };
  g_mutex_lock (&self->lock);
  nl_complete_msg (self->socket, request);
  exchange.serial = nlmsg_hdr (request)->nlmsg_seq;
  const int sent = nl_send (self->socket, request);
  if (sent < 0)
    exchange.result = sent == -NLE_NOMEM ? -ENOBUFS : sent == -NLE_PERM ? -EPERM : -EIO;
  else
    while (!exchange.is_over)
      receive (self, &exchange);
  g_mutex_unlock (&self->lock);
  nlmsg_free (request);
  return exchange.result;
}

static const StErrorMeaning meanings[] = {
  { EPERM, ST_ERROR_PERMISSION_DENIED, "no CAP_NET_ADMIN there; run under \"spacetest run\", or see docs: privileges" },
  { EACCES, ST_ERROR_PERMISSION_DENIED, "IPv6 may be turned off there" },
  { EEXIST, ST_ERROR_EXISTS, NULL },
  { ENODEV, ST_ERROR_STALE, "the link is gone" },
  { ENOENT, ST_ERROR_NOT_FOUND, NULL },
  { ESRCH, ST_ERROR_NOT_FOUND, NULL },
  { EADDRNOTAVAIL, ST_ERROR_NOT_FOUND, NULL },
  { EBUSY, ST_ERROR_FAILED, "in use; this kernel may want it down first" },
  { ENETDOWN, ST_ERROR_FAILED, "bring the link up first" },
  { ENETUNREACH, ST_ERROR_INVALID_ARGUMENT, "no way to the gateway: it needs an address of its network on this link" },
  { EHOSTUNREACH, ST_ERROR_INVALID_ARGUMENT, "no way to the gateway: it needs an address of its network on this link" },
  { EINVAL, ST_ERROR_INVALID_ARGUMENT, NULL },
  { ERANGE, ST_ERROR_INVALID_ARGUMENT, NULL },
  { ELOOP, ST_ERROR_INVALID_ARGUMENT, NULL },
  { EOPNOTSUPP, ST_ERROR_NOT_SUPPORTED, NULL },
  { EAFNOSUPPORT, ST_ERROR_NOT_SUPPORTED, NULL },
  { ENOMEM, ST_ERROR_EXHAUSTED, NULL },
  { ENOBUFS, ST_ERROR_EXHAUSTED, NULL },
  { EMFILE, ST_ERROR_EXHAUSTED, "raise RLIMIT_NOFILE" },
};

/* @result is what st_netlink_ask() returned. */
void
st_netlink_set_error (GError    **error,
                      int         result,
                      const char *words,
                      const char *step)
{
  const StErrorMeaning *meaning = st_error_find_meaning (meanings, G_N_ELEMENTS (meanings), -result);
  const gboolean has_words = words && *words;
  const gboolean has_both = has_words && meaning->hint;
  const gboolean has_any = has_words || meaning->hint;
  st_error_set (error, meaning->code, "%s: %s%s%s%s%s%s", step, g_strerror (-result), has_any ? " (" : "", has_words ? words : "",
                has_both ? "; " : "", meaning->hint ? meaning->hint : "", has_any ? ")" : "");
}

GSocket *
st_netlink_listen (StSpace   *network,
                   const int *groups,
                   GError   **error)
{
  const struct sockaddr_nl anywhere = { .nl_family = AF_NETLINK };
  g_autoptr (GSocketAddress) address = g_native_socket_address_new ((gpointer) &anywhere, sizeof anywhere);
  g_autoptr (GSocket) made = create_socket (network, NETLINK_ROUTE, error);
  if (!made || !g_socket_bind (made, address, FALSE, error)) /* without a port of its own it is left out */
    return NULL;
  for (const int *group = groups; *group; group++)
    if (!g_socket_set_option (made, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, *group, error))
      return NULL;
  g_socket_set_blocking (made, FALSE);
  return g_steal_pointer (&made);
}

#define MOST_HEARD 65536 /* the kernel puts at most 32 KiB into one datagram */

/* Everything that is there by now; does not wait. */
gboolean
st_netlink_hear (GSocket      *socket,
                 StNetlinkFunc func,
                 gpointer      data)
{
  g_autofree char *bytes = g_malloc (MOST_HEARD);
  g_autoptr (GError) failure = NULL;
  for (;;)
    {
      gssize size = g_socket_receive (socket, bytes, MOST_HEARD, NULL, &failure);
      if (size < 0)
        return g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      int left = (int) size;
      for (struct nlmsghdr *header = (struct nlmsghdr *) bytes; func && nlmsg_ok (header, left); header = nlmsg_next (header, &left))
        func (header, data);
    }
}
