/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* SPACE-18, NET-06 */
static void
test_new_transient (void)
{
  const struct { StNamespaceType type; const char *name; } cases[] = {
    { ST_NAMESPACE_CGROUP, "cgroup" }, { ST_NAMESPACE_IPC, "ipc" }, { ST_NAMESPACE_NET, "net" }, { ST_NAMESPACE_UTS, "uts" }, { ST_NAMESPACE_MNT, "mnt" },
  };
  if (!test_needs_privilege ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *home = test_where (cases[i].name);
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (cases[i].type, &error);
      g_assert_no_error (error);
      g_autofree char *made = st_namespace_ref_to_string (ref);
      g_assert_cmpstr (made, !=, home);
      test_assert_where (cases[i].name, home);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/space/SPACE-18/new-transient", test_new_transient);
  return g_test_run ();
}
