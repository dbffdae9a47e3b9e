/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Links that are slower and worse than they are. That they are not slower than asked for depends on the machine: that is tested on
 * demand, with a real program. */
#include "link-support.h"

#include <gio/gio.h>

static void
hosts_init_ready (Hosts *hosts)
{
  hosts_init (hosts);
  prepare_end (hosts->cable, "10.0.0.1/24");
  prepare_end (hosts->peer, "10.0.0.2/24");
  wait_for_end (hosts->cable);
  wait_for_end (hosts->peer);
}

/* In bits a second. */
static void
set_rate (StLink *link,
          guint64 rate)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StImpairment) impairment = st_impairment_new ();
  g_object_set (impairment, "rate", rate, NULL);
  assert_done (st_link_set_impairment (link, impairment, &error));
}

#define assert_impairment(link, expected)                                     \
  G_STMT_START                                                                \
  {                                                                           \
    g_autoptr (StImpairment) seen_ = st_link_get_impairment (link, &error);   \
    g_assert_no_error (error);                                                \
    g_autofree char *text_ = st_impairment_to_string (seen_);                 \
    g_assert_cmpstr (text_, ==, expected);                                    \
  }                                                                           \
  G_STMT_END

#define SIZE 100000

/* How many microseconds it takes that much to come over the cable. */
static gint64
measure (Hosts *hosts)
{
  static guint8 bytes[SIZE];
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) target = inet_address ("10.0.0.2", 4711);
  g_autoptr (GSocket) listener = make_socket (hosts->bob, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  g_autoptr (GSocket) sender = make_socket (hosts->alice, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  assert_done (g_socket_bind (listener, target, TRUE, &error));
  assert_done (g_socket_listen (listener, &error));
  assert_done (g_socket_set_option (sender, SOL_SOCKET, SO_SNDBUF, 2 * SIZE, &error));
  assert_done (g_socket_connect (sender, target, NULL, &error));
  g_autoptr (GSocket) receiver = g_socket_accept (listener, NULL, &error);
  g_assert_no_error (error);
  const gint64 begin = g_get_monotonic_time ();
  g_assert_cmpint (g_socket_send (sender, (const char *) bytes, sizeof bytes, NULL, &error), ==, SIZE);
  g_socket_set_timeout (receiver, TIMEOUT_SECONDS);
  for (gssize left = SIZE, n; left > 0; left -= n)
    {
      n = g_socket_receive (receiver, (char *) bytes, (gsize) left, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
    }
  return g_get_monotonic_time () - begin;
}

/* What is sent at once, without waiting, is in here. */
#define least_time(rate) ((gint64) (SIZE - (rate) / 8 / 50) * 8 * G_USEC_PER_SEC / (rate))

static void
test_rate (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  assert_impairment (hosts.cable, "none");
  set_rate (hosts.cable, 2000000);
  assert_impairment (hosts.cable, "2000000 bit/s");
  assert_impairment (hosts.peer, "none");
  g_assert_cmpint (measure (&hosts), >, least_time (2000000));
  set_rate (hosts.cable, 4000000);
  assert_impairment (hosts.cable, "4000000 bit/s");
  g_assert_cmpint (measure (&hosts), >, least_time (4000000));
  assert_done (st_link_set_impairment (hosts.cable, NULL, &error));
  assert_impairment (hosts.cable, "none");
  assert_done (st_link_set_impairment (hosts.cable, NULL, &error));
  g_autoptr (StImpairment) nothing = st_impairment_new ();
  set_rate (hosts.cable, 4000000);
  assert_done (st_link_set_impairment (hosts.cable, nothing, &error));
  assert_impairment (hosts.cable, "none");
}

/* What waits when the rate changes is not lost. */
static void
test_live (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  g_autoptr (GSocketAddress) target = inet_address ("10.0.0.2", 4711);
  g_autoptr (GSocket) receiver = make_socket (hosts.bob, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  g_autoptr (GSocket) sender = make_socket (hosts.alice, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM);
  assert_done (g_socket_bind (receiver, target, FALSE, &error));
  assert_done (g_socket_connect (sender, target, NULL, &error));
  set_rate (hosts.cable, 10000);
  for (guint i = 0; i < 40; i++)
    assert_sent (sender, "a packet that waits for its turn until the rate is higher, which takes some time");
  set_rate (hosts.cable, 100000000);
  for (guint i = 0; i < 40; i++)
    assert_received (receiver, "a packet that waits for its turn until the rate is higher, which takes some time");
}

static void
test_extremes (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  set_rate (hosts.cable, 17179869176);
  assert_impairment (hosts.cable, "17179869176 bit/s");
  set_rate (hosts.cable, 5000);
  assert_impairment (hosts.cable, "5000 bit/s");
}

static void
refuse (StLink     *link,
        const char *property,
        double      value,
        const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StImpairment) impairment = st_impairment_new ();
  const GType type = g_object_class_find_property (G_OBJECT_GET_CLASS (impairment), property)->value_type;
  if (type == G_TYPE_DOUBLE)
    g_object_set (impairment, property, value, NULL);
  else if (type == G_TYPE_UINT64)
    g_object_set (impairment, property, (guint64) value, NULL);
  else
    g_object_set (impairment, property, (guint) value, "delay", 1, NULL);
  assert_refused (st_link_set_impairment (link, impairment, &error), ST_ERROR_INVALID_ARGUMENT, words);
}

static void
test_bad_values (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  set_rate (hosts.cable, 2000000);
  refuse (hosts.cable, "loss", -0.01, "loss is a share");
  refuse (hosts.cable, "duplication", 1.01, "duplication is a share");
  refuse (hosts.cable, "corruption", 50, "corruption is a share");
  refuse (hosts.cable, "reordering", 0.5, "takes a delay");
  refuse (hosts.cable, "jitter", 240000001, "240000000 microseconds");
  refuse (hosts.cable, "limit", 0, "1 packet at least");
  refuse (hosts.cable, "limit", 4294967295.0, "2147483647 at most");
  refuse (hosts.cable, "rate", 7, "8 bits a second");
  refuse (hosts.cable, "rate", 1000, "more than four seconds");
  refuse (hosts.cable, "rate", 17179869184.0, "17179869176");
  assert_impairment (hosts.cable, "2000000 bit/s");
}

/* All of it where the kernel can; where it can't, it says what it lacks, and leaves the link as it is. */
static void
test_more (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  g_autoptr (StImpairment) impairment = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (2000000), "delay", 30000, "loss", 0.25,
                                                      NULL);
  set_rate (hosts.cable, 1000000);
  if (st_link_set_impairment (hosts.cable, impairment, &error))
    {
      assert_impairment (hosts.cable, "2000000 bit/s, delay 30000 us, 25 % lost");
      set_rate (hosts.cable, 1000000);
    }
  else
    test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "sch_netem");
  assert_impairment (hosts.cable, "1000000 bit/s");
}

