/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets as a network sees them, in a ring of memory that a packet socket shares with the kernel. packet(7). Plain C without
 * GLib. Results are >= 0, or -errno. */

#define ST_PACKET_HEADER_SIZE 16

typedef enum
{
  ST_PACKET_BOTH_WAYS, /* lo sends to itself */
  ST_PACKET_IN,
  ST_PACKET_OUT,
} StPacketDirection;

typedef enum
{
  ST_PACKET_ETHERNET,
  ST_PACKET_COOKED, /* the 16 bytes of LINUX_SLL, then the network layer */
} StPacketLink;

typedef struct
{
  int interface;
  StPacketLink link;
  StPacketDirection direction;
  uint8_t pkttype;             /* PACKET_HOST and so on */
  uint64_t time;               /* nanoseconds since 1970 */
  uint32_t length;             /* as it was on the wire, with @header */
  uint32_t captured;           /* of it, with @header */
  uint8_t header[ST_PACKET_HEADER_SIZE]; /* what is not in @data */
  uint32_t header_size;
  const uint8_t *data;
} StPacket;

typedef void (*StPacketFunc) (const StPacket *packet,
                              void           *data);

typedef struct
{
  int fd;
  uint8_t *blocks;    /* NULL before st_packet_ring_open() */
  uint32_t next;
  uint64_t n_dropped;
} StPacketRing;

int  st_packet_socket            (void);

int  st_packet_ring_open         (StPacketRing *ring,
                                  int           fd,
                                  uint32_t      snapshot_length);
int  st_packet_ring_start        (StPacketRing *ring,
                                  int           interface);
int  st_packet_ring_wait         (StPacketRing *ring,
                                  int           stop_fd,
                                  int           timeout);
void st_packet_ring_take         (StPacketRing *ring,
                                  StPacketFunc  func,
                                  void         *data);
int  st_packet_ring_stop         (StPacketRing *ring);
bool st_packet_ring_is_filling   (StPacketRing *ring);
int  st_packet_ring_count_drops  (StPacketRing *ring);
void st_packet_ring_close        (StPacketRing *ring);

#define ST_INTERFACE_NAME_SIZE 16
int  st_interface_find_index     (int         fd,
                                  const char *name);
int  st_interface_find_name      (int   fd,
                                  int   interface,
                                  char *name);
int  st_interface_find_link      (int           fd,
                                  const char   *name,
                                  StPacketLink *link);
