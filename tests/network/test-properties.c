/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What an object says of itself is the same by property as by method, and what is written is read back. */
#include "link-support.h"

#include <glib/gstdio.h>

static gboolean
is_named (const char        *name,
          const char *const *names)
{
  return names && g_strv_contains (names, name);
}

static void
assert_same (gpointer    object,
             GParamSpec *property)
{
  g_auto (GValue) before = G_VALUE_INIT, after = G_VALUE_INIT;
  g_object_get_property (object, property->name, &before);
  g_object_set_property (object, property->name, &before);
  g_object_get_property (object, property->name, &after);
  if (g_param_values_cmp (property, &before, &after) != 0)
    g_error ("%s:%s is read back as another", G_OBJECT_TYPE_NAME (object), property->name);
}

/* All that can be read: what a new object is not expected to have is the default. */
static void
check_all (gpointer           object,
           const char *const *set)
{
  guint n;
  g_autofree GParamSpec **list = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      if (!(list[i]->flags & G_PARAM_READABLE))
        continue;
      g_object_get_property (object, list[i]->name, &value);
      if (g_param_value_defaults (list[i], &value) == is_named (list[i]->name, set))
        g_error ("%s:%s is %s the default", G_OBJECT_TYPE_NAME (object), list[i]->name, is_named (list[i]->name, set) ? "still" : "not");
      if (list[i]->flags & G_PARAM_WRITABLE && !(list[i]->flags & G_PARAM_CONSTRUCT_ONLY))
        assert_same (object, list[i]);
    }
}

static void
test_impairment (void)
{
  static const char *const set[] = { "rate", "delay", "jitter", "loss", "duplication", "reordering", "corruption", "limit", NULL };
  g_autoptr (StImpairment) empty = st_impairment_new ();
  check_all (empty, NULL);
  g_autoptr (StImpairment) full = g_object_new (ST_TYPE_IMPAIRMENT, "rate", G_GUINT64_CONSTANT (5000000000), "delay", 3, "jitter", 1, "loss", 0.5,
                                                "duplication", 0.25, "reordering", 0.125, "corruption", 2.0, "limit", 7, NULL);
  check_all (full, set);
}

static void
test_references (void)
{
  static const char *const net_set[] = { "closed", NULL };
  static const char *const mnt_set[] = { "closed", "sysfs", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_MNT | ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  StNamespaceRef *net = st_space_get_ref (space, ST_NAMESPACE_NET, NULL), *mnt = st_space_get_ref (space, ST_NAMESPACE_MNT, NULL);
  const char *const from_spacer[] = { "closed", "from-spacer", NULL }, *const mnt_from_spacer[] = { "closed", "from-spacer", "sysfs", NULL };
  check_all (net, st_namespace_ref_is_from_spacer (net) ? from_spacer : net_set);
  check_all (mnt, st_namespace_ref_is_from_spacer (mnt) ? mnt_from_spacer : mnt_set);
  g_autoptr (StTransientNetns) unmade = g_object_new (ST_TYPE_TRANSIENT_NETNS, NULL);
  check_all (unmade, NULL);
}

static void
test_view (void)
{
  static const char *const set[] = { "allow-host", "closed", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (mntns), &error);
  g_assert_no_error (error);
  g_object_set (view, "allow-host", TRUE, NULL);
  g_assert_true (st_mount_view_get_allow_host (view));
  check_all (view, set);
  g_autoptr (StMountView) unmade = g_object_new (ST_TYPE_MOUNT_VIEW, NULL);
  check_all (unmade, NULL);
}

static void
test_spacer (void)
{
  static const char *const set[] = { "pid", "space", "timeout", "closed", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = NULL;
  int pid;
  g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
  g_assert_no_error (error);
  st_spacer_set_timeout (spacer, 7);
  check_all (spacer, set);
  g_object_get (spacer, "pid", &pid, "space", &space, NULL);
  g_assert_cmpint (pid, ==, st_spacer_get_pid (spacer, NULL));
  g_assert_true (space == st_spacer_get_space (spacer, NULL));
  static const char *const never[] = { "timeout", NULL };
  g_autoptr (StSpacer) unmade = g_object_new (ST_TYPE_SPACER, NULL);
  check_all (unmade, never);
}

static void
test_options (void)
{
  static const char *const set[] = { "id-map", "monotonic-offset", "boottime-offset", "host-name", NULL };
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  check_all (options, NULL);
  g_object_set (options, "id-map", ST_ID_MAP_SELF, "monotonic-offset", G_GINT64_CONSTANT (1), "boottime-offset", G_GINT64_CONSTANT (2),
                "host-name", "another", NULL);
  check_all (options, set);
}

static void
test_reexec_options (void)
{
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  st_reexec_options_set_start_timeout (options, 123);
  st_reexec_options_set_timeout (options, 456);
  g_assert_cmpuint (st_reexec_options_get_start_timeout (options), ==, 123);
  g_assert_cmpuint (st_reexec_options_get_timeout (options), ==, 456);
}

static void
test_links (void)
{
  static const char *const set[] = { "name", "index", "kind", "mac", "mtu", "present", "network", NULL };
  static const char *const neighbour_set[] = { "address", "mac", "permanent", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) near = test_new_netns (), far = test_new_netns ();
  g_autoptr (StLink) link = make_cable (near, "near", far, "far");
  g_assert_true (st_link_rename (link, "nearer", &error));
  check_all (link, set);
  prepare_end (link, "10.0.0.1/24");
  g_assert_true (st_link_add_neighbour (link, "10.0.0.2", "02:00:00:00:00:02", &error));
  g_autoptr (GPtrArray) neighbours = st_link_list_neighbours (link, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (neighbours->len, ==, 1);
  check_all (neighbours->pdata[0], neighbour_set);
  g_autoptr (GPtrArray) routes = st_link_list_routes (link, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < routes->len; i++)
    {
      g_autofree char *destination = NULL;
      g_object_get (routes->pdata[i], "destination", &destination, NULL);
      g_assert_cmpstr (destination, ==, st_route_get_destination (routes->pdata[i]));
    }
}

static void
test_capture (void)
{
  static const char *const set[] = { "space", "interface", "path", "snapshot-length", "keep", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("properties-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "captured.pcapng", NULL);
  g_autoptr (StTransientNetns) netns = test_new_netns ();
  g_autoptr (StCapture) capture = g_initable_new (ST_TYPE_CAPTURE, NULL, &error, "space", netns, "interface", "lo", "path", path,
                                                  "snapshot-length", 96, "keep", FALSE, NULL);
  g_assert_no_error (error);
  check_all (capture, set);
  g_assert_true (st_capture_close (capture, &error));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_no_errno (g_rmdir (folder));
}

/* Where everything that has namespaces can be had. */
static void
with_spaces (gconstpointer test)
{
  if (test_needs_spaces ())
    (*(const GTestFunc *) test) ();
}

int
main (int    argc,
      char **argv)
{
  static const GTestFunc references = test_references, view = test_view, links = test_links, capture = test_capture;
  test_init_with_spacer (&argc, &argv);
  test_add ("/properties/impairment", test_impairment);
  test_add ("/properties/options", test_options);
  test_add ("/properties/reexec-options", test_reexec_options);
  test_add ("/properties/spacer", test_spacer);
  g_test_add_data_func ("/properties/capture", &capture, with_spaces);
  g_test_add_data_func ("/properties/links", &links, with_spaces);
  g_test_add_data_func ("/properties/references", &references, with_spaces);
  g_test_add_data_func ("/properties/view", &view, with_spaces);
  return g_test_run ();
}
