/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What the guide to programs that start inside shows. */
#include <spacetest/spacetest.h>

#include <unistd.h>

static GVariant *
who (GVariant *parameter,
     GError  **error)
{
  return g_variant_new ("(su)", g_variant_get_string (parameter, NULL), getuid ());
}

static void
look_where_we_are (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_startup_get_status (&error))
    g_error ("%s", error->message);
}

static void
pin (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_assert_no_error (error);
  g_autoptr (StPin) pin = st_pin_new (ST_NAMESPACE_REF (net), path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (st_pin_get_path (pin), ==, path);
}

static void
look_further (const char *outer,
              const char *name)
{
  g_autoptr (GError) error = NULL;
  const char *const chain[] = { outer, name, NULL };
  g_autoptr (StNamespaceRef) inner = st_namespace_ref_new_for_chain (chain, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_assert_nonnull (inner);
}

static void
act (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_space_new_transient (ST_NAMESPACE_USER | ST_NAMESPACE_PID, &error);
  g_assert_no_error (error);
  g_autoptr (GVariant) answer = st_reexec_run (space, "who", g_variant_new_string ("hello"), NULL, &error);
  g_assert_no_error (error);
  g_autofree char *text = g_variant_print (answer, FALSE);
  g_assert_cmpstr (text, ==, "('hello', 0)");
}

int
main (int    argc,
      char **argv)
{
  st_reexec_register ("who", who, NULL);
  st_reexec_init (&argc, &argv);

  look_where_we_are ();
  act ();

  look_further ("/proc/self/ns/mnt", "/proc/self/ns/mnt");

  g_autofree char *directory = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (directory, "blue", NULL);
  pin (path);
  g_assert_no_errno (rmdir (directory));
  return 0;
}
