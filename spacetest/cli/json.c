/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "json.h"

#include <stddef.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many bytes of UTF-8 the character at @text has, 0 if it is none: cut off, longer than need be, a surrogate or too high. */
static size_t
get_character_length (const unsigned char *text)
{
  static const unsigned int lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
  const unsigned char lead = text[0];
  const size_t length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
  if (length < 2)
    return length;
  unsigned int value = lead & (0x7fU >> length);
  for (size_t i = 1; i < length; i++)
    {
      if ((text[i] & 0xc0) != 0x80)
        return 0;
      value = value << 6 | (text[i] & 0x3f);
    }
  return value < lowest[length] || (value >= 0xd800 && value < 0xe000) || value > 0x10ffff ? 0 : length;
}

static void
put_character (FILE                *out,
               const unsigned char *text,
               size_t               length)
{
  if (length == 0)
    fputs (REPLACEMENT, out);
  else if (*text == '"' || *text == '\\')
    fprintf (out, "\\%c", *text);
  else if (*text < ' ' || *text == 0x7f)
    fprintf (out, "\\u%04x", *text);
  else
    fwrite (text, 1, length, out);
}

void
json_put_string (FILE       *out,
                 const char *text)
{
  if (!text)
    {
      fputs ("null", out);
      return;
    }
  fputc ('"', out);
  for (const unsigned char *c = (const unsigned char *) text; *c;)
    {
      const size_t length = get_character_length (c);
      put_character (out, c, length);
      c += length ? length : 1;
    }
  fputc ('"', out);
}

/* A member of an object that is not its first. */
void
json_put_member (FILE       *out,
                 const char *name,
                 const char *value)
{
  fprintf (out, ", \"%s\": ", name);
  json_put_string (out, value);
}
