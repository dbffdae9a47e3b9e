/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the suites of captures share: networks to be recorded, and the format read by somebody else than who wrote it. */

#define PORT 4711
#define PATIENCE (30 * G_USEC_PER_SEC)

typedef struct
{
  guint interface;
  guint64 time;
  guint captured;
  guint length;
  const guint8 *data;
  guint flags;   /* 0 without */
} Packet;

typedef struct
{
  char *name;
  guint link;
  guint snapshot_length;
  gboolean has_statistics;
  guint64 start;
  guint64 end;
  guint64 n_received;
  guint64 n_dropped;
} Interface;

typedef struct
{
  char *content;
  gsize size;
  GArray *packets;
  GArray *interfaces;
} File;

static inline void
interface_clear (gpointer data)
{
  g_free (((Interface *) data)->name);
}

static inline void
file_clear (File *self)
{
  g_free (self->content);
  g_clear_pointer (&self->packets, g_array_unref);
  g_clear_pointer (&self->interfaces, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static inline guint
get_16 (const guint8 *at)
{
  guint16 value;
  memcpy (&value, at, sizeof value);
  return value;
}

static inline guint
get_32 (const guint8 *at)
{
  guint32 value;
  memcpy (&value, at, sizeof value);
  return value;
}

static inline guint64
get_64 (const guint8 *at)
{
  guint64 value;
  memcpy (&value, at, sizeof value);
  return value;
}

static inline guint64
get_time_at (const guint8 *at)
{
  return (guint64) get_32 (at) << 32 | get_32 (at + 4);
}

/* The value of an option and its size, or NULL. */
static inline const guint8 *
find_option (const guint8 *at,
             const guint8 *end,
             guint         code,
             guint        *size)
{
  while (at < end)
    {
      g_assert_cmpint (end - at, >=, 4);
      *size = get_16 (at + 2);
      g_assert_cmpint (end - at, >=, 4 + *size);
      if (get_16 (at) == 0)
        {
          g_assert_cmpuint (*size, ==, 0);
          g_assert_true (at + 4 == end);
          return NULL;
        }
      if (get_16 (at) == code)
        return at + 4;
      at += 4 + ((*size + 3) & ~3u);
    }
  g_assert_not_reached ();
}

static inline void
read_interface (File         *file,
                const guint8 *body,
                const guint8 *end)
{
  guint size;
  Interface read = { .link = get_16 (body), .snapshot_length = get_32 (body + 4) };
  const guint8 *name = find_option (body + 8, end, 2, &size);
  read.name = g_strndup ((const char *) name, size);
  const guint8 *resolution = find_option (body + 8, end, 9, &size);
  g_assert_cmpuint (size, ==, 1);
  g_assert_cmpuint (*resolution, ==, 9); /* nanoseconds */
  g_array_append_val (file->interfaces, read);
}

static inline void
read_packet (File         *file,
             const guint8 *body,
             const guint8 *end)
{
  guint size;
  Packet read = { get_32 (body), get_time_at (body + 4), get_32 (body + 12), get_32 (body + 16), body + 20, 0 };
  const guint8 *options = body + 20 + ((read.captured + 3) & ~3u);
  const guint8 *flags = options < end ? find_option (options, end, 2, &size) : NULL;
  if (flags)
    read.flags = get_32 (flags);
  g_assert_true (options <= end);
  g_assert_cmpuint (read.interface, <, file->interfaces->len);
  const Interface *interface = &g_array_index (file->interfaces, Interface, read.interface);
  g_assert_cmpuint (read.captured, <=, read.length);
  g_assert_false (interface->has_statistics);
  g_array_append_val (file->packets, read);
}

static inline void
read_statistics (File         *file,
                 const guint8 *body,
                 const guint8 *end)
{
  guint size;
  g_assert_cmpuint (get_32 (body), <, file->interfaces->len);
  Interface *interface = &g_array_index (file->interfaces, Interface, get_32 (body));
  g_assert_false (interface->has_statistics);
  interface->has_statistics = TRUE;
  interface->start = get_time_at (find_option (body + 12, end, 2, &size));
  interface->end = get_time_at (find_option (body + 12, end, 3, &size));
  interface->n_received = get_64 (find_option (body + 12, end, 4, &size));
  interface->n_dropped = get_64 (find_option (body + 12, end, 5, &size));
}

static inline void
read_block (File         *file,
            guint         type,
            const guint8 *body,
            const guint8 *end)
{
  switch (type)
    {
    case 0x0a0d0d0a:
      g_assert_true (body == (const guint8 *) file->content + 8);
      g_assert_cmpuint (get_32 (body), ==, 0x1a2b3c4d);
      g_assert_cmpuint (get_16 (body + 4), ==, 1);
      g_assert_cmpuint (get_16 (body + 6), ==, 0);
      g_assert_cmpuint (get_64 (body + 8), ==, G_MAXUINT64);
      break;
    case 1:
      read_interface (file, body, end);
      break;
    case 5:
      read_statistics (file, body, end);
      break;
    case 6:
      read_packet (file, body, end);
      break;
    default:
      g_error ("unknown block %u", type);
    }
}

static inline void
read_file (File       *file,
           const char *path)
{
  g_autoptr (GError) error = NULL;
  file->packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  file->interfaces = g_array_new (FALSE, FALSE, sizeof (Interface));
  g_array_set_clear_func (file->interfaces, interface_clear);
  g_file_get_contents (path, &file->content, &file->size, &error);
  g_assert_no_error (error);
  const guint8 *at = (const guint8 *) file->content;
  const guint8 *end = at + file->size;
  while (at < end)
    {
      g_assert_cmpint (end - at, >=, 12);
      const guint length = get_32 (at + 4);
      g_assert_cmpuint (length % 4, ==, 0);
      g_assert_cmpint (end - at, >=, length);
      g_assert_cmpuint (get_32 (at + length - 4), ==, length);
      read_block (file, get_32 (at), at + 8, at + length - 4);
      at += length;
    }
}

static inline const Packet *
get_packet (const File *file,
            guint       i)
{
  g_assert_cmpuint (i, <, file->packets->len);
  return &g_array_index (file->packets, Packet, i);
}

static inline const Interface *
get_interface (const File *file,
               guint       i)
{
  g_assert_cmpuint (i, <, file->interfaces->len);
  return &g_array_index (file->interfaces, Interface, i);
}

/* Which one has the name, or fails. */
static inline guint
find_interface (const File *file,
                const char *name)
{
  for (guint i = 0; i < file->interfaces->len; i++)
    if (strcmp (get_interface (file, i)->name, name) == 0)
      return i;
  g_error ("no interface %s", name);
}

/* A file for a capture, in a directory of its own. */
typedef struct
{
  char directory[32];
  char *path;
} Place;

static inline void
place_init (Place *self)
{
  strcpy (self->directory, "/tmp/spacetest-XXXXXX");
  g_assert_nonnull (g_mkdtemp (self->directory));
  self->path = g_build_filename (self->directory, "packets.pcapng", NULL);
}

static inline void
place_clear (Place *self)
{
  g_unlink (self->path);
  g_free (self->path);
  g_assert_no_errno (g_rmdir (self->directory));
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* A network where the kernel says nothing by itself. */
static inline StTransientNetns *
make_quiet_network (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *made = test_new_netns ();
  g_assert_true (st_space_set_sysctl (ST_SPACE (made), "net/ipv6/conf/default/disable_ipv6", "1", &error));
  g_assert_no_error (error);
  return made;
}

static inline StCapture *
capture (gpointer    space,
         const char *interface,
         const char *path)
{
  g_autoptr (GError) error = NULL;
  StCapture *made = st_capture_new (space, interface, path, &error);
  g_assert_no_error (error);
  return made;
}

static inline void
close_capture (StCapture *self)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_capture_close (self, &error));
  g_assert_no_error (error);
}

/* What is recorded in a network, and what the file has of it in the end. */
typedef struct
{
  Place place;
  StCapture *running;
  File file;
} Recording;

static inline void
recording_start (Recording  *self,
                 gpointer    network,
                 const char *interface)
{
  place_init (&self->place);
  self->running = capture (network, interface, self->place.path);
}

static inline void
recording_finish (Recording *self)
{
  close_capture (self->running);
  read_file (&self->file, self->place.path);
}

static inline void
recording_clear (Recording *self)
{
  if (!self->running)
    return;
  g_clear_object (&self->running);
  file_clear (&self->file);
  place_clear (&self->place);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recording, recording_clear)

static inline gboolean
recording_has_file (const Recording *self)
{
  return g_file_test (self->place.path, G_FILE_TEST_EXISTS);
}

/* For what the kernel delivers when it likes. */
static inline void
wait_for_packets (StCapture *self,
                  guint64    n)
{
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  while (st_capture_get_n_packets (self) < n && g_get_monotonic_time () < deadline)
    g_thread_yield ();
  g_assert_cmpuint (st_capture_get_n_packets (self), ==, n);
}

/* Frames as they are, out of an interface of a network. */
typedef struct
{
  int fd;
  int index;
} Sender;

static inline gboolean
open_packet_socket (gpointer data,
                    GError **error)
{
  *(int *) data = socket (AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  g_assert_no_errno (*(int *) data);
  return TRUE;
}

static inline void
sender_init (Sender     *self,
             gpointer    network,
             const char *interface)
{
  g_autoptr (GError) error = NULL;
  struct ifreq request = { 0 };
  g_assert_true (st_space_call (network, open_packet_socket, &self->fd, &error));
  strcpy (request.ifr_name, interface);
  g_assert_no_errno (ioctl (self->fd, SIOCGIFINDEX, &request));
  self->index = request.ifr_ifindex;
}

static inline void
sender_send (const Sender *self,
             const void   *frame,
             gsize         size)
{
  const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = self->index };
  g_assert_cmpint (sendto (self->fd, frame, size, 0, (const struct sockaddr *) &to, sizeof to), ==, size);
}

static inline void
sender_clear (Sender *self)
{
  if (self->fd >= 0)
    close (self->fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sender, sender_clear)

typedef struct
{
  guint8 to[6];
  guint8 from[6];
  guint16 type; /* big endian */
  guint8 body[64];
} __attribute__ ((packed)) Frame;

static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const guint8 stranger[6] = { 2, 1, 2, 3, 4, 5 };

static inline Frame
make_frame (const guint8 *to,
            guint16       type)
{
  Frame frame = { .from = { 2, 0, 0, 0, 0, 1 }, .type = GUINT16_TO_BE (type) };
  memcpy (frame.to, to, sizeof frame.to);
  for (guint i = 0; i < sizeof frame.body; i++)
    frame.body[i] = (guint8) i;
  return frame;
}

/* A cable with both ends, "left" and "right", in one network. Both are down. */
static inline gboolean
add_cable (gpointer data,
           GError **error)
{
  struct nl_sock *handle = nl_socket_alloc ();
  g_assert_cmpint (nl_connect (handle, NETLINK_ROUTE), ==, 0);
  const int result = rtnl_link_veth_add (handle, "left", "right", getpid ());
  nl_socket_free (handle);
  if (result == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", nl_geterror (result));
  return FALSE;
}

typedef struct
{
  const char *name;
  gboolean up;
} State;

static inline gboolean
change_state (gpointer data,
              GError **error)
{
  const State *state = data;
  const int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = { 0 };
  strcpy (request.ifr_name, state->name);
  request.ifr_flags = state->up ? IFF_UP : 0;
  g_assert_no_errno (ioctl (fd, SIOCSIFFLAGS, &request));
  close (fd);
  return TRUE;
}

static inline void
set_state (gpointer    network,
           const char *name,
           gboolean    up)
{
  g_autoptr (GError) error = NULL;
  State state = { name, up };
  g_assert_true (st_space_call (network, change_state, &state, &error));
}

/* The one that comes last finds the other one up, and can send at once. */
static inline void
connect_cable (gpointer network)
{
  set_state (network, "right", TRUE);
  set_state (network, "left", TRUE);
}

static inline gboolean
delete_cable (gpointer data,
              GError **error)
{
  struct nl_sock *handle = nl_socket_alloc ();
  struct rtnl_link *link = rtnl_link_alloc ();
  rtnl_link_set_name (link, "left");
  g_assert_cmpint (nl_connect (handle, NETLINK_ROUTE), ==, 0);
  g_assert_cmpint (rtnl_link_delete (handle, link), ==, 0);
  rtnl_link_put (link);
  nl_socket_free (handle);
  return TRUE;
}

static inline void
remove_cable (gpointer network)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_space_call (network, delete_cable, NULL, &error));
}

/* A quiet network with a cable, and who sends from its left end. Where this kernel has no cables, the test is skipped: NULL. */
static inline StTransientNetns *
make_cabled_network (Sender *sender)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) made = make_quiet_network ();
  if (!st_space_call (ST_SPACE (made), add_cable, NULL, &error))
    {
      test_skip (error->message);
      return NULL;
    }
  sender_init (sender, made, "left");
  return g_steal_pointer (&made);
}

static inline GSocket *
make_datagram_socket (gpointer      network,
                      GSocketFamily family)
{
  g_autoptr (GError) error = NULL;
  GSocket *made = st_space_create_socket (network, family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  return made;
}

/* Datagrams with a number in front. A closed port answers by ICMP, so there is a socket that takes them. */
static inline void
send_datagrams (gpointer    network,
                const char *address,
                guint32     n,
                gsize       size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new_from_string (address, PORT);
  const GSocketFamily family = g_socket_address_get_family (to);
  g_autoptr (GSocket) listener = make_datagram_socket (network, family);
  g_autoptr (GSocket) sender = make_datagram_socket (network, family);
  g_autofree char *content = g_malloc0 (size);
  g_socket_bind (listener, to, FALSE, &error);
  g_assert_no_error (error);
  for (guint32 i = 0; i < n; i++)
    {
      if (size > 0)
        memcpy (content, &i, MIN (size, sizeof i));
      g_socket_send_to (sender, to, content, size, NULL, &error);
      g_assert_no_error (error);
    }
}
