/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What is in the file is what was in the network. */
#include "capture-support.h"

#include <fcntl.h>
#include <linux/if_tun.h>

#define IPV4_UDP (14 + 20 + 8)
#define IPV6_UDP (14 + 40 + 8)

static guint64
now (void)
{
  return (guint64) g_get_real_time () * 1000;
}

/* All of them, in order, each with its number. */
static void
assert_datagrams (const File *file,
                  guint       first,
                  guint       n,
                  guint       header,
                  guint       type,
                  gsize       size)
{
  for (guint i = 0; i < n; i++)
    {
      const Packet *packet = get_packet (file, first + i);
      g_assert_cmpuint (packet->length, ==, header + size);
      g_assert_cmpuint (packet->captured, ==, header + size);
      g_assert_cmpuint (packet->data[12] << 8 | packet->data[13], ==, type);
      g_assert_cmpuint (get_32 (packet->data + header), ==, i);
      g_assert_cmpuint (packet->flags, ==, 0); /* both ways at once */
    }
}

static void
assert_times (const File *file,
              guint64     after,
              guint64     before)
{
  for (guint i = 0; i < file->packets->len; i++)
    {
      const Packet *packet = get_packet (file, i);
      g_assert_cmpuint (packet->time, >=, after);
      after = packet->time;
    }
  g_assert_cmpuint (after, <=, before + 1000);
}

/* From the very first one to the very last one. */
static void
test_nothing_lost (void)
{
  const guint n = 1000;
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  const guint64 begin = now () - 1000;
  recording_start (&it, netns, "lo");
  send_datagrams (netns, "127.0.0.1", n, 100);
  send_datagrams (netns, "::1", n, 33);
  recording_finish (&it);
  const guint64 end = now () + 1000;
  g_assert_cmpuint (st_capture_get_n_packets (it.running), ==, 2 * n);
  g_assert_cmpuint (st_capture_get_n_dropped (it.running), ==, 0);
  g_assert_cmpuint (it.file.packets->len, ==, 2 * n);
  assert_datagrams (&it.file, 0, n, IPV4_UDP, ETH_P_IP, 100);
  assert_datagrams (&it.file, n, n, IPV6_UDP, ETH_P_IPV6, 33);
  assert_times (&it.file, begin, end);
  const Interface *lo = get_interface (&it.file, 0);
  g_assert_cmpuint (it.file.interfaces->len, ==, 1);
  g_assert_cmpstr (lo->name, ==, "lo");
  g_assert_cmpuint (lo->link, ==, 1);
  g_assert_cmpuint (lo->snapshot_length, ==, 262144);
  g_assert_true (lo->has_statistics);
  g_assert_cmpuint (lo->n_received, ==, 2 * n);
  g_assert_cmpuint (lo->n_dropped, ==, 0);
  g_assert_true (begin <= lo->start && lo->start <= lo->end && lo->end <= end);
}

/* Those that were sent just before the end, with the kernel's block hardly begun. */
static void
test_closed_at_once (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  for (guint n = 0; n < 20; n++)
    {
      g_auto (File) file = { 0 };
      g_autoptr (StCapture) running = capture (netns, NULL, place.path);
      send_datagrams (netns, "127.0.0.1", n, 10);
      close_capture (running);
      read_file (&file, place.path);
      g_assert_cmpuint (file.packets->len, ==, n);
      assert_datagrams (&file, 0, n, IPV4_UDP, ETH_P_IP, 10);
    }
}

/* More than the kernel may have room for: whatever is missing is counted. */
static void
test_flood (void)
{
  const guint n = 20000;
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  recording_start (&it, netns, NULL);
  send_datagrams (netns, "127.0.0.1", n, 1400);
  recording_finish (&it);
  const guint64 n_dropped = st_capture_get_n_dropped (it.running);
  g_assert_cmpuint (it.file.packets->len, ==, st_capture_get_n_packets (it.running));
  g_assert_cmpuint (it.file.packets->len + n_dropped, ==, n);
  g_assert_cmpuint (get_interface (&it.file, 0)->n_dropped, ==, n_dropped);
  g_assert_cmpuint (get_interface (&it.file, 0)->n_received, ==, n);
  g_test_message ("%" G_GUINT64_FORMAT " of %u dropped", n_dropped, n);
}

