/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Views, mounts, links and captures in a process that runs out of descriptors, wherever on the way that is: the error says so, and nothing is
 * half made. */
#include "../core/scarce-support.h"
#include "link-support.h"

#include <glib/gstdio.h>

#include <fcntl.h>

#define MOST_DESCRIPTORS 512 /* more than are needed, as other processes of the same user may have many under way */
#define FOR_EVER (60 * 1000 * 1000) /* of a test that would hang otherwise */

typedef struct
{
  StSpace *space;          /* mnt, net and uts */
  StTransientMntns *mntns; /* its own, with an empty tmpfs on /mnt */
  StTransientNetns *far;
  StTransientNetns *bare;  /* nobody has asked it anything */
  StMountView *view;
  StLink *cable;           /* between the two, up */
  StLink *bridge;
  GSocket *server;         /* at 127.0.0.1:80 */
  char *folder;            /* outside */
} World;

typedef gboolean (*Attempt) (World   *world,
                             GError **error);

static void
world_clear (World *self)
{
  g_clear_object (&self->server);
  g_clear_object (&self->bridge);
  g_clear_object (&self->cable);
  g_clear_object (&self->view);
  g_clear_object (&self->far);
  g_clear_object (&self->bare);
  g_clear_object (&self->space);
  g_rmdir (self->folder);
  g_free (self->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static GSocketAddress *
server_address (void)
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", 80);
}

static void
make_server (World *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = server_address ();
  self->server = make_socket (self->space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM);
  g_socket_bind (self->server, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (self->server, &error);
  g_assert_no_error (error);
}

static World
make_world (void)
{
  g_autoptr (GError) error = NULL;
  World self = { NULL };
  self.space = st_space_new_transient (ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  self.mntns = ST_TRANSIENT_MNTNS (st_space_get_ref (self.space, ST_NAMESPACE_MNT, NULL));
  st_transient_mntns_mount_tmpfs (self.mntns, "/mnt", 0, &error);
  g_assert_no_error (error);
  self.view = st_mount_view_new (ST_NAMESPACE_REF (self.mntns), &error);
  g_assert_no_error (error);
  self.far = test_new_netns ();
  self.bare = test_new_netns ();
  self.cable = make_cable (self.space, "near", self.far, "far");
  st_link_set_up (self.cable, TRUE, &error);
  g_assert_no_error (error);
  self.bridge = st_link_new_bridge (self.space, "bridge", &error);
  g_assert_no_error (error);
  make_server (&self);
  self.folder = g_dir_make_tmp ("few-XXXXXX", &error);
  g_assert_no_error (error);
  return self;
}

static gboolean
is_made (gpointer object)
{
  if (object)
    g_object_unref (object);
  return object != NULL;
}

static gboolean
is_array (GPtrArray *array)
{
  if (array)
    g_ptr_array_unref (array);
  return array != NULL;
}

static gboolean
is_text (char *text)
{
  g_free (text);
  return text != NULL;
}

static gboolean
is_strv (char **texts)
{
  g_strfreev (texts);
  return texts != NULL;
}

static gboolean
is_fd (int fd)
{
  return fd >= 0 && close (fd) == 0;
}

static gboolean
is_bytes (GBytes *bytes)
{
  if (bytes)
    g_bytes_unref (bytes);
  return bytes != NULL;
}

static gboolean
try_view (World   *world,
          GError **error)
{
  return is_made (st_mount_view_new (ST_NAMESPACE_REF (world->mntns), error));
}

static gboolean
try_view_load (World   *world,
               GError **error)
{
  return is_bytes (st_mount_view_load (world->view, "/etc/passwd", error));
}

static gboolean
try_view_list (World   *world,
               GError **error)
{
  return is_strv (st_mount_view_list (world->view, "/etc", error));
}

static gboolean
try_view_resolve (World   *world,
                  GError **error)
{
  return is_text (st_mount_view_resolve (world->view, "/etc/passwd", error));
}

static gboolean
try_view_open (World   *world,
               GError **error)
{
  return is_fd (st_mount_view_open (world->view, "/mnt/opened", O_RDWR | O_CREAT, 0600, error));
}

static gboolean
try_view_replace (World   *world,
                  GError **error)
{
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  return st_mount_view_replace (world->view, "/mnt/replaced", content, error);
}

static gboolean
try_mount (World   *world,
           GError **error)
{
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  return st_transient_mntns_overlay_file (world->mntns, "/etc/passwd", content, error) &&
         st_transient_mntns_mount_tmpfs (world->mntns, "/mnt", 0, error);
}

static gboolean
try_root_path (World   *world,
               GError **error)
{
  return is_text (st_transient_mntns_get_root_path (world->mntns, error));
}

static gboolean
try_hosts (World   *world,
           GError **error)
{
  const char *hosts[] = { "10.0.0.1 alice", NULL };
  return st_transient_mntns_set_hosts (world->mntns, hosts, error);
}

static gboolean
try_chain (World   *world,
           GError **error)
{
  g_autofree char *first = g_strdup_printf ("/proc/thread-self/fd/%d", st_namespace_ref_peek_fd (ST_NAMESPACE_REF (world->mntns), NULL));
  g_autofree char *second = g_strdup_printf ("/proc/%d/ns/net", getpid ());
  const char *const paths[] = { first, second, NULL };
  return is_made (st_namespace_ref_new_for_chain (paths, ST_NAMESPACE_NET, error));
}

static gboolean
try_find (World   *world,
          GError **error)
{
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (ST_NAMESPACE_REF (world->far), NULL);
  return is_made (st_namespace_ref_new_for_id (id, ST_NAMESPACE_NET, error));
}

static gboolean
try_probe (World   *world,
           GError **error)
{
  return st_probe (ST_NAMESPACE_MNT | ST_NAMESPACE_NET, NULL, error);
}

static gboolean
try_socket (World   *world,
            GError **error)
{
  return is_made (st_space_create_socket (world->space, G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error));
}

static gboolean
try_netlink_socket (World   *world,
                    GError **error)
{
  return is_made (st_space_create_netlink_socket (world->space, 0, error));
}

static gboolean
try_list (World   *world,
          GError **error)
{
  return is_array (st_link_list (world->space, error));
}

static gboolean
try_list_first (World   *world,
                GError **error)
{
  return is_array (st_link_list (ST_SPACE (world->bare), error));
}

static gboolean
try_find_link (World   *world,
               GError **error)
{
  return is_made (st_link_new_for_name (world->space, "near", error));
}

static gboolean
try_peer (World   *world,
          GError **error)
{
  return is_made (st_link_get_peer (world->cable, error));
}

static gboolean
try_veth (World   *world,
          GError **error)
{
  return is_made (st_link_new_veth (world->space, NULL, ST_SPACE (world->far), NULL, error));
}

static gboolean
try_bridge (World   *world,
            GError **error)
{
  return is_made (st_link_new_bridge (world->space, "another", error));
}

/* A device that may not be opened is another matter. */
static gboolean
try_tap (World   *world,
         GError **error)
{
  if (access ("/dev/net/tun", R_OK | W_OK) < 0)
    return is_array (st_link_list (ST_SPACE (world->bare), error));
  return is_made (st_link_new_tap (world->space, "tap", error));
}

static gboolean
try_change (World   *world,
            GError **error)
{
  return st_link_set_mtu (world->cable, 1400, error) && st_link_rename (world->cable, "nearer", error);
}

static gboolean
try_move (World   *world,
          GError **error)
{
  return st_link_move (world->cable, ST_SPACE (world->far), NULL, error);
}

static gboolean
try_ports (World   *world,
           GError **error)
{
  return st_link_add_port (world->bridge, world->cable, error) && is_array (st_link_list_ports (world->bridge, error)) &&
         st_link_remove_port (world->bridge, world->cable, error);
}

static gboolean
try_addresses (World   *world,
               GError **error)
{
  return is_strv (st_link_list_addresses (world->cable, error)) && st_link_add_address (world->cable, "10.0.0.1/24", error);
}

static gboolean
try_neighbours (World   *world,
                GError **error)
{
  return is_array (st_link_list_neighbours (world->cable, error)) &&
         st_link_add_neighbour (world->cable, "10.0.0.9", "02:00:00:00:00:09", error);
}

static gboolean
try_routes (World   *world,
            GError **error)
{
  return is_array (st_link_list_routes (world->cable, error)) && st_link_add_route (world->cable, "10.9.0.0/16", NULL, error);
}

static gboolean
try_impairment (World   *world,
                GError **error)
{
  g_autoptr (StImpairment) impairment = st_link_get_impairment (world->cable, error);
  return impairment || !*error;
}

static gboolean
try_wait_listening (World   *world,
                    GError **error)
{
  g_autoptr (GSocketAddress) address = server_address ();
  return st_space_wait_listening (world->space, address, G_SOCKET_TYPE_STREAM, FOR_EVER, NULL, error);
}

/* lo is ready as soon as it is up. */
static gboolean
try_wait_ready (World   *world,
                GError **error)
{
  g_autoptr (StLink) lo = st_link_new_for_name (world->space, "lo", error);
  return lo && st_link_wait_ready (lo, NULL, error);
}

static gboolean
try_watch (World   *world,
           GError **error)
{
  if (!st_link_watch (world->cable, error))
    return FALSE;
  st_link_unwatch (world->cable);
  return TRUE;
}

static gboolean
try_capture (World   *world,
             GError **error)
{
  g_autofree char *path = g_build_filename (world->folder, "captured.pcapng", NULL);
  g_autoptr (StCapture) capture = st_capture_new (world->space, NULL, path, error);
  return capture && st_capture_discard (capture, error);
}

static gboolean
try_sysctl (World   *world,
            GError **error)
{
  return is_text (st_space_get_sysctl (world->space, "net/ipv4/ip_forward", error)) &&
         st_space_set_sysctl (world->space, "net/ipv4/ip_forward", "1", error);
}

static gboolean
try_host_name (World   *world,
               GError **error)
{
  return is_text (st_space_get_host_name (world->space, error)) && st_space_set_host_name (world->space, "another", error);
}

static gboolean
try_nsid (World   *world,
          GError **error)
{
  return st_space_assign_nsid (world->space, ST_SPACE (world->bare), -1, error) >= 0 &&
         st_space_get_nsid (world->space, ST_SPACE (world->bare), error) >= 0;
}

static const struct
{
  const char *name;
  Attempt attempt;
  gboolean is_io;      /* whose errors are those of GIO */
  gboolean needs_none; /* the network keeps its socket */
  gboolean needs_privilege;
} attempts[] = {
  { "view", try_view },
  { "view-load", try_view_load, .is_io = TRUE },
  { "view-list", try_view_list, .is_io = TRUE },
  { "view-resolve", try_view_resolve, .is_io = TRUE },
  { "view-open", try_view_open, .is_io = TRUE },
  { "view-replace", try_view_replace, .is_io = TRUE },
  { "mount", try_mount },
  { "root-path", try_root_path },
  { "hosts", try_hosts, .is_io = TRUE },
  { "chain", try_chain, .needs_privilege = TRUE },
  { "find", try_find },
  { "probe", try_probe },
  { "socket", try_socket, .is_io = TRUE },
  { "netlink-socket", try_netlink_socket, .is_io = TRUE },
  { "list-first", try_list_first },
  { "list", try_list, .needs_none = TRUE },
  { "find-link", try_find_link, .needs_none = TRUE },
  { "peer", try_peer, .needs_none = TRUE },
  { "veth", try_veth },
  { "bridge", try_bridge },
  { "tap", try_tap },
  { "change", try_change, .needs_none = TRUE },
  { "move", try_move },
  { "ports", try_ports, .needs_none = TRUE },
  { "addresses", try_addresses, .needs_none = TRUE },
  { "neighbours", try_neighbours, .needs_none = TRUE },
  { "routes", try_routes, .needs_none = TRUE },
  { "impairment", try_impairment, .needs_none = TRUE },
  { "wait-listening", try_wait_listening },
  { "wait-ready", try_wait_ready },
  { "watch", try_watch },
  { "capture", try_capture, .is_io = TRUE },
  { "sysctl", try_sysctl },
  { "host-name", try_host_name },
  { "nsid", try_nsid },
};

static void
check_failure (GError  *error,
               gboolean is_io,
               guint    left)
{
  if (!error)
    g_error ("with %u descriptors left: it failed without an error", left);
  if (!g_error_matches (error, ST_ERROR, ST_ERROR_EXHAUSTED) &&
      !(is_io && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES)))
    g_error ("with %u descriptors left: %s %d: %s", left, g_quark_to_string (error->domain), error->code, error->message);
}

/* Links, and what is outside. */
static char *
describe (World *world)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *near = list_links (world->space);
  g_autofree char *far = list_links (world->far);
  g_auto (GStrv) files = st_mount_view_list (world->view, "/mnt", &error);
  g_assert_no_error (error);
  g_autofree char *inside = g_strjoinv (" ", files);
  return g_strdup_printf ("%s/ %s/ %s", near, far, inside);
}

static gboolean
attempt_with (guint    left,
              Attempt  attempt,
              gboolean is_io)
{
  g_autoptr (GError) error = NULL;
  g_auto (World) world = make_world ();
  g_autofree char *before = describe (&world);
  g_auto (GStrv) traces = test_collect_traces ();
  scarce_begin (left);
  const gboolean done = attempt (&world, &error);
  scarce_end ();
  if (done)
    return TRUE;
  check_failure (error, is_io, left);
  g_autofree char *after = describe (&world);
  g_assert_cmpstr (before, ==, after);
  test_assert_traces (traces);
  return FALSE;
}

static void
attempt_with_few (gpointer data)
{
  const gsize i = GPOINTER_TO_SIZE (data);
  guint left = 0;
  scarce_end ();
  while (!attempt_with (left, attempts[i].attempt, attempts[i].is_io))
    g_assert_cmpuint (++left, <, MOST_DESCRIPTORS);
  g_assert_cmpint (left == 0, ==, attempts[i].needs_none);
}

static void
test_few_descriptors (gconstpointer data)
{
  const gsize i = GPOINTER_TO_SIZE (data);
  if (attempts[i].needs_privilege ? test_needs_privilege () : test_needs_spaces ())
    test_in_child (attempt_with_few, (gpointer) data);
}

int
main (int    argc,
      char **argv)
{
  test_init_with_spacer (&argc, &argv);
  for (gsize i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_autofree char *path = g_strconcat ("/few-descriptors/", attempts[i].name, NULL);
      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_few_descriptors);
    }
  return g_test_run ();
}
