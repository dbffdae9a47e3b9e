/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include "rows.h"
#include "st-error-private.h"
#include "st-reexec-private.h"
#include "st-system.h"
#include "st-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Action parcels, as who runs an action and the action itself read them. An input is a row of labels with some descriptors, or of values
 * in memory that are sent as they should be. */

#define ANSWER "(mvmsis)"
#define ORDER  "(smv)"

/* Of the byte that says which. */
#define VALUE    0x80 /* it is a value */
#define IS_ORDER 0x40

typedef enum
{
  FILE_ANSWER,
  FILE_ORDER,
  FILE_EMPTY,
  FILE_OPEN, /* anybody could change it */
  FILE_NULL,
  FILE_SOCKET,
  N_FILES,
} File;

static int files[N_FILES];
static guint n_answers, n_errors, n_orders, n_refused;

/* Seeds that nothing comes of are seeds of an older protocol. */
static void
check_seeds (void)
{
  g_assert_true (n_answers > 0 && n_errors > 0 && n_orders > 0 && n_refused > 0);
}

static int
store (const char *text)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (text));
  return st_parcel_create_content (g_variant_get_data (value), g_variant_get_size (value));
}

static void
prepare (void)
{
  int sockets[2];
  if (files[FILE_SOCKET])
    return;
  atexit (check_seeds);
  files[FILE_ANSWER] = store ("(@mv <{'a': 1}>, @ms nothing, 0, '')");
  files[FILE_ORDER] = store ("('name', @mv <'parameter'>)");
  files[FILE_EMPTY] = st_parcel_create_content ("", 0);
  files[FILE_OPEN] = st_system_open_memory ("open", 4);
  files[FILE_NULL] = open ("/dev/null", O_RDWR | O_CLOEXEC);
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  files[FILE_SOCKET] = sockets[0];
}

static void
check_answer (GVariant *answer)
{
  g_autoptr (GError) error = NULL, failure = NULL;
  g_autoptr (GVariant) value = st_reexec_unpack (answer, &error);
  g_assert_true ((value == NULL) == (error != NULL));
  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
  g_assert_true (!value || st_reexec_check_value (value, &failure) || g_error_matches (failure, ST_ERROR, ST_ERROR_INVALID_ARGUMENT));
  n_answers += value != NULL;
  n_errors += error != NULL;
}

static void
check_order (GVariant *order)
{
  g_autoptr (GVariant) parameter = NULL;
  const char *name;
  g_variant_get (order, "(&smv)", &name, &parameter);
  g_assert_true (g_utf8_validate (name, -1, NULL));
  n_orders++;
}

static GVariant *
read_parcel (StParcel   *parcel,
             const char *type)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = st_reexec_read (parcel, G_VARIANT_TYPE (type), &error);
  g_assert_true ((value == NULL) == (error != NULL));
  g_assert_true (!error || g_error_matches (error, ST_ERROR, ST_ERROR_PROTOCOL));
  g_assert_cmpint (parcel->content, ==, -1);
  n_refused += error != NULL;
  return value;
}

static void
check_value (GVariant   *value,
             const char *type)
{
  if (g_str_equal (type, ANSWER))
    check_answer (value);
  else
    check_order (value);
}

/* Whatever is sent, what arrives is whole, and nothing else. */
static void
take_value (const uint8_t *record,
            size_t         size,
            const char    *type,
            const int     *sockets)
{
  StParcel parcel;
  g_autoptr (GBytes) bytes = g_bytes_new (record, size);
  g_autoptr (GVariant) sent = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE));
  g_autoptr (GVariant) normal = g_variant_get_normal_form (sent);
  g_assert_cmpint (st_reexec_send (sockets[0], ST_PARCEL_ANSWER, sent), ==, 0);
  g_assert_cmpint (st_parcel_receive_now (sockets[1], &parcel), ==, 1);
  g_assert_cmpint (parcel.kind, ==, ST_PARCEL_ANSWER);
  g_autoptr (GVariant) value = read_parcel (&parcel, type);
  g_assert_true (g_variant_equal (value, normal));
  check_value (value, type);
}

/* A content that was sealed has the type that it was sealed with: it is nobody else's. */
static void
read_label (StParcel *parcel,
            int       first)
{
  const char *type = first == FILE_ORDER ? ORDER : ANSWER;
  g_autoptr (GVariant) value = read_parcel (parcel, type);
  g_assert_true ((value != NULL) == (first == FILE_ANSWER || first == FILE_ORDER));
  if (value)
    check_value (value, type);
}

static void
take_label (const uint8_t *record,
            size_t         size,
            size_t         n_fds,
            unsigned int   which,
            const int     *sockets)
{
  StParcel parcel;
  int fds[MAX_FDS];
  for (size_t i = 0; i < n_fds; i++)
    fds[i] = files[(which + i * (which >> 3)) % N_FILES];
  rows_send (sockets[0], record, size, fds, n_fds);
  const int result = st_parcel_receive_now (sockets[1], &parcel);
  g_assert_true (result == 1 || result == -EPROTO || (result == -EMFILE && n_fds > 1) || (result == 0 && size == 0));
  n_refused += result < 0;
  if (result == 1)
    read_label (&parcel, n_fds > 0 ? (int) (which % N_FILES) : -1);
  else
    g_assert_cmpint (parcel.content, ==, -1);
}

static void
take_record (const uint8_t *record,
             size_t         size,
             size_t         n_fds,
             unsigned int   which)
{
  int sockets[2];
  g_assert_cmpint (st_wire_pair (sockets), ==, 0);
  if (which & VALUE)
    take_value (record, size, which & IS_ORDER ? ORDER : ANSWER, sockets);
  else
    take_label (record, size, n_fds, which, sockets);
  close (sockets[0]);
  close (sockets[1]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  prepare ();
  const int n_fds = rows_count_fds (64);
  rows_take (data, size, take_record);
  g_assert_cmpint (rows_count_fds (64), ==, n_fds);
  return 0;
}
