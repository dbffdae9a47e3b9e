/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-packet-ring.h"

#include "st-result.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_SIZE (256u * 1024)
#define N_BLOCKS 16u
#define RING_SIZE ((size_t) BLOCK_SIZE * N_BLOCKS)
#define MAX_WAIT_OF_PACKETS 4 /* milliseconds until the kernel hands over a block that is not full */
#define LOOPBACK 1            /* the index of lo in any network */
#define ADDRESSES_SIZE 12     /* of an Ethernet header, before its type or VLAN tag */
#define TAG_SIZE 4

/* Hears nothing before st_packet_ring_start(). */
int
st_packet_socket (void)
{
  return result_of (socket (AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int
set_option (const StPacketRing *ring,
            int                 option,
            const void         *value,
            size_t              size)
{
  return result_of (setsockopt (ring->fd, SOL_PACKET, option, value, (socklen_t) size));
}

static int
attach_filter (const StPacketRing       *ring,
               const struct sock_filter *code,
               unsigned short            length)
{
  const struct sock_fprog program = { length, (struct sock_filter *) code };
  return result_of (setsockopt (ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

/* What lo sends, it receives: once is enough. The sending counts, as it is over when the sender's call is. */
static int
attach_once_filter (const StPacketRing *ring,
                    uint32_t            snapshot_length)
{
  const struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_IFINDEX)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, LOOPBACK, 0, 2),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_PKTTYPE)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, snapshot_length),
    BPF_STMT (BPF_RET | BPF_K, 0),
  };
  return attach_filter (ring, code, sizeof code / sizeof *code);
}

/* Takes @fd if it succeeds. */
int
st_packet_ring_open (StPacketRing *ring,
                     int           fd,
                     uint32_t      snapshot_length)
{
  const int version = TPACKET_V3;
  const struct tpacket_req3 request = {
    .tp_block_size = BLOCK_SIZE,
    .tp_block_nr = N_BLOCKS,
    .tp_frame_size = 2048, /* of no importance, but must fit */
    .tp_frame_nr = BLOCK_SIZE / 2048 * N_BLOCKS,
    .tp_retire_blk_tov = MAX_WAIT_OF_PACKETS,
  };
  *ring = (StPacketRing) { .fd = fd };
  int result = attach_once_filter (ring, snapshot_length);
  if (result == 0)
    result = set_option (ring, PACKET_VERSION, &version, sizeof version);
  if (result == 0)
    result = set_option (ring, PACKET_RX_RING, &request, sizeof request);
  if (result < 0)
    return result;
  void *blocks = mmap (NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (blocks == MAP_FAILED)
    return -errno;
  ring->blocks = blocks;
  return 0;
}

/* @interface may be 0, for all there are and will be. One that is down is heard once it is up. */
int
st_packet_ring_start (StPacketRing *ring,
                      int           interface)
{
  const struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons (ETH_P_ALL), .sll_ifindex = interface };
  return result_of (bind (ring->fd, (const struct sockaddr *) &address, sizeof address));
}

/* Until there is a block to take, or something at @stop_fd (> 0), or @timeout milliseconds are over (0). */
int
st_packet_ring_wait (StPacketRing *ring,
                     int           stop_fd,
                     int           timeout)
{
  struct pollfd fds[] = { { ring->fd, POLLIN | POLLERR, 0 }, { stop_fd, POLLIN, 0 } };
  int n = result_of (poll (fds, 2, timeout));
  if (n <= 0)
    return n == -EINTR ? 1 : n;
  if (fds[0].revents & POLLERR) /* the interface went down, which is no reason to stop */
    {
      int error;
      socklen_t size = sizeof error;
      getsockopt (ring->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  return 1;
}

static struct tpacket_hdr_v1 *
get_block (const StPacketRing *ring)
{
  struct tpacket_block_desc *block = (void *) (ring->blocks + (size_t) ring->next * BLOCK_SIZE);
  return &block->hdr.bh1;
}

static StPacketDirection
direction_of (const struct sockaddr_ll *link)
{
  if (link->sll_ifindex == LOOPBACK)
    return ST_PACKET_BOTH_WAYS;
  return link->sll_pkttype == PACKET_OUTGOING ? ST_PACKET_OUT : ST_PACKET_IN;
}

static StPacketLink
link_of (unsigned int hardware)
{
  return hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK ? ST_PACKET_ETHERNET : ST_PACKET_COOKED;
}

static void
put_16 (uint8_t     *to,
        unsigned int value)
{
  to[0] = (uint8_t) (value >> 8);
  to[1] = (uint8_t) value;
}

/* The kernel keeps the tag aside. */
static void
restore_tag (StPacket                  *packet,
             const struct tpacket3_hdr *header)
{
  const unsigned int type = header->tp_status & TP_STATUS_VLAN_TPID_VALID ? header->hv1.tp_vlan_tpid : ETH_P_8021Q;
  if (!(header->tp_status & TP_STATUS_VLAN_VALID) || packet->captured < ADDRESSES_SIZE)
    return;
  memcpy (packet->header, packet->data, ADDRESSES_SIZE);
  put_16 (packet->header + ADDRESSES_SIZE, type);
  put_16 (packet->header + ADDRESSES_SIZE + 2, header->hv1.tp_vlan_tci);
  packet->header_size = ADDRESSES_SIZE + TAG_SIZE;
  packet->data += ADDRESSES_SIZE;
  packet->length += TAG_SIZE;
  packet->captured += TAG_SIZE;
}

/* Whatever is before the network layer, nobody but the driver can read it. */
static void
cook (StPacket                  *packet,
      const struct tpacket3_hdr *header,
      const struct sockaddr_ll  *link)
{
  const uint32_t before = header->tp_net > header->tp_mac ? header->tp_net - (uint32_t) header->tp_mac : 0;
  const uint32_t skipped = before < packet->captured ? before : packet->captured;
  put_16 (packet->header, link->sll_pkttype);
  put_16 (packet->header + 2, link->sll_hatype);
  put_16 (packet->header + 4, link->sll_halen);
  memcpy (packet->header + 6, link->sll_addr, 8);
  memcpy (packet->header + 14, &link->sll_protocol, 2);
  packet->header_size = ST_PACKET_HEADER_SIZE;
  packet->data += skipped;
  packet->length += ST_PACKET_HEADER_SIZE - skipped;
  packet->captured += ST_PACKET_HEADER_SIZE - skipped;
}

static void
read_packet (StPacket                  *packet,
             const struct tpacket3_hdr *header)
{
  const struct sockaddr_ll *link = (const void *) ((const uint8_t *) header + TPACKET_ALIGN (sizeof *header));
  *packet = (StPacket) {
    .interface = link->sll_ifindex,
    .link = link_of (link->sll_hatype),
    .direction = direction_of (link),
    .pkttype = link->sll_pkttype,
    .time = (uint64_t) header->tp_sec * 1000000000u + header->tp_nsec,
    .length = header->tp_len,
    .captured = header->tp_snaplen,
    .data = (const uint8_t *) header + header->tp_mac,
  };
  if (packet->link == ST_PACKET_COOKED)
    cook (packet, header, link);
  else
    restore_tag (packet, header);
}

static void
read_block (const struct tpacket_hdr_v1 *block,
            StPacketFunc                 func,
            void                        *data)
{
  const uint8_t *start = (const uint8_t *) block - offsetof (struct tpacket_block_desc, hdr);
  const struct tpacket3_hdr *header = (const void *) (start + block->offset_to_first_pkt);
  for (uint32_t n = block->num_pkts; n > 0; n--)
    {
      StPacket packet;
      read_packet (&packet, header);
      func (&packet, data);
      header = (const void *) ((const uint8_t *) header + header->tp_next_offset);
    }
}

/* All blocks that the kernel has handed over. */
void
st_packet_ring_take (StPacketRing *ring,
                     StPacketFunc  func,
                     void         *data)
{
  struct tpacket_hdr_v1 *block = get_block (ring);
  while (__atomic_load_n (&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)
    {
      read_block (block, func, data);
      block->num_pkts = 0; /* see st_packet_ring_is_filling() */
      __atomic_store_n (&block->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
      ring->next = (ring->next + 1) % N_BLOCKS;
      block = get_block (ring);
    }
}

/* Whether there are packets in the block that the kernel will hand over next. */
bool
st_packet_ring_is_filling (StPacketRing *ring)
{
  return __atomic_load_n (&get_block (ring)->num_pkts, __ATOMIC_ACQUIRE) > 0;
}

/* From now on, nothing is heard. What was heard is still to be taken. */
int
st_packet_ring_stop (StPacketRing *ring)
{
  const struct sock_filter nothing[] = { BPF_STMT (BPF_RET | BPF_K, 0) };
  return attach_filter (ring, nothing, 1);
}

/* Adds what the kernel had no room for since the last time. */
int
st_packet_ring_count_drops (StPacketRing *ring)
{
  struct tpacket_stats_v3 counts = { 0 };
  socklen_t size = sizeof counts;
  if (getsockopt (ring->fd, SOL_PACKET, PACKET_STATISTICS, &counts, &size) < 0)
    return -errno;
  ring->n_dropped += counts.tp_drops;
  return 0;
}

void
st_packet_ring_close (StPacketRing *ring)
{
  if (ring->blocks)
    munmap (ring->blocks, RING_SIZE);
  if (ring->fd >= 0)
    close (ring->fd);
  *ring = (StPacketRing) { .fd = -1 };
}

static int
ask (int           fd,
     unsigned long request,
     const char   *name,
     struct ifreq *answer)
{
  memset (answer, 0, sizeof *answer);
  strncpy (answer->ifr_name, name, sizeof answer->ifr_name - 1);
  return result_of (ioctl (fd, request, answer));
}

/* In the network of any socket. The name is not checked. */
int
st_interface_find_index (int         fd,
                         const char *name)
{
  struct ifreq answer;
  int result = ask (fd, SIOCGIFINDEX, name, &answer);
  return result < 0 ? result : answer.ifr_ifindex;
}

int
st_interface_find_link (int           fd,
                        const char   *name,
                        StPacketLink *link)
{
  struct ifreq answer;
  int result = ask (fd, SIOCGIFHWADDR, name, &answer);
  *link = link_of (answer.ifr_hwaddr.sa_family);
  return result;
}

int
st_interface_find_name (int   fd,
                        int   interface,
                        char *name)
{
  struct ifreq answer = { .ifr_ifindex = interface };
  int result = result_of (ioctl (fd, SIOCGIFNAME, &answer));
  if (result == 0)
    memcpy (name, answer.ifr_name, ST_INTERFACE_NAME_SIZE);
  return result;
}
