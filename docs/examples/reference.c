/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What the reference shows of C, sample by sample. */
#include <spacetest/spacetest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_works(call, error)                                             \
  G_STMT_START                                                                \
  {                                                                           \
    gboolean works_ = (call);                                                 \
    g_assert_no_error (error);                                                \
    g_assert_true (works_);                                                   \
  }                                                                           \
  G_STMT_END

static StTransientNetns *
make_network (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  return netns;
}

static StTransientMntns *
make_mount_table (void)
{
  g_autoptr (GError) error = NULL;
  StTransientMntns *mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  return mntns;
}

static gboolean
listen_inside (gpointer user_data,
               GError **error)
{
  return g_socket_listener_add_inet_port (user_data, 8080, NULL, error);
}

static gboolean
listen_in_space (StTransientNetns *netns,
                 StTransientMntns *mntns,
                 GSocketListener  *listener)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *refs[] = { ST_NAMESPACE_REF (netns), ST_NAMESPACE_REF (mntns) };
  g_autoptr (StSpace) space = st_space_new (refs, G_N_ELEMENTS (refs), &error);
  if (space == NULL || !st_space_call (space, listen_inside, listener, &error))
    return FALSE;
  return TRUE;
}

static gboolean
listen_from_here (StTransientNetns *netns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 8080);
  g_autoptr (GSocket) socket = st_space_create_socket (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                                       G_SOCKET_PROTOCOL_TCP, &error);
  if (socket == NULL || !g_socket_bind (socket, address, TRUE, &error) || !g_socket_listen (socket, &error))
    return FALSE;
  return TRUE;
}

static void
test_sockets (void)
{
  g_autoptr (StTransientNetns) netns = make_network ();
  g_autoptr (StTransientMntns) mntns = make_mount_table ();
  g_assert_true (listen_from_here (netns));
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_assert_true (listen_in_space (netns, mntns, listener));
  g_assert_false (listen_in_space (netns, mntns, listener));
}

static void
test_networks (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *netns = g_initable_new (ST_TYPE_TRANSIENT_NETNS, NULL, &error, "loopback-up", FALSE, NULL);
  g_assert_no_error (error);
  g_assert_false (st_transient_netns_get_loopback_up (netns));
  g_object_unref (netns);
}

static void
test_pool (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNetnsPool) pool = st_netns_pool_new (16, &error);
  g_autoptr (StTransientNetns) netns = pool ? st_netns_pool_acquire (pool, &error) : NULL;
  g_assert_no_error (error);
  g_assert_nonnull (netns);
}

static gboolean
forward (StTransientNetns *router)
{
  g_autoptr (GError) error = NULL;
  if (!st_space_set_sysctl (ST_SPACE (router), "net/ipv4/ip_forward", "1", &error))
    return FALSE;
  return TRUE;
}

static void
test_sysctls (void)
{
  g_autoptr (StTransientNetns) router = make_network ();
  g_assert_true (forward (router));
}

static gboolean
cover_hosts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_autoptr (GBytes) hosts = g_bytes_new_static ("10.0.0.1 server\n", 16);
  if (mntns == NULL || !st_transient_mntns_overlay_file (mntns, "/etc/hosts", hosts, &error))
    return FALSE;
  return TRUE;
}

static gboolean
name_hosts (StTransientMntns *mntns)
{
  g_autoptr (GError) error = NULL;
  const char *hosts[] = { "10.0.0.1 alice", "10.0.0.2 bob bob.example", NULL };
  if (!st_transient_mntns_set_hosts (mntns, hosts, &error))
    return FALSE;
  return TRUE;
}

static gboolean
leave_a_note (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  if (mntns == NULL || !st_transient_mntns_mount_tmpfs (mntns, "/mnt", 0, &error))
    return FALSE;
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  g_autoptr (GBytes) note = g_bytes_new_static ("hello", 5);
  if (view == NULL || !st_mount_view_replace (view, "/mnt/note", note, &error))
    return FALSE;
  return TRUE;
}

static void
test_files (void)
{
  g_autoptr (StTransientMntns) mntns = make_mount_table ();
  g_assert_true (cover_hosts ());
  g_assert_true (name_hosts (mntns));
  g_assert_true (leave_a_note ());
}

