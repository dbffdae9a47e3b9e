/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-recorder-private.h"

#include "st-capture-file-private.h"
#include "st-error-private.h"
#include "st-pcapng-private.h"
#include "st-system.h"
#include "st-thread-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE 1000 /* milliseconds for the kernel to hand over a block, which takes it four */
#define LOOPBACK 1

typedef struct
{
  int index;
  guint64 n_packets; /* also those that could not be written */
} Interface;

struct _StRecorder
{
  pid_t process;
  StPacketRing ring;
  StCaptureFile file;
  guint32 snapshot_length;
  guint64 start;
  int stop_fd;
  GThread *thread;
  GArray *interfaces;   /* of Interface, by their numbers in the file; the thread's own, as is what follows */
  GByteArray *blocks;   /* to be written */
  guint64 n_unwritten;  /* packets in there */
  int failure;          /* of writing */
  int stalled;          /* the kernel did not hand over what it had */

  GMutex lock;          /* guards what follows, and the ring's count of drops */
  GCond accounted;
  gboolean is_accounted;  /* the thread is known to be ours */
  guint64 n_packets;
  guint64 n_lost;       /* for want of space */
};

static guint64
get_time (void)
{
  return (guint64) g_get_real_time () * 1000;
}

static void
st_recorder_free (StRecorder *self)
{
  st_packet_ring_close (&self->ring);
  st_capture_file_clear (&self->file);
  if (self->stop_fd >= 0)
    close (self->stop_fd);
  g_array_unref (self->interfaces);
  g_byte_array_unref (self->blocks);
  if (self->process == getpid ()) /* else the thread that had to do with them may be gone */
    {
      g_mutex_clear (&self->lock);
      g_cond_clear (&self->accounted);
    }
  g_free (self);
}

/* What could not be written once is not tried again: the file ends with the last block that is whole. */
static void
write_blocks (StRecorder *self)
{
  if (self->failure == 0)
    self->failure = st_capture_file_append (&self->file, self->blocks->data, self->blocks->len);
  g_mutex_lock (&self->lock);
  if (self->failure == 0)
    self->n_packets += self->n_unwritten;
  else
    self->n_lost += self->n_unwritten;
  g_mutex_unlock (&self->lock);
  self->n_unwritten = 0;
  g_byte_array_set_size (self->blocks, 0);
}

static guint32
add_interface (StRecorder  *self,
               int          index,
               StPacketLink link)
{
  char name[ST_INTERFACE_NAME_SIZE + 1] = "";
  const Interface added = { index, 0 };
  if (st_interface_find_name (self->ring.fd, index, name) < 0) /* gone already */
    g_snprintf (name, sizeof name, "if%d", index);
  st_pcapng_append_interface (self->blocks, name, link, self->snapshot_length);
  g_array_append_val (self->interfaces, added);
  return self->interfaces->len - 1;
}

static guint32
find_interface (StRecorder     *self,
                const StPacket *packet)
{
  for (guint i = 0; i < self->interfaces->len; i++)
    if (g_array_index (self->interfaces, Interface, i).index == packet->interface)
      return i;
  return add_interface (self, packet->interface, packet->link);
}

static void
record (const StPacket *packet,
        void           *data)
{
  StRecorder *self = data;
  const guint32 number = find_interface (self, packet);
  st_pcapng_append_packet (self->blocks, number, packet);
  g_array_index (self->interfaces, Interface, number).n_packets++;
  self->n_unwritten++;
  if (self->blocks->len >= ST_CAPTURE_FILE_CHUNK)
    write_blocks (self);
}

static void
take (StRecorder *self)
{
  st_packet_ring_take (&self->ring, record, self);
  write_blocks (self);
}

/* Everything that was heard before: the kernel hands it over by itself. */
static void
take_the_rest (StRecorder *self)
{
  int result = st_packet_ring_stop (&self->ring);
  take (self);
  while (result >= 0 && st_packet_ring_is_filling (&self->ring))
    {
      result = st_packet_ring_wait (&self->ring, -1, PATIENCE);
      take (self);
      if (result == 0)
        result = -ETIMEDOUT;
    }
  self->stalled = result < 0 ? result : 0;
}

/* The kernel counts what it drops for all interfaces together. */
static void
append_statistics (StRecorder *self)
{
  StPcapngStatistics statistics = { .start = self->start, .end = get_time () };
  g_mutex_lock (&self->lock);
  st_packet_ring_count_drops (&self->ring);
  guint64 n_dropped = self->ring.n_dropped;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->interfaces->len; i++)
    {
      statistics.n_received = g_array_index (self->interfaces, Interface, i).n_packets + n_dropped;
      statistics.n_dropped = n_dropped;
      st_pcapng_append_statistics (self->blocks, i, &statistics);
      n_dropped = 0;
    }
  write_blocks (self);
}

static gboolean
is_stopped (StRecorder *self)
{
  eventfd_t value;
  return eventfd_read (self->stop_fd, &value) == 0;
}

/* Before anybody can look for strays. */
static void
account (StRecorder *self)
{
  st_thread_self ()->is_worker = TRUE;
  g_mutex_lock (&self->lock);
  self->is_accounted = TRUE;
  g_cond_signal (&self->accounted);
  g_mutex_unlock (&self->lock);
}

