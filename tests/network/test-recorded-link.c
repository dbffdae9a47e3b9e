/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Kinds of links and of impairments that not every kernel has: what is asked for is compared with what ip(8) and tc(8) of iproute2 6.1
 * ask for, byte by byte, and the answers have the form that the kernel gives them. The kernels this was written on have neither
 * vlan nor dummy nor netem. */
#include "recorded-support.h"

#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#define INDEX 4711

static struct
{
  char kind[16];
  char name[16];
  guint parent;
  guint vlan;
  int result;
  const char *words;
} world;

static struct nl_msg *
describe_link (void)
{
  const struct ifinfomsg header = { .ifi_type = 1, .ifi_index = INDEX, .ifi_flags = 0x1002 };
  struct nl_msg *message = nlmsg_alloc_simple (RTM_NEWLINK, 0);
  nlmsg_append (message, (void *) &header, sizeof header, NLMSG_ALIGNTO);
  nla_put_string (message, IFLA_IFNAME, world.name);
  nla_put_u32 (message, IFLA_MTU, 1500);
  nla_put_u8 (message, IFLA_OPERSTATE, 2);
  if (world.parent)
    nla_put_u32 (message, IFLA_LINK, world.parent);
  nla_put (message, IFLA_ADDRESS, 6, "\x02\x00\x00\x00\x00\x01");
  struct nlattr *info = nla_nest_start (message, IFLA_LINKINFO);
  nla_put_string (message, IFLA_INFO_KIND, world.kind);
  nla_nest_end (message, info);
  return message;
}

static void
take_link (struct nlmsghdr *request)
{
  struct nlattr *parts[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
  g_assert_cmpint (nlmsg_parse (request, sizeof (struct ifinfomsg), parts, IFLA_MAX, NULL), ==, 0);
  g_assert_cmpint (nla_parse_nested (info, IFLA_INFO_MAX, parts[IFLA_LINKINFO], NULL), ==, 0);
  g_assert_true (request->nlmsg_flags & NLM_F_CREATE && request->nlmsg_flags & NLM_F_EXCL);
  g_strlcpy (world.name, nla_get_string (parts[IFLA_IFNAME]), sizeof world.name);
  g_strlcpy (world.kind, nla_get_string (info[IFLA_INFO_KIND]), sizeof world.kind);
  world.parent = parts[IFLA_LINK] ? nla_get_u32 (parts[IFLA_LINK]) : 0;
  if (info[IFLA_INFO_DATA]) /* as ip link add ... type vlan id 7 has it: one attribute of two bytes */
    {
      struct nlattr *option = nla_data (info[IFLA_INFO_DATA]);
      g_assert_cmpint (nla_len (info[IFLA_INFO_DATA]), ==, 8);
      g_assert_cmpint (nla_type (option), ==, IFLA_VLAN_ID);
      g_assert_cmpint (nla_len (option), ==, 2);
      world.vlan = nla_get_u16 (option);
    }
}

static gboolean
is_about_ours (struct nlmsghdr *request)
{
  struct nlattr *name = nlmsg_find_attr (request, sizeof (struct ifinfomsg), IFLA_IFNAME);
  const struct ifinfomsg *header = nlmsg_data (request);
  return header->ifi_index == INDEX || (world.name[0] && name && strcmp (nla_get_string (name), world.name) == 0);
}

static gboolean
answer_link (struct nlmsghdr *request,
             GByteArray      *answer)
{
  if (request->nlmsg_type == RTM_NEWLINK)
    {
      take_link (request);
      add_result (answer, request, world.result, world.words);
      if (world.result < 0)
        world.name[0] = '\0';
      return TRUE;
    }
  if (!is_about_ours (request) || (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
    return FALSE;
  if (request->nlmsg_type == RTM_GETLINK)
    add_message (answer, request, describe_link ());
  add_result (answer, request, 0, NULL);
  return TRUE;
}

static void
prepare (Answer      answer,
         int         result,
         const char *words)
{
  memset (&world, 0, sizeof world);
  world.result = result;
  world.words = words;
  start_recorded (answer);
}

static void
test_dummy (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  prepare (answer_link, 0, NULL);
  g_autoptr (StLink) dummy = st_link_new_dummy (ST_SPACE (netns), NULL, &error);
  g_assert_no_error (error);
  g_autofree char *kind = st_link_get_kind (dummy);
  assert_name (dummy, "dummy0");
  g_assert_cmpstr (kind, ==, "dummy");
  g_assert_cmpuint (st_link_get_index (dummy), ==, INDEX);
  g_assert_cmpuint (st_link_get_mtu (dummy), ==, 1500);
  g_assert_cmpuint (world.vlan, ==, 0);
  assert_done (st_link_delete (dummy, &error));
  end_recorded ();
}

static void
test_vlan (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) parent = make_cable (netns, "a", netns, "b");
  prepare (answer_link, 0, NULL);
  g_autoptr (StLink) vlan = st_link_new_vlan (parent, NULL, "eth0.7", 7, &error);
  g_assert_no_error (error);
  g_autofree char *kind = st_link_get_kind (vlan);
  g_assert_cmpstr (kind, ==, "vlan");
  assert_name (vlan, "eth0.7");
  g_assert_cmpuint (world.vlan, ==, 7);
  g_assert_cmpuint (world.parent, ==, st_link_get_index (parent));
  assert_done (st_link_delete (vlan, &error));
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 0, &error), error, ST_ERROR_INVALID_ARGUMENT, "1 to 4094");
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 4095, &error), error, ST_ERROR_INVALID_ARGUMENT, "1 to 4094");
  end_recorded ();
}

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) parent = make_cable (netns, "a", netns, "b");
  prepare (answer_link, -EOPNOTSUPP, "Unknown device type");
  test_assert_not_made (st_link_new_dummy (ST_SPACE (netns), NULL, &error), error, ST_ERROR_NOT_SUPPORTED, "module dummy");
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 7, &error), error, ST_ERROR_NOT_SUPPORTED, "module 8021q");
  end_recorded ();
  prepare (answer_link, -EEXIST, "VLAN device already exists");
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 7, &error), error, ST_ERROR_EXISTS, "VLAN device already exists");
  end_recorded ();
  prepare (answer_link, -EPERM, NULL);
  test_assert_not_made (st_link_new_dummy (ST_SPACE (netns), NULL, &error), error, ST_ERROR_PERMISSION_DENIED, "CAP_NET_ADMIN");
  end_recorded ();
  prepare (answer_link, -ENETDOWN, NULL);
  test_assert_not_made (st_link_new_vlan (parent, NULL, NULL, 7, &error), error, ST_ERROR_FAILED, "bring the link up");
  end_recorded ();
}

