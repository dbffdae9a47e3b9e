/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-link-state-private.h"

#include "st-error-private.h"

/* As the kernel has it, and without its patterns: a name with "%d" in it would be made into another one. */
gboolean
st_link_name_check (const char *name,
                    GError    **error)
{
  const char *why = NULL;
  if (!*name)
    why = "it is empty";
  else if (strlen (name) >= IF_NAMESIZE)
    why = "it has more than 15 bytes";
  else if (g_str_equal (name, ".") || g_str_equal (name, ".."))
    why = "it is a folder's";
  for (const char *c = name; *c && !why; c++)
    if (*c == '/' || *c == ':' || *c == '%' || g_ascii_isspace (*c) || *c == '\v')
      why = "it has a slash, colon, percent sign or blank in it";
  if (why)
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no name for a link: \"%s\": %s", name, why);
  return why == NULL;
}

/* The first that is free, like "veth0"; somebody else may still take it. NULL if the links can't be listed. */
char *
st_link_name_find (StNetlink  *netlink,
                   const char *prefix,
                   const char *taken,
                   guint       first)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) states = g_array_new (FALSE, FALSE, sizeof (StLinkState));
  if (st_link_state_list (netlink, states) < 0)
    return NULL;
  for (guint i = 0; i < states->len; i++)
    g_hash_table_add (names, g_array_index (states, StLinkState, i).name);
  if (taken)
    g_hash_table_add (names, (gpointer) taken);
  for (guint number = first;; number++)
    {
      g_autofree char *name = g_strdup_printf ("%s%u", prefix, number);
      if (!g_hash_table_contains (names, name))
        return g_steal_pointer (&name);
    }
}

/* Six bytes in hexadecimal, separated by colons. */
gboolean
st_link_parse_mac (const char *text,
                   guint8      bytes[6],
                   GError    **error)
{
  gboolean is_right = strlen (text) == 17;
  for (gsize i = 0; i < 6 && is_right; i++)
    {
      const char *part = text + 3 * i;
      is_right = g_ascii_isxdigit (part[0]) && g_ascii_isxdigit (part[1]) && part[2] == (i < 5 ? ':' : '\0');
      if (is_right)
        bytes[i] = (guint8) (g_ascii_xdigit_value (part[0]) << 4 | g_ascii_xdigit_value (part[1]));
    }
  const gboolean is_of_one = is_right && !(bytes[0] & 1) && !g_str_equal (text, "00:00:00:00:00:00");
  if (!is_right)
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no MAC address: \"%s\" (one is like \"02:00:00:00:00:01\")", text);
  else if (!is_of_one)
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no MAC address of one station: \"%s\"", text);
  return is_of_one;
}
