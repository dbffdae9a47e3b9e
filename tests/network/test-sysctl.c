/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include "refusals.h"
#include "st-kernel.h"

#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#define FORWARD "net/ipv4/ip_forward"

static StSpace *
open_home (StNamespaceType type)
{
  return ST_SPACE (test_open_current (type));
}

static void
set (StSpace    *space,
     const char *name,
     const char *value)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_space_set_sysctl (space, name, value, &error));
  g_assert_no_error (error);
}

static char *
get (StSpace    *space,
     const char *name)
{
  g_autoptr (GError) error = NULL;
  char *value = st_space_get_sysctl (space, name, &error);
  g_assert_no_error (error);
  return value;
}

#define assert_value(space, name, expected)                                     G_STMT_START                                                                  {                                                                               g_autofree char *value_ = get (space, name);                                  g_assert_cmpstr (value_, ==, expected);                                     }                                                                             G_STMT_END

static void
assert_not_set (StSpace    *space,
                const char *name,
                const char *value,
                StError     code,
                const char *text)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_set_sysctl (space, name, value, &error));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  test_assert_failed (error, code, text);
}

static void
assert_not_there (StSpace    *space,
                  const char *name,
                  StError     code,
                  const char *text)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (st_space_get_sysctl (space, name, &error));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  test_assert_failed (error, code, text);
  assert_not_set (space, name, "1", code, text);
}

/* Each network has its own, home's are as they were. */
static void
test_network (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StSpace) home = open_home (ST_NAMESPACE_NET);
  g_autoptr (StSpace) one = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) two = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  g_autofree char *before = get (home, FORWARD);
  set (one, FORWARD, "1");
  assert_value (one, FORWARD, "1");
  assert_value (two, FORWARD, "0");
  set (two, "net.ipv4.ip_forward", "1\n");
  set (one, FORWARD, "0");
  assert_value (one, "net.ipv4.ip_forward", "0");
  assert_value (two, FORWARD, "1");
  assert_value (home, FORWARD, before);
  set (one, "net/ipv4/ip_local_port_range", "40000 50000");
  assert_value (one, "net/ipv4/ip_local_port_range", "40000\t50000");
  set (one, "net/ipv4/ip_local_reserved_ports", "41000-41010");
  set (one, "net/ipv4/ip_local_reserved_ports", "");
  assert_value (one, "net/ipv4/ip_local_reserved_ports", "");
}

/* Whoever asks is where he was, wherever that is. */
static void
test_on_a_visit (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) home = open_home (ST_NAMESPACE_NET);
  g_autoptr (StSpace) netns = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) elsewhere = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  g_autofree char *before = test_where ("net");
  g_autoptr (StVisit) visit = st_space_enter (elsewhere, &error);
  g_assert_no_error (error);
  g_autofree char *inside = test_where ("net");
  g_assert_cmpstr (before, !=, inside);
  set (netns, FORWARD, "1");
  assert_value (elsewhere, FORWARD, "0");
  set (elsewhere, "net/ipv4/ip_default_ttl", "7");
  assert_value (netns, "net/ipv4/ip_default_ttl", "64");
  assert_not_set (home, FORWARD, "1", ST_ERROR_WOULD_TOUCH_HOST, FORWARD);
  test_assert_where ("net", inside);
  g_assert_true (st_visit_leave (visit, &error));
}

static void
test_uts (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StSpace) home = open_home (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) uts = test_new_space (ST_NAMESPACE_UTS);
  g_autofree char *before = get (home, "kernel/hostname");
  g_autofree char *domain_before = get (home, "kernel/domainname");
  set (uts, "kernel/hostname", "inside");
  set (uts, "kernel.domainname", "example.net");
  assert_value (uts, "kernel.hostname", "inside");
  assert_value (uts, "kernel/domainname", "example.net");
  assert_value (home, "kernel/hostname", before);
  assert_value (home, "kernel/domainname", domain_before);
}

static void
test_ipc (void)
{
  const char *const names[] = { "kernel/msgmax", "kernel/shmmni", "fs/mqueue/msg_max" };
  if (!test_needs_spaces ())
    return;
  g_autoptr (StSpace) home = open_home (ST_NAMESPACE_IPC);
  g_autoptr (StSpace) ipc = test_new_space (ST_NAMESPACE_IPC);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = get (home, names[i]);
      if (st_space_set_sysctl (ipc, names[i], "123", &error))
        assert_value (ipc, names[i], "123");
      else /* before 5.19 they belong to the root of all */
        {
          g_assert_false (test_is_real_root ());
          test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, names[i]);
        }
      assert_value (home, names[i], before);
    }
}