/* A kernel with netem: keeps what it is asked for, and tells it as it was told. */
typedef struct
{
  guint32 parent;
  guint32 handle;
  char kind[16];
  GBytes *options;
} Qdisc;

static Qdisc roots[1], children[1];
static char log_of_qdiscs[256];
static const char *missing_kind;

static void
qdisc_clear (Qdisc *qdisc)
{
  g_clear_pointer (&qdisc->options, g_bytes_unref);
  *qdisc = (Qdisc){ 0 };
}

static int
take_qdisc (struct nlmsghdr *request)
{
  struct nlattr *parts[TCA_MAX + 1];
  const struct tcmsg *header = nlmsg_data (request);
  g_assert_cmpint (nlmsg_parse (request, sizeof *header, parts, TCA_MAX, NULL), ==, 0);
  const char *kind = nla_get_string (parts[TCA_KIND]);
  if (g_strcmp0 (kind, missing_kind) == 0)
    return -ENOENT;
  Qdisc *place = header->tcm_parent == TC_H_ROOT ? roots : children;
  if (place == children)
    g_assert_cmphex (header->tcm_parent, ==, roots->handle | 1);
  else if (roots->handle != header->tcm_handle)
    qdisc_clear (children);
  g_autofree char *line = g_strdup_printf ("%s%s ", place->handle == header->tcm_handle ? "change-" : place->handle ? "replace-" : "", kind);
  g_strlcat (log_of_qdiscs, line, sizeof log_of_qdiscs);
  qdisc_clear (place);
  place->parent = header->tcm_parent;
  place->handle = header->tcm_handle;
  g_strlcpy (place->kind, kind, sizeof place->kind);
  place->options = g_bytes_new (nla_data (parts[TCA_OPTIONS]), (gsize) nla_len (parts[TCA_OPTIONS]));
  return 0;
}

static void
add_qdisc (GByteArray      *answer,
           struct nlmsghdr *request,
           const Qdisc     *qdisc)
{
  const struct tcmsg *asked = nlmsg_data (request);
  const struct tcmsg header = { .tcm_ifindex = asked->tcm_ifindex, .tcm_handle = qdisc->handle, .tcm_parent = qdisc->parent, .tcm_info = 2 };
  if (!qdisc->handle)
    return;
  struct nl_msg *message = nlmsg_alloc_simple (RTM_NEWQDISC, NLM_F_MULTI);
  nlmsg_append (message, (void *) &header, sizeof header, NLMSG_ALIGNTO);
  nla_put_string (message, TCA_KIND, qdisc->kind);
  nla_put (message, TCA_OPTIONS, (int) g_bytes_get_size (qdisc->options), g_bytes_get_data (qdisc->options, NULL));
  add_message (answer, request, message);
}