static void
test_gone (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StImpairment) impairment = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (2000000), NULL);
  g_auto (Hosts) hosts = { 0 };
  hosts_init_ready (&hosts);
  assert_done (st_link_delete (hosts.peer, &error));
  assert_refused (st_link_set_impairment (hosts.cable, impairment, &error), ST_ERROR_STALE, "eth0");
  test_assert_not_made (st_link_get_impairment (hosts.cable, &error), error, ST_ERROR_STALE, "eth0");
  g_autoptr (StLink) unmade = g_object_new (ST_TYPE_LINK, NULL);
  assert_refused (st_link_set_impairment (unmade, impairment, &error), ST_ERROR_CLOSED, "link");
  test_assert_not_made (st_link_get_impairment (unmade, &error), error, ST_ERROR_CLOSED, "link");
}

static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StLink) lo = find_link (home, "lo");
  g_autoptr (StImpairment) impairment = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (2000000), NULL);
  assert_refused (st_link_set_impairment (lo, impairment, &error), ST_ERROR_PERMISSION_DENIED, "CAP_NET_ADMIN");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_start_and_wait_for_names (start_default_spacer);
  test_add ("/impairment/rate", test_rate);
  test_add ("/impairment/live", test_live);
  test_add ("/impairment/extremes", test_extremes);
  test_add ("/impairment/bad-values", test_bad_values);
  test_add ("/impairment/more", test_more);
  test_add ("/impairment/gone", test_gone);
  test_add ("/impairment/forbidden", test_forbidden);
  return g_test_run ();
}
