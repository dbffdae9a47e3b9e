/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-wire.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a record of a type is, and how many descriptors come along. */
typedef struct
{
  size_t size;
  size_t min_fds;
  size_t max_fds;
} Shape;

static const Shape shapes[] = {
  [ST_WIRE_SUBSPACE] = { sizeof (StWireSubspace), 2, 4 },
  [ST_WIRE_SPACE] = { sizeof (StWireSpace), 1, 1 },
  [ST_WIRE_SOCKET] = { sizeof (StWireSocket), 2, 2 },
  [ST_WIRE_ROOT] = { sizeof (StWireRoot), 2, 2 },
  [ST_WIRE_MOUNT] = { sizeof (StWireMount), 2, 3 },
  [ST_WIRE_SYSCTL] = { sizeof (StWireSysctl), 2, 3 },
  [ST_WIRE_GUARD] = { sizeof (StWireGuard), 2, 3 },
  [ST_WIRE_JOIN] = { sizeof (StWireJoin), 0, ST_N_KINDS + 1 },
  [ST_WIRE_DONE] = { sizeof (StWireDone), 0, ST_N_KINDS + 1 },
  [ST_WIRE_FAILED] = { sizeof (StWireFailed), 0, 0 },
  [ST_WIRE_COMMAND] = { sizeof (StWireCommand), 1, 2 },
  [ST_WIRE_TAP] = { sizeof (StWireTap), 2, 2 },
};

static const Shape *
shape_of (unsigned int type)
{
  return type < sizeof shapes / sizeof shapes[0] && shapes[type].size > 0 ? &shapes[type] : NULL;
}

static size_t
count_kinds (uint32_t kinds)
{
  return (size_t) __builtin_popcount (kinds);
}

static uint32_t
all_kinds (void)
{
  uint32_t all = 0;
  ST_FOREACH_KIND (kind)
    all |= kind->flag;
  return all;
}

static bool
is_string (const char *text,
           size_t      size)
{
  return memchr (text, '\0', size);
}

/* What the numbers in a record say about its descriptors and strings. */
static bool
is_consistent (const StWireMessage *message)
{
  const StWireRecord *record = &message->record;
  switch ((StWireType) record->header.type)
    {
    case ST_WIRE_SUBSPACE:
      return record->subspace.has_stdout <= 1 && record->subspace.has_stderr <= 1 &&
             message->n_fds == 2 + record->subspace.has_stdout + record->subspace.has_stderr &&
             is_string (record->subspace.host_name, sizeof record->subspace.host_name);
    case ST_WIRE_MOUNT:
      return is_string (record->mount.path, sizeof record->mount.path) &&
             (record->mount.what == ST_WIRE_MOUNT_PROC || record->mount.what == ST_WIRE_MOUNT_TMPFS       ? message->n_fds == 2
              : record->mount.what == ST_WIRE_MOUNT_SYSFS || record->mount.what == ST_WIRE_MOUNT_OVERLAY ? message->n_fds == 3
                                                                                                          : false);
    case ST_WIRE_SYSCTL:
      return record->sysctl.sets <= 1 && message->n_fds == 2 + record->sysctl.sets &&
             is_string (record->sysctl.name, sizeof record->sysctl.name);
    case ST_WIRE_JOIN:
      return !(record->join.kinds & ~all_kinds ()) && record->join.has_guard <= 1 &&
             message->n_fds == count_kinds (record->join.kinds) + record->join.has_guard;
    case ST_WIRE_DONE:
      return !(record->done.kinds & ~all_kinds ()) && message->n_fds >= count_kinds (record->done.kinds);
    default:
      return true;
    }
}

int
st_wire_pair (int sockets[2])
{
  return socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ? -errno : 0;
}