/* Nothing that the process has at home, for root neither. */
static void
test_home (void)
{
  const struct
  {
    StNamespaceType type;
    const char *name;
  } sysctls[] = { { ST_NAMESPACE_NET, FORWARD }, { ST_NAMESPACE_UTS, "kernel/hostname" }, { ST_NAMESPACE_IPC, "kernel/msgmax" } };
  for (gsize i = 0; i < G_N_ELEMENTS (sysctls); i++)
    {
      g_autoptr (StSpace) home = open_home (sysctls[i].type);
      const char *kind = st_namespace_type_get_name (sysctls[i].type);
      assert_not_set (home, sysctls[i].name, "1", ST_ERROR_WOULD_TOUCH_HOST, kind);
      if (test_is_privileged ())
        g_free (get (home, sysctls[i].name));
    }
}

static void
test_bad_names (void)
{
  const char *const bad[] = { "", ".", "/", "..", "net", "net/../kernel/hostname", "net/./ipv4", "/proc/sys/net/ipv4/ip_forward", "net//ipv4",
                              "net/ipv4/", "net...", ".net.ipv4", "kernel/pid_max", "kernel/hostname/", "vm/swappiness", "kernel.hostname2",
                              "user/max_net_namespaces", "kernel/shm", "fs/mqueue", "ip_forward" };
  const char *const missing[] = { "net/ipv4/missing", "net/ipv4/ip_forward/more", "net.ipv4.conf.eth7.forwarding", "net/x y", "net/\xff" };
  if (!test_needs_privilege ())
    return;
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *long_name = g_strconcat ("net/", filler, NULL);
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS | ST_NAMESPACE_IPC);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_not_there (space, bad[i], ST_ERROR_INVALID_ARGUMENT, "sysctl");
  for (gsize i = 0; i < G_N_ELEMENTS (missing); i++)
    assert_not_there (space, missing[i], ST_ERROR_NOT_FOUND, "of a net namespace");
  assert_not_there (space, long_name, ST_ERROR_INVALID_ARGUMENT, "xxx");
  assert_not_there (space, "net/ipv4", ST_ERROR_INVALID_ARGUMENT, "net/ipv4"); /* a directory */
  assert_value (space, "net.ipv4.conf.lo.forwarding", "0");
}

/* Of another kind than those of the space: never what the caller happens to have. */
static void
test_wrong_kind (void)
{
  if (!test_needs_spaces ())
    return;
  g_autoptr (StSpace) netns = test_new_space (ST_NAMESPACE_NET);
  g_autoptr (StSpace) uts = test_new_space (ST_NAMESPACE_UTS);
  assert_not_there (netns, "kernel/hostname", ST_ERROR_INVALID_ARGUMENT, "belongs to a namespace of the kind uts");
  assert_not_there (uts, FORWARD, ST_ERROR_INVALID_ARGUMENT, "belongs to a namespace of the kind net");
  assert_not_there (netns, "kernel/msgmax", ST_ERROR_INVALID_ARGUMENT, "belongs to a namespace of the kind ipc");
}

static void
test_bad_values (void)
{
  const char *const bad[] = { "nonsense", "0x", " ", "", "99999999999999999999" };
  if (!test_needs_spaces ())
    return;
  g_autofree char *long_name = g_strnfill (65, 'x');
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_UTS);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_not_set (space, "net/ipv4/tcp_syn_retries", bad[i], ST_ERROR_INVALID_ARGUMENT, "net/ipv4/tcp_syn_retries");
  assert_not_set (space, "net/ipv4/tcp_syn_retries", "4711", ST_ERROR_INVALID_ARGUMENT, "Invalid argument");
  assert_value (space, "net/ipv4/tcp_syn_retries", "6");
  assert_not_set (space, "kernel/hostname", long_name, ST_ERROR_INVALID_ARGUMENT, "kernel/hostname");
  assert_not_set (space, "net/ipv4/tcp_available_congestion_control", "reno", ST_ERROR_PERMISSION_DENIED,
                  "Permission denied (the kernel allows it to nobody in this namespace, or not to this user)");
}