static void
test_space_of_test (void)
{
  g_autoptr (GError) error = NULL;
  ST_TEST_ENTER (ST_NAMESPACE_MNT);
  StNamespaceRef *mntns = st_space_get_ref (st_test_get_space (), ST_NAMESPACE_MNT, &error);
  st_transient_mntns_mount_tmpfs (ST_TRANSIENT_MNTNS (mntns), "/etc", 0, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test ("/etc/passwd", G_FILE_TEST_EXISTS));
}

static void
find_by_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_for_path ("/run/netns/blue", ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_nonnull (net);
}

static void
pin_and_find (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_autoptr (StPin) pin = st_pin_new (ST_NAMESPACE_REF (net), "/run/netns/blue", &error);
  g_assert_no_error (error);
  g_assert_false (st_pin_is_closed (pin));
  find_by_path ();
}

static void
look_further (void)
{
  g_autoptr (GError) error = NULL;
  const char *const chain[] = { "/run/containers/outer-mnt", "/run/inner-mnt", NULL };
  g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_chain (chain, ST_NAMESPACE_MNT, &error);
  g_autoptr (StMountView) view = mntns != NULL ? st_mount_view_new (mntns, &error) : NULL;
  g_autoptr (GBytes) hosts = view != NULL ? st_mount_view_load (view, "/etc/hosts", &error) : NULL;
  g_assert_no_error (error);
  g_assert_nonnull (hosts);
}

/* In a /run of its own. */
static void
test_paths (void)
{
  g_autoptr (GError) error = NULL;
  ST_TEST_ENTER (ST_NAMESPACE_MNT);
  StNamespaceRef *mntns = st_space_get_ref (st_test_get_space (), ST_NAMESPACE_MNT, &error);
  assert_works (st_transient_mntns_mount_tmpfs (ST_TRANSIENT_MNTNS (mntns), "/run", 0, &error), error);
  g_assert_no_errno (mkdir ("/run/netns", 0755));
  assert_works (g_file_set_contents ("/run/netns/blue", "", 0, &error), error);
  pin_and_find ();
  g_assert_no_errno (mkdir ("/run/containers", 0755));
  g_assert_no_errno (symlink ("/proc/thread-self/ns/mnt", "/run/containers/outer-mnt"));
  g_assert_no_errno (symlink ("/proc/thread-self/ns/mnt", "/run/inner-mnt"));
  look_further ();
}

static void
run_the_test (void)
{
  g_assert_nonnull (st_test_get_space ());
}

static void
test_scope (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = make_network ();
  StSpace *space = ST_SPACE (netns);
  {
    ST_VISIT_SCOPE (space, &error);
    g_assert_no_error (error);
    run_the_test ();
  }
  g_assert_null (st_test_get_space ());
}

static void
test_fresh_network (void)
{
  ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);

  g_autoptr (GDir) interfaces = g_dir_open ("/sys/class/net", 0, NULL);
  g_assert_cmpstr (g_dir_read_name (interfaces), ==, "lo");
}

static void
test_strays (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strays = st_find_strays (&error);
  g_assert_no_error (error);
  g_assert_cmpstr (strays[0], ==, NULL);
}

static int
start_tests (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_probe (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 77;
    }
  execlp ("spacetest", "spacetest", "run", "--net", "--mount", "--", "./my-tests", NULL);
  return 1;
}

/* Where there is no such command, so that it comes back. */
static void
test_probe (void)
{
  int status;
  pid_t child = fork ();
  if (child == 0)
    {
      g_setenv ("PATH", "/nonexistent", TRUE);
      _exit (start_tests ());
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, W_EXITCODE (1, 0));
}

static void
end_capture (gpointer data)
{
  g_autoptr (StCapture) capture = data;
  g_autoptr (GError) error = NULL;
  st_capture_set_keep (capture, g_test_failed ());
  if (!st_capture_close (capture, &error))
    g_error ("%s", error->message);
}

static void
test_capture (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = make_network ();
  StCapture *capture = st_capture_new (ST_SPACE (netns), NULL, "failed.pcapng", &error);
  g_assert_no_error (error);
  g_test_queue_destroy (end_capture, capture);
}

