/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "rows.h"
#include "st-error.h"
#include "st-namespace-ref.h"

#include <stdlib.h>
#include <string.h>

/* Portable references. An input is a byte that says in which form, and a text in which $I and the like stand for what is true of a
 * namespace that is open here; or the type of a value, its end, and its bytes; or changes to the description in memory. */

typedef enum
{
  FORM_TEXT,
  FORM_VALUE, /* of any type */
  FORM_BYTES,
  N_FORMS,
} Form;

static StNamespaceRef *ref;
static GVariant *truth;
static guint n_opened[N_FORMS], n_stale;

/* Seeds that nothing comes of are seeds of another description. */
static void
check_seeds (void)
{
  g_assert_true (n_opened[FORM_TEXT] > 0 && n_opened[FORM_BYTES] > 0 && n_stale > 0);
  g_object_unref (ref);
  g_variant_unref (truth);
}

static void
prepare (void)
{
  g_autoptr (GError) error = NULL;
  if (ref)
    return;
  ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  truth = st_namespace_ref_to_portable (ref, &error);
  g_assert_no_error (error);
  atexit (check_seeds);
}

static const char *
find_key (char letter)
{
  static const char *const keys[] = { "Bboot", "Ddevice", "Ffd", "Iinode", "Kkind", "Ppid", "Sserial", "Tstart-time" };
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i][0] == letter)
      return keys[i] + 1;
  return "";
}

static char *
complete (const uint8_t *data,
          size_t         size)
{
  GString *text = g_string_new (NULL);
  for (size_t i = 0; i < size && data[i]; i++)
    {
      const char *key = data[i] == '$' && i + 1 < size ? find_key ((char) data[i + 1]) : "";
      g_autoptr (GVariant) value = g_variant_lookup_value (truth, key, NULL);
      g_autofree char *printed = value ? g_variant_print (value, FALSE) : NULL;
      if (printed)
        g_string_append (text, printed);
      else
        g_string_append_c (text, (char) data[i]);
      i += printed != NULL;
    }
  return g_string_free (text, FALSE);
}

/* Where to cut it, in two bytes (0: nowhere), and then three for each change: where, in two, and what to put there. */
static GVariant *
change (const uint8_t *data,
        size_t         size)
{
  gsize length = g_variant_get_size (truth);
  char *bytes = g_memdup2 (g_variant_get_data (truth), length);
  const gsize cut = size < 2 ? 0 : (gsize) data[0] | (gsize) data[1] << 8;
  for (; size >= 5; data += 3, size -= 3)
    bytes[((gsize) data[2] | (gsize) data[3] << 8) % length] = (char) data[4];
  if (cut > 0)
    length = cut % length;
  /* In memory of just that size, so that a sanitizer sees who reads too far. */
  g_autoptr (GBytes) exact = g_bytes_new (bytes, length);
  g_free (bytes);
  return g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, exact, FALSE);
}

/* NULL if the type is none. */
static GVariant *
create_value (const uint8_t *data,
              size_t         size)
{
  g_autofree char *type = g_strndup ((const char *) data, size);
  const size_t begin = MIN (size, strlen (type) + 1);
  if (!g_variant_type_string_is_valid (type) || !g_variant_type_is_definite (G_VARIANT_TYPE (type)))
    return NULL;
  g_autoptr (GBytes) exact = g_bytes_new (data + begin, size - begin);
  return g_variant_new_from_bytes (G_VARIANT_TYPE (type), exact, FALSE);
}

static StNamespaceRef *
open_input (Form           form,
            const uint8_t *data,
            size_t         size,
            GError       **error)
{
  g_autofree char *text = form == FORM_TEXT ? complete (data, size) : NULL;
  GVariant *value = form == FORM_BYTES ? change (data, size) : form == FORM_VALUE ? create_value (data, size) : NULL;
  return value ? st_namespace_ref_new_from_portable (value, error) : st_namespace_ref_new_from_portable_string (text ? text : "", error);
}

/* What was opened can be described and opened again. */
static void
check_opened (StNamespaceRef *opened)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = st_namespace_ref_to_portable_string (opened, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) again = st_namespace_ref_new_from_portable_string (text, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (opened, again));
}

static void
check_error (const GError *error)
{
  g_assert_true (error->domain == ST_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autoptr (GError) error = NULL;
  prepare ();
  if (size < 1)
    return 0;
  const Form form = data[0] % N_FORMS;
  const int n_fds = rows_count_fds (64);
  g_autoptr (StNamespaceRef) opened = open_input (form, data + 1, size - 1, &error);
  g_assert_true ((opened == NULL) == (error != NULL));
  if (opened)
    check_opened (opened);
  else
    check_error (error);
  n_opened[form] += opened != NULL;
  n_stale += g_error_matches (error, ST_ERROR, ST_ERROR_STALE);
  g_clear_object (&opened);
  g_assert_cmpint (rows_count_fds (64), ==, n_fds);
  return 0;
}
