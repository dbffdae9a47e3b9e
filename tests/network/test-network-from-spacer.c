/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Captures and settings of what a spacer made: where the caller may not go himself, it does that too. */
#include "capture-support.h"

static void
start_default (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_spacer_set_policy (ST_SPACER_POLICY_ALWAYS, &error));
  g_autoptr (StTransientNetns) first = st_transient_netns_new (&error);
  g_assert_no_error (error);
}

static StSpace *
make (StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *made = st_namespace_ref_new_transient (type, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_is_from_spacer (made));
  return ST_SPACE (made);
}

static void
assert_value (StSpace    *space,
              const char *name,
              const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *value = st_space_get_sysctl (space, name, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, expected);
}

static void
set (StSpace    *space,
     const char *name,
     const char *value)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_space_set_sysctl (space, name, value, &error));
  g_assert_no_error (error);
  assert_value (space, name, value);
}

static void
assert_refused (StSpace    *space,
                const char *name,
                const char *value,
                StError     code)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_set_sysctl (space, name, value, &error));
  test_assert_failed (error, code, name);
  if (code != ST_ERROR_NOT_FOUND)
    return;
  g_assert_null (st_space_get_sysctl (space, name, &error));
  test_assert_failed (error, code, name);
}

static void
test_capture (void)
{
  g_auto (Place) place = { 0 };
  g_auto (File) file = { 0 };
  place_init (&place);
  g_autoptr (StSpace) netns = make (ST_NAMESPACE_NET);
  g_autoptr (StCapture) running = capture (netns, NULL, place.path);
  send_datagrams (netns, "127.0.0.1", 100, 100);
  close_capture (running);
  g_assert_cmpuint (st_capture_get_n_packets (running), ==, 100);
  read_file (&file, place.path);
  g_assert_cmpuint (file.packets->len, ==, 100);
}

static void
test_sysctls (void)
{
  g_autoptr (StSpace) netns = make (ST_NAMESPACE_NET);
  g_autoptr (StSpace) other = make (ST_NAMESPACE_NET);
  set (netns, "net/ipv4/ip_forward", "1");
  assert_value (other, "net/ipv4/ip_forward", "0");
  set (netns, "net/ipv4/ip_local_reserved_ports", "41000-41010");
  g_assert_true (st_space_set_sysctl (netns, "net/ipv4/ip_local_reserved_ports", "", NULL));
  assert_value (netns, "net/ipv4/ip_local_reserved_ports", "");
  assert_refused (netns, "net/ipv4/missing", "1", ST_ERROR_NOT_FOUND);
  assert_refused (netns, "net/ipv4/ip_forward", "nonsense", ST_ERROR_INVALID_ARGUMENT);
  assert_refused (netns, "net/ipv4/tcp_available_congestion_control", "reno", ST_ERROR_PERMISSION_DENIED);
  assert_refused (netns, "kernel/hostname", "inside", ST_ERROR_INVALID_ARGUMENT);
}

/* In the words that whoever needs no helper hears. */
static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) netns = make (ST_NAMESPACE_NET);
  g_assert_false (st_space_set_sysctl (netns, "net.ipv4.missing", "1", &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "cannot set sysctl net/ipv4/missing of a net namespace: No such file or directory");
  g_assert_null (st_space_get_sysctl (netns, "net.ipv4.missing", &error));
  test_assert_failed (error, ST_ERROR_NOT_FOUND, "cannot read sysctl net/ipv4/missing of a net namespace: No such file or directory");
}

/* For all groups that there are. */
static void
test_ping (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) inside = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) netns = st_spacer_create_space (spacer, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) mapped = st_spacer_create_space (inside, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  assert_value (netns, "net/ipv4/ping_group_range", test_is_real_root () ? "0\t2147483647" : "0\t0");
  assert_value (mapped, "net/ipv4/ping_group_range", "0\t0");
  st_spacer_close (inside);
  st_spacer_close (spacer);
}

static void
test_host_name (void)
{
  char before[256], after[256];
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) uts = make (ST_NAMESPACE_UTS);
  g_autofree char *too_long = g_strnfill (65, 'x');
  g_assert_no_errno (gethostname (before, sizeof before));
  g_assert_true (st_space_set_host_name (uts, "inside", &error));
  g_assert_no_error (error);
  g_autofree char *name = st_space_get_host_name (uts, &error);
  g_assert_cmpstr (name, ==, "inside");
  set (uts, "kernel/domainname", "example.net");
  g_assert_false (st_space_set_host_name (uts, too_long, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "host name");
  g_assert_no_errno (gethostname (after, sizeof after));
  g_assert_cmpstr (before, ==, after);
}

static void
test_hosts (void)
{
  const char *hosts[] = { "10.0.0.1 alice", NULL };
  const char *servers[] = { "10.0.0.2", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) mntns = make (ST_NAMESPACE_MNT);
  st_transient_mntns_set_hosts (ST_TRANSIENT_MNTNS (mntns), hosts, &error);
  g_assert_no_error (error);
  st_transient_mntns_set_name_servers (ST_TRANSIENT_MNTNS (mntns), servers, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  g_autoptr (GBytes) content = st_mount_view_load (view, "/etc/hosts", &error);
  g_autoptr (GBytes) resolver = st_mount_view_load (view, "/etc/resolv.conf", &error);
  g_assert_no_error (error);
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (content, NULL), g_bytes_get_size (content), "10.0.0.1 alice\n"));
  g_assert_cmpmem (g_bytes_get_data (resolver, NULL), g_bytes_get_size (resolver), "nameserver 10.0.0.2\n", 20);
}

static void
test_after_spacer (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacer) sub = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) netns = st_spacer_create_transient (sub, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  st_spacer_close (spacer);
  assert_refused (ST_SPACE (netns), "net/ipv4/ip_forward", "1", ST_ERROR_HELPER_FAILED);
  test_assert_not_made (st_capture_new (ST_SPACE (netns), NULL, "/nonexistent/x", &error), error, ST_ERROR_HELPER_FAILED, "closed");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_start_and_wait_for_names (start_default);
  test_add ("/network-from-spacer/capture", test_capture);
  test_add ("/network-from-spacer/refusals", test_refusals);
  test_add ("/network-from-spacer/sysctls", test_sysctls);
  test_add ("/network-from-spacer/ping", test_ping);
  test_add ("/network-from-spacer/host-name", test_host_name);
  test_add ("/network-from-spacer/hosts", test_hosts);
  test_add ("/network-from-spacer/after-spacer", test_after_spacer);
  return g_test_run ();
}
