/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A look around in a fresh network and mount table, and again at home. */
#include <spacetest/spacetest.h>

static char *
look_around (void)
{
  g_autofree char *net = g_file_read_link ("/proc/thread-self/ns/net", NULL);
  g_autofree char *mnt = g_file_read_link ("/proc/thread-self/ns/mnt", NULL);
  g_autoptr (GDir) interfaces = g_dir_open ("/sys/class/net", 0, NULL);
  GString *seen = g_string_new (NULL);
  g_string_printf (seen, "%s %s, interfaces:", net, mnt);
  for (const char *name = g_dir_read_name (interfaces); name; name = g_dir_read_name (interfaces))
    g_string_append_printf (seen, " %s", name);
  return g_string_free (seen, FALSE);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = look_around ();
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error);
  if (!visit)
    g_error ("%s", error->message);
  g_autofree char *inside = look_around ();
  if (!st_visit_leave (visit, &error))
    g_error ("%s", error->message);
  g_autofree char *after = look_around ();
  g_print ("  C       before: %s\n          inside: %s\n          after:  %s\n", before, inside, after);
  return g_str_equal (before, after) && !g_str_equal (before, inside) ? 0 : 1;
}