static void
test_closed (void)
{
  g_autoptr (StSpace) unmade = g_object_new (ST_TYPE_SPACE, NULL);
  g_autoptr (StSpace) closed = open_home (ST_NAMESPACE_NET);
  st_namespace_ref_close (ST_NAMESPACE_REF (closed));
  assert_not_there (unmade, FORWARD, ST_ERROR_CLOSED, "space");
  assert_not_there (closed, FORWARD, ST_ERROR_CLOSED, "closed");
}

static void
mount_read_only (void)
{
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL));
  g_assert_no_errno (mount (NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

/* As in a container: whoever may mount a procfs can set them all the same. */
static void
set_read_only (gpointer data)
{
  g_autoptr (GError) error = NULL;
  mount_read_only ();
  g_autoptr (StSpace) netns = test_new_space (ST_NAMESPACE_NET);
  const int proc = st_kernel_open_new_proc ();
  assert_value (netns, FORWARD, "0");
  if (proc < 0)
    {
      assert_not_set (netns, FORWARD, "1", ST_ERROR_PERMISSION_DENIED, "mounted read-only");
      return;
    }
  close (proc);
  set (netns, FORWARD, "1");
  assert_value (netns, FORWARD, "1");
}

static void
test_read_only (void)
{
  if (test_needs_privilege ())
    test_in_child (set_read_only, NULL);
}

/* Not what somebody has put there instead. */
static void
read_cover (gpointer data)
{
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_autoptr (StSpace) netns = test_new_space (ST_NAMESPACE_NET);
  g_assert_no_errno (mount ("tmpfs", "/proc/sys", "tmpfs", 0, NULL));
  g_assert_cmpint (g_mkdir_with_parents ("/proc/sys/net/ipv4", 0755), ==, 0);
  g_assert_true (g_file_set_contents ("/proc/sys/" FORWARD, "1", 1, NULL));
  assert_not_there (netns, FORWARD, ST_ERROR_NOT_FOUND, FORWARD);
}

static void
test_covered (void)
{
  if (test_needs_privilege ())
    test_in_child (read_cover, NULL);
}

static void
ping (int           family,
      int           protocol,
      const guint8 *request,
      const char   *address)
{
  guint8 answer[64];
  gsize size;
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new_from_string (address, 0);
  guint8 native[64];
  const int fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
  g_assert_no_errno (fd);
  size = (gsize) g_socket_address_get_native_size (to);
  g_assert_true (g_socket_address_to_native (to, native, sizeof native, NULL));
  g_assert_cmpint (sendto (fd, request, 8, 0, (struct sockaddr *) native, (socklen_t) size), ==, 8);
  g_assert_cmpint (recv (fd, answer, sizeof answer, 0), ==, 8);
  g_assert_cmpuint (answer[0], ==, family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
  close (fd);
}

/* Nobody at all: no capability, as the group he happens to have. */
static void
ping_without_asking (gpointer data)
{
  g_autoptr (GError) error = NULL;
  const guint8 request[8] = { ICMP_ECHO }, request6[8] = { ICMP6_ECHO_REQUEST };
  g_autoptr (StVisit) visit = st_space_enter (data, &error);
  g_assert_no_error (error);
  if (test_is_real_root ())
    g_assert_no_errno (setgid (65534));
  test_drop_capabilities ();
  ping (AF_INET, IPPROTO_ICMP, request, "127.0.0.1");
  ping (AF_INET6, IPPROTO_ICMPV6, request6, "::1");
}

static void
test_ping (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) netns = test_new_space (ST_NAMESPACE_NET);
  test_in_child (ping_without_asking, netns);
  g_autoptr (StSpace) silent = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", FALSE, NULL);
  g_autofree char *range = get (netns, "net/ipv4/ping_group_range");
  assert_value (silent, "net/ipv4/ping_group_range", range);
  g_assert_true (g_str_has_prefix (range, "0\t"));
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  test_add ("/sysctl/network", test_network);
  test_add ("/sysctl/on-a-visit", test_on_a_visit);
  test_add ("/sysctl/uts", test_uts);
  test_add ("/sysctl/ipc", test_ipc);
  test_add ("/sysctl/home", test_home);
  test_add ("/sysctl/bad-names", test_bad_names);
  test_add ("/sysctl/wrong-kind", test_wrong_kind);
  test_add ("/sysctl/bad-values", test_bad_values);
  test_add ("/sysctl/closed", test_closed);
  test_add ("/sysctl/read-only", test_read_only);
  test_add ("/sysctl/covered", test_covered);
  test_add ("/sysctl/ping", test_ping);
  return g_test_run ();
}