/* The largest there are on lo, and what is not IP at all. */
static void
test_sizes (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_auto (Sender) sender = { -1, 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  sender_init (&sender, netns, "lo");
  const Frame arp = make_frame (broadcast, ETH_P_ARP);
  recording_start (&it, netns, "lo");
  send_datagrams (netns, "127.0.0.1", 3, 65507);
  send_datagrams (netns, "127.0.0.1", 1, 0);
  for (gsize size = 0; size <= 5; size++)
    sender_send (&sender, &arp, 14 + size);
  recording_finish (&it);
  g_assert_cmpuint (it.file.packets->len, ==, 10);
  assert_datagrams (&it.file, 0, 3, IPV4_UDP, ETH_P_IP, 65507);
  g_assert_cmpuint (get_packet (&it.file, 3)->length, ==, IPV4_UDP);
  for (guint size = 0; size <= 5; size++)
    g_assert_cmpmem (get_packet (&it.file, 4 + size)->data, get_packet (&it.file, 4 + size)->captured, &arp, 14 + size);
}

static void
test_truncated (void)
{
  const guint lengths[] = { 1, 13, 60, 500 };
  if (!test_needs_privilege ())
    return;
  g_auto (Place) place = { 0 };
  place_init (&place);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (File) file = { 0 };
      g_autoptr (StCapture) running = g_initable_new (ST_TYPE_CAPTURE, NULL, &error, "space", netns, "interface", "lo", "path", place.path,
                                                      "snapshot-length", lengths[i], NULL);
      g_assert_no_error (error);
      send_datagrams (netns, "127.0.0.1", 1, 100);
      close_capture (running);
      read_file (&file, place.path);
      g_assert_cmpuint (get_interface (&file, 0)->snapshot_length, ==, lengths[i]);
      g_assert_cmpuint (file.packets->len, ==, 1);
      g_assert_cmpuint (get_packet (&file, 0)->length, ==, IPV4_UDP + 100);
      g_assert_cmpuint (get_packet (&file, 0)->captured, ==, MIN (lengths[i], IPV4_UDP + 100));
    }
}

/* Out of one end, into the other: by direction and by whom it is for. */
static void
test_directions (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_auto (Sender) sender = { -1, 0 };
  g_autoptr (StTransientNetns) netns = make_cabled_network (&sender);
  if (!netns)
    return;
  connect_cable (netns);
  const Frame frames[] = { make_frame (broadcast, ETH_P_ARP), make_frame (stranger, ETH_P_IP) };
  recording_start (&it, netns, NULL);
  for (guint i = 0; i < 2; i++)
    {
      sender_send (&sender, &frames[i], sizeof frames[i]);
      wait_for_packets (it.running, 2 * (i + 1));
    }
  recording_finish (&it);
  const guint left = find_interface (&it.file, "left"), right = find_interface (&it.file, "right");
  guint seen = 0;
  for (guint i = 0; i < 4; i++)
    {
      const Packet *packet = get_packet (&it.file, i);
      g_assert_cmpmem (packet->data, packet->captured, &frames[i / 2], sizeof frames[0]);
      g_assert_cmpuint (packet->interface, ==, packet->flags == 2 ? left : right);
      seen |= packet->flags == 2 ? 1 : packet->flags == (1 | 3 << 2) ? 2 : packet->flags == (1 | 4 << 2) ? 4 : 8;
    }
  g_assert_cmpuint (seen, ==, 1 | 2 | 4); /* out; in for all; in for somebody else */
  g_assert_cmpuint (get_interface (&it.file, left)->n_received, ==, 2);
  g_assert_cmpuint (get_interface (&it.file, right)->n_received, ==, 2);
  g_assert_cmpstr (get_interface (&it.file, 0)->name, ==, "lo");
}

/* The kernel takes it off on the way in, where nobody asked for it. */
static void
test_vlan_tag (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_auto (Sender) sender = { -1, 0 };
  g_autoptr (StTransientNetns) netns = make_cabled_network (&sender);
  if (!netns)
    return;
  connect_cable (netns);
  Frame frame = make_frame (broadcast, ETH_P_8021Q);
  memcpy (frame.body, "\x20\x64\x08\x00", 4); /* priority 1, VLAN 100, IPv4 */
  recording_start (&it, netns, "right");
  sender_send (&sender, &frame, sizeof frame);
  wait_for_packets (it.running, 1);
  recording_finish (&it);
  g_assert_cmpstr (get_interface (&it.file, 0)->name, ==, "right");
  g_assert_cmpuint (get_packet (&it.file, 0)->length, ==, sizeof frame);
  g_assert_cmpmem (get_packet (&it.file, 0)->data, get_packet (&it.file, 0)->captured, &frame, sizeof frame);
}

/* One that is down, goes up, down and away: all that was to be heard is there. */
static void
test_down_and_gone (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_auto (Sender) sender = { -1, 0 };
  g_autoptr (StTransientNetns) netns = make_cabled_network (&sender);
  if (!netns)
    return;
  const Frame frame = make_frame (broadcast, ETH_P_ARP);
  recording_start (&it, netns, "left");
  for (guint i = 1; i <= 2; i++)
    {
      connect_cable (netns);
      sender_send (&sender, &frame, sizeof frame);
      wait_for_packets (it.running, i);
      set_state (netns, "left", FALSE);
    }
  remove_cable (netns);
  recording_finish (&it);
  g_assert_cmpuint (it.file.packets->len, ==, 2);
  g_assert_cmpuint (get_packet (&it.file, 1)->flags, ==, 2);
}