static gboolean
answer_qdisc (struct nlmsghdr *request,
              GByteArray      *answer)
{
  switch (request->nlmsg_type)
    {
    case RTM_NEWQDISC:
      {
        const int result = take_qdisc (request);
        add_result (answer, request, result, result ? "Specified qdisc kind is unknown" : NULL);
        return TRUE;
      }
    case RTM_DELQDISC:
      g_strlcat (log_of_qdiscs, "none ", sizeof log_of_qdiscs);
      qdisc_clear (roots);
      qdisc_clear (children);
      add_result (answer, request, 0, NULL);
      return TRUE;
    case RTM_GETQDISC:
      add_qdisc (answer, request, roots);
      add_qdisc (answer, request, children);
      add_done (answer, request);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
end_qdiscs (void)
{
  end_recorded ();
  qdisc_clear (roots);
  qdisc_clear (children);
  log_of_qdiscs[0] = '\0';
  missing_kind = NULL;
}

#define assert_impaired(link, log, expected)                                  \
  G_STMT_START                                                                \
  {                                                                           \
    g_autoptr (StImpairment) seen_ = st_link_get_impairment (link, &error);   \
    g_assert_no_error (error);                                                \
    g_autofree char *text_ = st_impairment_to_string (seen_);                 \
    g_assert_cmpstr (text_, ==, expected);                                    \
    g_assert_cmpstr (log_of_qdiscs, ==, log);                                 \
    log_of_qdiscs[0] = '\0';                                                  \
  }                                                                           \
  G_STMT_END

/* tc qdisc add dev v0 root handle 57a1: netem delay 30ms 5ms loss 1% duplicate 2% reorder 3% corrupt 4% limit 1000, as it was sent */
static const guint8 asked_by_tc[] = {
  0x0e, 0x27, 0x07, 0x00, 0xe8, 0x03, 0x00, 0x00, 0x29, 0x5c, 0x8f, 0x02, 0x01, 0x00, 0x00, 0x00, 0x52, 0xb8, 0x1e, 0x05, 0x2d, 0x31, 0x01, 0x00,
  0x0c, 0x00, 0x03, 0x00, 0x7b, 0x14, 0xae, 0x07, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x04, 0x00, 0xa4, 0x70, 0x3d, 0x0a, 0x00, 0x00, 0x00, 0x00,
};

static void
test_netem (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) link = make_cable (netns, "a", netns, "b");
  g_autoptr (StImpairment) wanted = g_object_new (ST_TYPE_IMPAIRMENT, "delay", 30000, "jitter", 5000, "loss", 0.01, "duplication", 0.02,
                                                  "reordering", 0.03, "corruption", 0.04, NULL);
  prepare (answer_qdisc, 0, NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  g_assert_cmphex (roots->handle, ==, 0x57a10000);
  g_assert_cmpmem (g_bytes_get_data (roots->options, NULL), g_bytes_get_size (roots->options), asked_by_tc, sizeof asked_by_tc);
  assert_impaired (link, "netem ", "delay 30000 us, jitter 5000 us, 1 % lost, 2 % twice, 3 % ahead of others, 4 % corrupted");
  end_qdiscs ();
}

/* Each with as little change as can be. */
static void
test_netem_and_rate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) link = make_cable (netns, "a", netns, "b");
  g_autoptr (StImpairment) wanted = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (8000000), "delay", 30000, NULL);
  prepare (answer_qdisc, 0, NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  assert_impaired (link, "netem tbf ", "8000000 bit/s, delay 30000 us");
  g_object_set (wanted, "delay", 10000, "rate", G_GUINT64_CONSTANT (4000000), NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  assert_impaired (link, "change-netem change-tbf ", "4000000 bit/s, delay 10000 us");
  g_object_set (wanted, "rate", G_GUINT64_CONSTANT (0), NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  assert_impaired (link, "replace-netem ", "delay 10000 us");
  g_object_set (wanted, "delay", 0, "rate", G_GUINT64_CONSTANT (4000000), NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  assert_impaired (link, "replace-tbf ", "4000000 bit/s");
  g_object_set (wanted, "loss", 1.0, NULL);
  assert_done (st_link_set_impairment (link, wanted, &error));
  assert_impaired (link, "replace-netem tbf ", "4000000 bit/s, 100 % lost");
  assert_done (st_link_set_impairment (link, NULL, &error));
  assert_impaired (link, "none ", "none");
  end_qdiscs ();
}

static void
test_netem_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StLink) link = make_cable (netns, "a", netns, "b");
  g_autoptr (StImpairment) wanted = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (8000000), "delay", 30000, NULL);
  prepare (answer_qdisc, 0, NULL);
  missing_kind = "netem";
  assert_refused (st_link_set_impairment (link, wanted, &error), ST_ERROR_NOT_SUPPORTED, "module sch_netem");
  assert_impaired (link, "", "none");
  missing_kind = "tbf";
  assert_refused (st_link_set_impairment (link, wanted, &error), ST_ERROR_NOT_SUPPORTED, "module sch_tbf");
  assert_impaired (link, "netem none ", "none");
  end_qdiscs ();
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_start_and_wait_for_names (start_default_spacer);
  test_add ("/recorded-link/dummy", test_dummy);
  test_add ("/recorded-link/vlan", test_vlan);
  test_add ("/recorded-link/refused", test_refused);
  test_add ("/recorded-link/netem", test_netem);
  test_add ("/recorded-link/netem-and-rate", test_netem_and_rate);
  test_add ("/recorded-link/netem-refused", test_netem_refused);
  return g_test_run ();
}