static gpointer
recorder_main (gpointer data)
{
  StRecorder *self = data;
  sigset_t all;
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL); /* no handler of the program's runs here, and who reads from a pipe may go */
  account (self);
  while (!is_stopped (self))
    {
      st_packet_ring_wait (&self->ring, self->stop_fd, -1);
      take (self);
    }
  take_the_rest (self);
  append_statistics (self);
  return NULL;
}

static gboolean
start_thread (StRecorder *self,
              GError    **error)
{
  self->thread = st_thread_start ("st-capture", recorder_main, self, error);
  g_mutex_lock (&self->lock);
  while (self->thread && !self->is_accounted)
    g_cond_wait (&self->accounted, &self->lock);
  g_mutex_unlock (&self->lock);
  return self->thread != NULL;
}

static gboolean
report (int         result,
        const char *interface,
        GError    **error)
{
  if (result == -ENODEV)
    st_error_set (error, ST_ERROR_NOT_FOUND, "cannot capture: there is no interface \"%.256s\" in this net namespace", interface);
  else if (result < 0)
    st_error_set_result (error, result, "cannot capture on %.256s in a net namespace", interface ? interface : "all interfaces");
  return result >= 0;
}

/* The first interface is there from the beginning: that which is asked for, or lo. */
static gboolean
prepare (StRecorder   *self,
         int           fd,
         const char   *interface,
         int          *index,
         StPacketLink *link,
         GError      **error)
{
  int result = interface ? st_interface_find_index (fd, interface) : 0;
  *index = MAX (result, 0);
  *link = ST_PACKET_ETHERNET;
  if (result > 0)
    result = st_interface_find_link (fd, interface, link);
  if (result >= 0)
    result = st_packet_ring_open (&self->ring, fd, self->snapshot_length);
  self->stop_fd = result < 0 ? -1 : eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  return report (result >= 0 && self->stop_fd < 0 ? -errno : result, interface, error);
}

static gboolean
begin_file (StRecorder  *self,
            int          index,
            StPacketLink link,
            const char  *path,
            GError     **error)
{
  if (!st_capture_file_open (&self->file, path, error))
    return FALSE;
  st_pcapng_append_section (self->blocks);
  add_interface (self, index ? index : LOOPBACK, link);
  int result = st_capture_file_append (&self->file, self->blocks->data, self->blocks->len);
  g_byte_array_set_size (self->blocks, 0);
  return result == 0 || st_capture_file_set_error (&self->file, result, error);
}

/* Nothing happens to a file before everything else is known to work. */
static gboolean
start (StRecorder *self,
       int         fd,
       const char *interface,
       const char *path,
       GError    **error)
{
  int index;
  StPacketLink link;
  if (!prepare (self, fd, interface, &index, &link, error) || !begin_file (self, index, link, path, error))
    return FALSE;
  self->start = get_time ();
  return report (st_packet_ring_start (&self->ring, index), interface, error) && start_thread (self, error);
}

/* Takes @fd, a packet socket. What comes from now on is recorded. A file that is of no use is not left behind. */
StRecorder *
st_recorder_new (int         fd,
                 const char *interface,
                 const char *path,
                 guint32     snapshot_length,
                 GError    **error)
{
  StRecorder *self = g_new0 (StRecorder, 1);
  self->process = getpid ();
  self->ring.fd = fd;
  self->file = (StCaptureFile) ST_CAPTURE_FILE_CLOSED;
  self->stop_fd = -1;
  self->snapshot_length = snapshot_length;
  self->interfaces = g_array_new (FALSE, FALSE, sizeof (Interface));
  self->blocks = g_byte_array_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->accounted);
  if (start (self, fd, interface, path, error))
    return self;
  st_capture_file_remove (&self->file, NULL);
  st_recorder_free (self);
  return NULL;
}

void
st_recorder_get_counts (StRecorder *self,
                        guint64    *n_packets,
                        guint64    *n_dropped)
{
  if (self->process != getpid ())
    return; /* the kernel forgets what it has told */
  g_mutex_lock (&self->lock);
  st_packet_ring_count_drops (&self->ring);
  *n_packets = self->n_packets;
  *n_dropped = self->ring.n_dropped + self->n_lost;
  g_mutex_unlock (&self->lock);
}

static gboolean
finish_file (StRecorder *self,
             gboolean    keep,
             GError    **error)
{
  if (!keep)
    return st_capture_file_remove (&self->file, error);
  int result = st_capture_file_close (&self->file);
  if (self->failure < 0 || result < 0)
    return st_capture_file_set_error (&self->file, self->failure < 0 ? self->failure : result, error);
  if (self->stalled < 0)
    st_error_set_result (error, self->stalled, "cannot take the last packets of a capture from the kernel");
  return self->stalled == 0;
}

/* Frees it. In a forked child, the capture goes on at the parent's. */
gboolean
st_recorder_finish (StRecorder *self,
                    gboolean    keep,
                    guint64    *n_packets,
                    guint64    *n_dropped,
                    GError    **error)
{
  gboolean done = TRUE;
  if (self->process == getpid ())
    {
      eventfd_write (self->stop_fd, 1);
      g_thread_join (self->thread);
      st_recorder_get_counts (self, n_packets, n_dropped);
      done = finish_file (self, keep, error);
    }
  st_recorder_free (self);
  return done;
}