static gboolean
add_tunnel (gpointer data,
            GError **error)
{
  struct ifreq request = { .ifr_name = "tun", .ifr_flags = IFF_TUN | IFF_NO_PI };
  int *fd = data;
  *fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (*fd >= 0 && ioctl (*fd, TUNSETIFF, &request) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "/dev/net/tun: %s", g_strerror (errno));
  return FALSE;
}

/* What has no Ethernet header gets one of another kind. */
static void
test_cooked (void)
{
  int fd = -1;
  guint8 packet[40] = { 0x45, 0, 0, sizeof packet, [8] = 64, [9] = 253, [12] = 10, 0, 0, 1, 10, 0, 0, 2 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_real_root ())
    return;
  g_auto (Recording) it = { 0 };
  g_autoptr (StTransientNetns) netns = make_quiet_network ();
  if (!st_space_call (ST_SPACE (netns), add_tunnel, &fd, &error))
    {
      g_test_skip (error->message);
      if (fd >= 0)
        close (fd);
      return;
    }
  set_state (netns, "tun", TRUE);
  recording_start (&it, netns, "tun");
  g_assert_cmpint (write (fd, packet, sizeof packet), ==, sizeof packet);
  wait_for_packets (it.running, 1);
  recording_finish (&it);
  close (fd);
  const Packet *recorded = get_packet (&it.file, 0);
  g_assert_cmpuint (get_interface (&it.file, 0)->link, ==, 113);
  g_assert_cmpuint (recorded->length, ==, 16 + sizeof packet);
  g_assert_cmpmem (recorded->data, 16, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\x08\0", 16);
  g_assert_cmpmem (recorded->data + 16, recorded->captured - 16, packet, sizeof packet);
  g_assert_cmpuint (recorded->flags, ==, 1 | 1 << 2);
}

/* Two networks at once, each with its own file and nothing of the other's. */
static void
test_apart (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) first = { 0 }, second = { 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StTransientNetns) other = test_new_netns ();
  recording_start (&first, netns, NULL);
  recording_start (&second, other, NULL);
  send_datagrams (netns, "127.0.0.1", 10, 10);
  send_datagrams (other, "127.0.0.1", 20, 20);
  recording_finish (&first);
  recording_finish (&second);
  g_assert_cmpuint (first.file.packets->len, ==, 10);
  assert_datagrams (&first.file, 0, 10, IPV4_UDP, ETH_P_IP, 10);
  g_assert_cmpuint (second.file.packets->len, ==, 20);
  assert_datagrams (&second.file, 0, 20, IPV4_UDP, ETH_P_IP, 20);
}

static char *
run_tshark (const char *path)
{
  const char *argv[] = { "tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=,", "-e", "frame.interface_name", "-e", "frame.len",
                         "-e", "_ws.col.Protocol", "-e", "udp.dstport", "-e", "data.data", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *complaints = NULL;
  char *answer = NULL;
  int status;
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &answer, &complaints, &status, &error);
  if (g_error_matches (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
    {
      test_skip ("needs tshark");
      return NULL;
    }
  g_assert_no_error (error);
  g_test_message ("%s", complaints);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  return answer;
}

static void
test_tshark (void)
{
  if (!test_needs_privilege ())
    return;
  g_auto (Recording) it = { 0 };
  g_auto (Sender) sender = { -1, 0 };
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  sender_init (&sender, netns, "lo");
  Frame arp = make_frame (broadcast, ETH_P_ARP);
  memcpy (arp.body, "\0\1\x08\0\6\4\0\1", 8);
  recording_start (&it, netns, NULL);
  send_datagrams (netns, "127.0.0.1", 2, 5);
  send_datagrams (netns, "::1", 1, 4);
  sender_send (&sender, &arp, sizeof arp);
  close_capture (it.running);
  g_autofree char *answer = run_tshark (it.place.path);
  if (answer)
    g_assert_cmpstr (answer, ==, "lo,47,UDP,4711,0000000000\n"
                                 "lo,47,UDP,4711,0100000000\n"
                                 "lo,66,UDP,4711,00000000\n"
                                 "lo,78,ARP,,\n");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/capture/nothing-lost", test_nothing_lost);
  test_add ("/capture/closed-at-once", test_closed_at_once);
  test_add ("/capture/flood", test_flood);
  test_add ("/capture/sizes", test_sizes);
  test_add ("/capture/truncated", test_truncated);
  test_add ("/capture/directions", test_directions);
  test_add ("/capture/vlan-tag", test_vlan_tag);
  test_add ("/capture/down-and-gone", test_down_and_gone);
  test_add ("/capture/cooked", test_cooked);
  test_add ("/capture/apart", test_apart);
  test_add ("/capture/tshark", test_tshark);
  return g_test_run ();
}
