/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "support.h"

#include <unistd.h>

/* What the suites of workers share. */

/* What a function saw. */
typedef struct
{
  int tid;
  char *where;
  const char *kind;
} Seen;

G_GNUC_UNUSED static gboolean
look (gpointer data,
      GError **error)
{
  Seen *seen = data;
  seen->tid = gettid ();
  g_free (seen->where);
  seen->where = seen->kind ? test_where (seen->kind) : NULL;
  return TRUE;
}

/* Runs it in the space's thread, and tells which one that was. */
G_GNUC_UNUSED static int
run_look (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (seen.tid, !=, gettid ());
  return seen.tid;
}

G_GNUC_UNUSED static void
assert_run_sees (StSpace        *space,
                 StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = st_namespace_ref_to_string (st_space_get_ref (space, type, NULL));
  Seen seen = { .kind = st_namespace_type_get_name (type) };
  g_assert_true (st_space_run_in_thread (space, look, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (seen.where, ==, expected);
  g_free (seen.where);
}
