/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <string.h>
#include <unistd.h>

static StSpace *
make_uts (void)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *made = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  return ST_SPACE (made);
}

static void
assert_name (StSpace    *space,
             const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = st_space_get_host_name (space, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (name, ==, expected);
}

static gboolean
compare_inside (gpointer data,
                GError **error)
{
  char name[256];
  g_assert_no_errno (gethostname (name, sizeof name));
  g_assert_cmpstr (name, ==, data);
  return TRUE;
}

static void
test_set (void)
{
  char before[256], after[256];
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autofree char *longest = g_strnfill (64, 'x');
  const char *names[] = { "inside", "host.example.net", "h\xc3\xb6st", longest };
  g_assert_no_errno (gethostname (before, sizeof before));
  g_autoptr (StSpace) uts = make_uts ();
  g_autoptr (StSpace) other = make_uts ();
  assert_name (uts, before); /* a copy */
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_true (st_space_set_host_name (uts, names[i], &error));
      g_assert_no_error (error);
      assert_name (uts, names[i]);
      g_assert_true (st_space_call (uts, compare_inside, (gpointer) names[i], &error));
    }
  assert_name (other, before);
  g_assert_no_errno (gethostname (after, sizeof after));
  g_assert_cmpstr (before, ==, after);
}

static gboolean
set_bytes (gpointer data,
           GError **error)
{
  g_assert_no_errno (sethostname ("\xff\xfe", 2));
  return TRUE;
}

/* What somebody else has set need not be text. */
static void
test_not_text (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) uts = make_uts ();
  g_assert_true (st_space_call (uts, set_bytes, NULL, &error));
  g_autofree char *name = st_space_get_host_name (uts, &error);
  g_assert_true (g_utf8_validate (name, -1, NULL));
}

static void
assert_refused (StSpace    *space,
                const char *name,
                StError     code,
                const char *text)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_set_host_name (space, name, &error));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  test_assert_failed (error, code, text);
}

/* Not by root, and not from another one either. */
static void
test_home (void)
{
  char before[256], after[256];
  g_autoptr (GError) error = NULL;
  g_assert_no_errno (gethostname (before, sizeof before));
  g_autoptr (StNamespaceRef) home = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  assert_refused (ST_SPACE (home), "elsewhere", ST_ERROR_WOULD_TOUCH_HOST, "host name");
  if (test_is_privileged ())
    {
      assert_name (ST_SPACE (home), before);
      g_autoptr (StSpace) uts = make_uts ();
      g_autoptr (StVisit) visit = st_space_enter (uts, &error);
      g_assert_no_error (error);
      assert_refused (ST_SPACE (home), "elsewhere", ST_ERROR_WOULD_TOUCH_HOST, "host name");
      g_assert_true (st_visit_leave (visit, &error));
    }
  g_assert_no_errno (gethostname (after, sizeof after));
  g_assert_cmpstr (before, ==, after);
}

static void
test_refused (void)
{
  if (!test_needs_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  g_autofree char *too_long = g_strnfill (65, 'x');
  g_autofree char *far_too_long = g_strnfill (100000, 'x');
  g_autoptr (StSpace) uts = make_uts ();
  g_autoptr (StSpace) netns = ST_SPACE (st_transient_netns_new (&error));
  assert_refused (uts, too_long, ST_ERROR_INVALID_ARGUMENT, "host name");
  assert_refused (uts, far_too_long, ST_ERROR_INVALID_ARGUMENT, "host name");
  assert_refused (netns, "inside", ST_ERROR_INVALID_ARGUMENT, "uts");
  g_assert_null (st_space_get_host_name (netns, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "uts");
  st_namespace_ref_close (ST_NAMESPACE_REF (uts));
  assert_refused (uts, "inside", ST_ERROR_CLOSED, "closed");
}

static void
test_forbidden (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  const int child = test_start_idle_child (0x10000000 | 0x04000000); /* of its own user namespace, and its UTS namespace */
  g_autoptr (StSpace) foreign = st_space_new_for_pid (child, ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  assert_refused (foreign, "inside", ST_ERROR_PERMISSION_DENIED, "uts");
  test_end_idle_child (child);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/host-name/set", test_set);
  test_add ("/host-name/not-text", test_not_text);
  test_add ("/host-name/home", test_home);
  test_add ("/host-name/refused", test_refused);
  test_add ("/host-name/forbidden", test_forbidden);
  return g_test_run ();
}
