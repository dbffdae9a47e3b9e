/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "json.h"

#include <glib.h>

char *
json_string (const char *text)
{
  if (!text)
    return g_strdup ("null");
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *json = g_string_new ("\"");
  for (const char *c = valid; *c; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (json, "\\%c", *c);
    else if ((guchar) *c < ' ' || *c == 0x7f)
      g_string_append_printf (json, "\\u%04x", *c);
    else
      g_string_append_c (json, *c);
  g_string_append_c (json, '"');
  return g_string_free (json, FALSE);
}

/* A member of an object that is not its first. */
void
json_put_member (FILE       *out,
                 const char *name,
                 const char *value)
{
  g_autofree char *quoted = json_string (value);
  fprintf (out, ", \"%s\": %s", name, quoted);
}
