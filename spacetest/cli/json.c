/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "json.h"

#include <glib.h>

/* @text between quotes, or null for NULL. What is not UTF-8 is replaced. */
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
    else if ((guchar) *c < 0x20)
      g_string_append_printf (json, "\\u%04x", *c);
    else
      g_string_append_c (json, *c);
  g_string_append_c (json, '"');
  return g_string_free (json, FALSE);
#include <stdbool.h>
/* Of the character that begins here, or 0. The byte that ends the text is part of none. */
static size_t
get_length (const unsigned char *text)
  const unsigned char first = text[0];
  const size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  const bool is_overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
  const bool is_no_character = (first == 0xed && text[1] >= 0xa0) || (first == 0xf4 && text[1] >= 0x90);
  return is_overlong || is_no_character ? 0 : length;
}
void
json_put_string (FILE       *out,
                 const char *text)
  const unsigned char *rest = (const unsigned char *) text;
  fputc ('"', out);
  while (*rest)
    {
      const size_t length = get_length (rest);
      if (length == 0)
        fputs ("\\ufffd", out);
      else if (*rest < ' ' || *rest == 0x7f)
        fprintf (out, "\\u%04x", *rest);
      else
        {
          if (*rest == '"' || *rest == '\\')
            fputc ('\\', out);
          fwrite (rest, 1, length, out);
        }
      rest += length ? length : 1;
    }
  fputc ('"', out);
}
void
json_put_member (FILE       *out,
                 const char *name,
                 const char *value)
  fputs (", ", out);
  json_put_string (out, name);
  fputs (": ", out);
  if (value)
    json_put_string (out, value);
  else
    fputs ("null", out);
}