/* 0 if it is a socket that records can go through. */
int
st_wire_check_socket (int fd)
{
  int domain, type;
  socklen_t size = sizeof (int);
  if (getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
    return -errno;
  return domain == AF_UNIX && type == SOCK_SEQPACKET ? 0 : -EPROTOTYPE;
}

void
st_wire_begin (StWireMessage *message,
               StWireType     type,
               uint32_t       serial)
{
  const Shape *shape = shape_of (type);
  memset (&message->record, 0, shape->size);
  message->n_fds = 0;
  message->record.header = (StWireHeader){
    .magic = ST_WIRE_MAGIC,
    .version = ST_WIRE_VERSION,
    .type = (uint16_t) type,
    .serial = serial,
    .size = (uint32_t) shape->size,
  };
}

/* @result is -errno. */
void
st_wire_begin_failed (StWireMessage *message,
                      uint32_t       serial,
                      StWireStep     step,
                      uint32_t       kinds,
                      int            result)
{
  st_wire_begin (message, ST_WIRE_FAILED, serial);
  message->record.failed.step = step;
  message->record.failed.kinds = kinds;
  message->record.failed.error = -result;
}

void
st_wire_add_fd (StWireMessage *message,
                int            fd)
{
  message->fds[message->n_fds++] = fd;
}

/* The descriptor is the caller's from then on. */
int
st_wire_take_fd (StWireMessage *message,
                 size_t         i)
{
  int fd = message->fds[i];
  message->fds[i] = -1;
  return fd;
}

/* Of a message that was received: those nobody took. */
void
st_wire_close_fds (StWireMessage *message)
{
  for (size_t i = 0; i < message->n_fds; i++)
    if (message->fds[i] >= 0)
      close (message->fds[i]);
  message->n_fds = 0;
}

typedef union
{
  struct cmsghdr header;
  char room[CMSG_SPACE (sizeof (int) * ST_WIRE_MAX_FDS)];
} Rights;

static int
send_record (int                  socket,
             const StWireMessage *message,
             int                  flags)
{
  Rights rights = { 0 };
  const size_t size = sizeof (int) * message->n_fds;
  struct iovec data = { (void *) (uintptr_t) &message->record, message->record.header.size };
  struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };
  if (message->n_fds > 0)
    {
      header.msg_control = &rights;
      header.msg_controllen = CMSG_SPACE (size);
      rights.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN (size) };
      memcpy (CMSG_DATA (&rights.header), message->fds, size);
    }
  ssize_t sent;
  do
    sent = sendmsg (socket, &header, MSG_NOSIGNAL | flags);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

int
st_wire_send (int                  socket,
              const StWireMessage *message)
{
  return send_record (socket, message, 0);
}

/* Never waits: -EAGAIN if there is no room. */
int
st_wire_send_now (int                  socket,
                  const StWireMessage *message)
{
  return send_record (socket, message, MSG_DONTWAIT);
}

/* All of them, so that a record with more than one lot of descriptors loses none of them. */
static void
take_fds (struct msghdr *header,
          StWireMessage *message)
{
  for (struct cmsghdr *part = CMSG_FIRSTHDR (header); part; part = CMSG_NXTHDR (header, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
      {
        size_t n = (part->cmsg_len - CMSG_LEN (0)) / sizeof (int);
        for (size_t i = 0; i < n; i++)
          {
            int fd;
            memcpy (&fd, CMSG_DATA (part) + i * sizeof fd, sizeof fd);
            if (message->n_fds < ST_WIRE_MAX_FDS)
              st_wire_add_fd (message, fd);
            else
              close (fd);
          }
      }
}

/* 0, or what is wrong with a message whose record is @size bytes long: -EPROTONOSUPPORT if it is of another version. */
int
st_wire_check (const StWireMessage *message,
               size_t               size)
{
  const StWireHeader *header = &message->record.header;
  if (size < sizeof *header || header->magic != ST_WIRE_MAGIC)
    return -EPROTO;
  if (header->version != ST_WIRE_VERSION)
    return -EPROTONOSUPPORT;
  const Shape *shape = shape_of (header->type);
  if (!shape || size != shape->size || header->size != size)
    return -EPROTO;
  if (message->n_fds < shape->min_fds || message->n_fds > shape->max_fds || !is_consistent (message))
    return -EPROTO;
  return 0;
}

/* An empty record reads like the end. */
static bool
is_at_end (int socket)
{
  struct pollfd ended = { .fd = socket, .events = POLLRDHUP };
  return poll (&ended, 1, 0) != 0;
}

static int
check_received (const struct msghdr *header,
                const StWireMessage *message,
                size_t               size)
{
  if (header->msg_flags & MSG_TRUNC)
    return -EPROTO;
  if (header->msg_flags & MSG_CTRUNC) /* the table of descriptors is full, or the other side sent more than anybody should */
    return message->n_fds < ST_WIRE_MAX_FDS ? -EMFILE : -EPROTO;
  return st_wire_check (message, size);
}

/* As st_wire_receive(), but leaves the descriptors of a message that makes no sense to the caller. */
int
st_wire_receive_any (int            socket,
                     StWireMessage *message)
{
  Rights rights;
  struct iovec data = { &message->record, sizeof message->record };
  struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  ssize_t size;
  message->n_fds = 0;
  memset (&message->record.header, 0, sizeof message->record.header);
  do
    size = recvmsg (socket, &header, MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return -errno;

  take_fds (&header, message);
  if (size == 0 && message->n_fds == 0 && is_at_end (socket))
    return 0;
  int result = check_received (&header, message, (size_t) size);
  return result < 0 ? result : 1;
}

/* Gives 1, or 0 at the end. A message that makes no sense is read, its descriptors are closed, and what is left in @message
 * is its header, if there was one. -EMFILE: there was no room for its descriptors. */
int
st_wire_receive (int            socket,
                 StWireMessage *message)
{
  int result = st_wire_receive_any (socket, message);
  if (result < 0)
    st_wire_close_fds (message);
  return result;
}