static void
test_capture_of_headers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = make_network ();
  StCapture *capture = g_initable_new (ST_TYPE_CAPTURE, NULL, &error, "space", netns, "path", "headers.pcapng",
                                       "snapshot-length", 96, NULL);
  g_assert_no_error (error);
  assert_works (st_capture_discard (capture, &error), error);
  g_object_unref (capture);
}

static GVariant *
serve (GVariant *parameter,
       GError  **error)
{
  return g_variant_new ("(sb)", g_getenv ("LANG"), fcntl (3, F_GETFD) >= 0);
}

static void
test_action (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_USER | ST_NAMESPACE_PID, &error);
  g_assert_no_error (error);
  int listening_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  st_launcher_setenv (launcher, "LANG", "C", TRUE);
  st_launcher_take_fd (launcher, listening_fd, 3);

  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  st_reexec_options_set_launcher (options, launcher);
  st_reexec_options_set_timeout (options, 5000);
  g_autoptr (GVariant) result = st_reexec_run_with_options (space, "serve", NULL, options, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *text = g_variant_print (result, FALSE);
  g_assert_cmpstr (text, ==, "('C', true)");
}

/* A program that is not there: the reason is the error's. */
static void
test_launcher (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) netns = make_network ();
  StSpace *space = ST_SPACE (netns);
  int listening_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  st_launcher_set_cwd (launcher, "/srv");
  st_launcher_setenv (launcher, "LANG", "C", TRUE);
  st_launcher_take_fd (launcher, listening_fd, 3);
  g_autoptr (GSubprocess) process = st_launcher_spawn (launcher, space, &error, "server", "--listen-fd=3", NULL);
  g_assert_error (error, ST_ERROR, ST_ERROR_NOT_FOUND);
  g_assert_null (process);
}

static gboolean
show_addresses (StSpace *space,
                char   **seen)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  const char *const argv[] = { "ip", "address", NULL };
  g_autoptr (GSubprocess) process = st_space_spawnv (space, argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error))
    return FALSE;
  *seen = g_steal_pointer (&output);
  return TRUE;
}

static void
test_program (void)
{
  g_autoptr (StTransientNetns) netns = make_network ();
  g_autofree char *seen = NULL;
  g_assert_true (show_addresses (ST_SPACE (netns), &seen));
  g_assert_true (g_str_has_prefix (seen, "1: lo: "));
}

static void
test_spacer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_autoptr (StSpacer) inside = spacer ? st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error) : NULL;
  g_autoptr (StSpace) rooms = inside ? st_spacer_create_space (inside, ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL, &error) : NULL;
  g_assert_no_error (error);
  g_assert_nonnull (rooms);
}

static void
test_clocks (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_boottime_offset (options, G_GINT64_CONSTANT (365) * 24 * 3600 * G_USEC_PER_SEC);
  g_autoptr (StSpacer) old = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_TIME, options, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (old);
}

int
main (int    argc,
      char **argv)
{
  st_reexec_register ("serve", serve, NULL);
  st_reexec_init (&argc, &argv);
  st_test_init (&argc, &argv, NULL);
  g_autofree char *directory = g_dir_make_tmp (NULL, NULL);
  g_assert_no_errno (chdir (directory));
  g_test_add_func ("/reference/sockets", test_sockets);
  g_test_add_func ("/reference/networks", test_networks);
  g_test_add_func ("/reference/pool", test_pool);
  g_test_add_func ("/reference/sysctls", test_sysctls);
  g_test_add_func ("/reference/files", test_files);
  g_test_add_func ("/reference/space-of-test", test_space_of_test);
  g_test_add_func ("/reference/paths", test_paths);
  g_test_add_func ("/reference/scope", test_scope);
  g_test_add_func ("/reference/fresh-network", test_fresh_network);
  g_test_add_func ("/reference/strays", test_strays);
  g_test_add_func ("/reference/probe", test_probe);
  g_test_add_func ("/reference/capture", test_capture);
  g_test_add_func ("/reference/capture-of-headers", test_capture_of_headers);
  g_test_add_func ("/reference/action", test_action);
  g_test_add_func ("/reference/launcher", test_launcher);
  g_test_add_func ("/reference/program", test_program);
  g_test_add_func ("/reference/spacer", test_spacer);
  g_test_add_func ("/reference/clocks", test_clocks);
  int status = g_test_run ();
  g_assert_no_errno (rmdir (directory));
  return status;
}
