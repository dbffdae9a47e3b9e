/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-pcapng-private.h"

#include "st-version.h"

#include <linux/if_packet.h>
#include <string.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define UNKNOWN_LENGTH G_MAXUINT64
#define NANOSECONDS 9
#define LINK_ETHERNET 1
#define LINK_LINUX_SLL 113

enum
{
  BLOCK_INTERFACE = 1,
  BLOCK_STATISTICS = 5,
  BLOCK_PACKET = 6,
  BLOCK_SECTION = 0x0a0d0d0a,
};

enum
{
  OPTION_END = 0,
  SECTION_APPLICATION = 4,
  INTERFACE_NAME = 2,
  INTERFACE_RESOLUTION = 9,
  PACKET_FLAGS = 2,
  STATISTICS_START = 2,
  STATISTICS_END = 3,
  STATISTICS_RECEIVED = 4,
  STATISTICS_DROPPED = 5,
};

static void
append_16 (GByteArray *to,
           guint16     value)
{
  g_byte_array_append (to, (const guint8 *) &value, sizeof value);
}

static void
append_32 (GByteArray *to,
           guint32     value)
{
  g_byte_array_append (to, (const guint8 *) &value, sizeof value);
}

static void
append_64 (GByteArray *to,
           guint64     value)
{
  g_byte_array_append (to, (const guint8 *) &value, sizeof value);
}

/* The high half comes first in either byte order. */
static void
append_time (GByteArray *to,
             guint64     time)
{
  append_32 (to, (guint32) (time >> 32));
  append_32 (to, (guint32) time);
}

static void
pad (GByteArray *to,
     gsize       size)
{
  static const guint8 zeroes[3];
  g_byte_array_append (to, zeroes, (guint) (-size & 3));
}

static void
append_option (GByteArray   *to,
               guint16       code,
               gconstpointer value,
               gsize         size)
{
  append_16 (to, code);
  append_16 (to, (guint16) size);
  g_byte_array_append (to, value, (guint) size);
  pad (to, size);
}

static void
append_time_option (GByteArray *to,
                    guint16     code,
                    guint64     time)
{
  append_16 (to, code);
  append_16 (to, sizeof time);
  append_time (to, time);
}

/* Where the block begins. */
static guint
begin_block (GByteArray *to,
             guint32     type)
{
  const guint start = to->len;
  append_32 (to, type);
  append_32 (to, 0);
  return start;
}

static void
end_block (GByteArray *to,
           guint       start)
{
  append_16 (to, OPTION_END);
  append_16 (to, 0);
  const guint32 length = to->len - start + sizeof length;
  memcpy (to->data + start + sizeof length, &length, sizeof length);
  append_32 (to, length);
}

void
st_pcapng_append_section (GByteArray *to)
{
  const guint start = begin_block (to, BLOCK_SECTION);
  append_32 (to, BYTE_ORDER_MAGIC);
  append_16 (to, 1);
  append_16 (to, 0);
  append_64 (to, UNKNOWN_LENGTH);
  append_option (to, SECTION_APPLICATION, "spacetest " ST_VERSION_S, strlen ("spacetest " ST_VERSION_S));
  end_block (to, start);
}

void
st_pcapng_append_interface (GByteArray  *to,
                            const char  *name,
                            StPacketLink link,
                            guint32      snapshot_length)
{
  const guint8 resolution = NANOSECONDS;
  const guint start = begin_block (to, BLOCK_INTERFACE);
  append_16 (to, link == ST_PACKET_ETHERNET ? LINK_ETHERNET : LINK_LINUX_SLL);
  append_16 (to, 0);
  append_32 (to, snapshot_length);
  append_option (to, INTERFACE_NAME, name, strlen (name));
  append_option (to, INTERFACE_RESOLUTION, &resolution, sizeof resolution);
  end_block (to, start);
}

/* Bits 0 and 1: the direction; 2 to 4: who it was for, of those that came in. */
static guint32
flags_of (const StPacket *packet)
{
  static const guint8 receptions[] = {
    [PACKET_HOST] = 1,
    [PACKET_MULTICAST] = 2,
    [PACKET_BROADCAST] = 3,
    [PACKET_OTHERHOST] = 4,
  };
  if (packet->direction == ST_PACKET_OUT)
    return 2;
  return 1 | (packet->pkttype < G_N_ELEMENTS (receptions) ? receptions[packet->pkttype] << 2 : 0);
}

void
st_pcapng_append_packet (GByteArray     *to,
                         guint32         interface,
                         const StPacket *packet)
{
  const guint start = begin_block (to, BLOCK_PACKET);
  append_32 (to, interface);
  append_time (to, packet->time);
  append_32 (to, packet->captured);
  append_32 (to, packet->length);
  g_byte_array_append (to, packet->header, packet->header_size);
  g_byte_array_append (to, packet->data, packet->captured - packet->header_size);
  pad (to, packet->captured);
  if (packet->direction != ST_PACKET_BOTH_WAYS)
    {
      const guint32 flags = flags_of (packet);
      append_option (to, PACKET_FLAGS, &flags, sizeof flags);
    }
  end_block (to, start);
}

void
st_pcapng_append_statistics (GByteArray               *to,
                             guint32                   interface,
                             const StPcapngStatistics *statistics)
{
  const guint start = begin_block (to, BLOCK_STATISTICS);
  append_32 (to, interface);
  append_time (to, statistics->end);
  append_time_option (to, STATISTICS_START, statistics->start);
  append_time_option (to, STATISTICS_END, statistics->end);
  append_option (to, STATISTICS_RECEIVED, &statistics->n_received, sizeof statistics->n_received);
  append_option (to, STATISTICS_DROPPED, &statistics->n_dropped, sizeof statistics->n_dropped);
  end_block (to, start);
}
