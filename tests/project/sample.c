/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What somebody who uses the library writes first. */
#include <spacetest/spacetest.h>

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  if (ref == NULL)
    g_error ("%s", error->message);
  g_autofree char *text = st_namespace_ref_to_string (ref);
  g_print ("%s\n", text);
  return 0;
}
