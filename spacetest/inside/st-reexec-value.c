/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-reexec-private.h"

#include "st-error-private.h"

#include <errno.h>
#include <unistd.h>

#define ANSWER "(mvmsis)" /* the result; or domain, code and message of an error */

/* Beyond 128, with what is around it, GVariant has other values than were put in, and says nothing. */
#define MOST_DEPTH 100

static gboolean
is_flat (GVariant *value)
{
  return !g_variant_is_container (value) ||
         (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY) && g_variant_type_is_basic (g_variant_type_element (g_variant_get_type (value))));
}

static gboolean
is_deeper (GVariant *value,
           guint     depth)
{
  if (is_flat (value))
    return FALSE;
  const gsize n = g_variant_n_children (value);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);
      if (depth == 0 || is_deeper (child, depth - 1))
        return TRUE;
    }
  return FALSE;
}

gboolean
st_reexec_check_value (GVariant *value,
                       GError  **error)
{
  if (!value || !is_deeper (value, MOST_DEPTH))
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "a value of type %.64s can't be given to an action or come from one: nested deeper than %d",
                g_variant_get_type_string (value), MOST_DEPTH);
  return FALSE;
}

/* The other side trusts it, so that what is not as it should be becomes what accessors make of it here. */
static GVariant *
normalise (GVariant *value)
{
  g_autoptr (GVariant) kept = g_variant_ref_sink (value);
  return g_variant_get_normal_form (kept);
}

int
st_reexec_send (int          socket,
                StParcelKind kind,
                GVariant    *value)
{
  g_autoptr (GVariant) kept = value ? normalise (value) : NULL;
  StParcel parcel = { kind, -1 };
  if (kept)
    parcel.content = st_parcel_create_content (g_variant_get_data (kept), g_variant_get_size (kept));
  if (kept && parcel.content < 0)
    return parcel.content;
  const int result = st_parcel_send (socket, &parcel);
  if (parcel.content >= 0)
    close (parcel.content);
  return result;
}

typedef struct
{
  const void *data;
  size_t size;
} Map;

static void
map_free (gpointer data)
{
  g_autofree Map *map = data;
  st_parcel_unmap (map->data, map->size);
}

/* Takes the content. It is a program's own, by a socket that nobody else has, and sealed: checking 100 MB takes seconds. */
GVariant *
st_reexec_read (StParcel           *parcel,
                const GVariantType *type,
                GError            **error)
{
  Map map;
  const int result = parcel->content < 0 ? -EPROTO : st_parcel_map_content (parcel->content, &map.data, &map.size);
  if (parcel->content >= 0)
    close (parcel->content);
  parcel->content = -1;
  if (result < 0)
    {
      st_error_set (error, ST_ERROR_PROTOCOL, "cannot read what an action or its caller says: %s", g_strerror (-result));
      return NULL;
    }
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (map.data, map.size, map_free, g_memdup2 (&map, sizeof map));
  return g_variant_ref_sink (g_variant_new_from_bytes (type, bytes, TRUE));
}

/* One of both. */
GVariant *
st_reexec_pack (GVariant     *value,
                const GError *error)
{
  if (value)
    return g_variant_new (ANSWER, value, NULL, 0, "");
  g_autofree char *message = g_utf8_make_valid (error->message, -1);
  return g_variant_new (ANSWER, NULL, g_quark_to_string (error->domain), error->code, message);
}

GVariant *
st_reexec_unpack (GVariant *answer,
                  GError  **error)
{
  g_autoptr (GVariant) value = NULL;
  const char *domain, *message;
  int code;
  if (!g_variant_is_of_type (answer, G_VARIANT_TYPE (ANSWER)))
    {
      st_error_set (error, ST_ERROR_PROTOCOL, "an action answered a value of type %s", g_variant_get_type_string (answer));
      return NULL;
    }
  g_variant_get (answer, "(mvm&si&s)", &value, &domain, &code, &message);
  if (!value)
    g_set_error_literal (error, domain && *domain ? g_quark_from_string (domain) : ST_ERROR, domain && *domain ? code : ST_ERROR_FAILED, message);
  return g_steal_pointer (&value);
}
