/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "func-support.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#define NET_AND_UTS (ST_NAMESPACE_NET | ST_NAMESPACE_UTS)

/* What a function saw. */
typedef struct
{
  int calls;
  int tid;
  char *cgroup;
  char *ipc;
  char *mnt;
  char *net;
  char *uts;
} Seen;

static void
seen_clear (Seen *seen)
{
  g_free (seen->cgroup);
  g_free (seen->ipc);
  g_free (seen->mnt);
  g_free (seen->net);
  g_free (seen->uts);
  memset (seen, 0, sizeof *seen);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Seen, seen_clear)

static gboolean
look (gpointer data,
      GError **error)
{
  Seen *seen = data;
  const int calls = seen->calls + 1;
  seen_clear (seen);
  seen->calls = calls;
  seen->tid = gettid ();
  seen->cgroup = test_where ("cgroup");
  seen->ipc = test_where ("ipc");
  seen->mnt = test_where ("mnt");
  seen->net = test_where ("net");
  seen->uts = test_where ("uts");
  return TRUE;
}

static char *
name_of (StSpace        *space,
         StNamespaceType type)
{
  return st_namespace_ref_to_string (st_space_get_ref (space, type, NULL));
}

static void
assert_seen (const char     *seen,
             StSpace        *space,
             StNamespaceType type)
{
  g_autofree char *expected = name_of (space, type);
  g_assert_cmpstr (seen, ==, expected);
}

/* SPACE-19, SPACE-30, NET-02, NET-08, OPS-12 */
static void
test_two_kinds (void)
{
  g_auto (Seen) before = { 0 }, inside = { 0 }, after = { 0 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (NET_AND_UTS);
  look (&before, NULL);
  g_assert_true (st_space_call (space, look, &inside, &error));
  g_assert_no_error (error);
  look (&after, NULL);
  g_assert_cmpint (inside.calls, ==, 1);
  g_assert_cmpint (inside.tid, ==, gettid ());
  assert_seen (inside.net, space, ST_NAMESPACE_NET);
  assert_seen (inside.uts, space, ST_NAMESPACE_UTS);
  g_assert_cmpstr (inside.ipc, ==, before.ipc);
  g_assert_cmpstr (inside.mnt, ==, before.mnt);
  g_assert_cmpstr (after.net, ==, before.net);
  g_assert_cmpstr (after.uts, ==, before.uts);
}

/* OPS-11 */
static void
test_of_other_process (void)
{
  g_auto (Seen) inside = { 0 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  int child = test_start_idle_child (CLONE_NEWNET);
  g_autoptr (StSpace) space = st_space_new_for_pid (child, ST_NAMESPACE_NET, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_assert_true (st_space_call (space, look, &inside, &error));
  g_assert_no_error (error);
  assert_seen (inside.net, space, ST_NAMESPACE_NET);
}

/* SPACE-25 */
static void
test_carries_others (void)
{
  g_auto (Seen) inside = { 0 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_IPC, &error);
  g_assert_no_error (error);
  g_autoptr (StSpace) net = test_new_space (ST_NAMESPACE_NET);
  g_auto (GStrv) traces = test_collect_traces ();
  g_assert_true (st_space_call (net, look, &inside, &error));
  test_assert_traces (traces);
  assert_seen (inside.net, net, ST_NAMESPACE_NET);
  assert_seen (inside.ipc, st_visit_get_space (visit), ST_NAMESPACE_IPC);
  g_assert_true (st_visit_leave (visit, &error));
}

/* SPACE-26 */
static void
test_carries_others_to_mnt (void)
{
  g_auto (Seen) inside = { 0 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  int child = test_start_idle_child (CLONE_NEWNS);
  g_autoptr (StNamespaceRef) mnt = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_MNT, &error);
  test_end_idle_child (child);
  g_assert_no_error (error);
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_IPC, &error);
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  StNamespaceRef *refs[] = { mnt, ST_NAMESPACE_REF (net) };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  g_assert_no_error (error);
  g_auto (GStrv) traces = test_collect_traces ();
  g_assert_true (st_space_call (space, look, &inside, &error));
  g_assert_no_error (error);
  test_assert_traces (traces);
  assert_seen (inside.mnt, space, ST_NAMESPACE_MNT);
  assert_seen (inside.net, space, ST_NAMESPACE_NET);
  assert_seen (inside.ipc, st_visit_get_space (visit), ST_NAMESPACE_IPC);
  g_assert_true (st_visit_leave (visit, &error));
}

static void
call_in_cleanup (gpointer data)
{
  g_auto (Seen) inside = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = data;
  g_assert_true (st_space_call (space, look, &inside, &error));
  g_assert_no_error (error);
  assert_seen (inside.net, space, ST_NAMESPACE_NET);
  assert_seen (inside.mnt, space, ST_NAMESPACE_MNT);
}

/* SPACE-29, with a mount namespace too: what its predecessor could not do */
static void
test_in_cleanup (void)
{
  if (!test_needs_privilege ())
    return;
  g_test_queue_destroy (call_in_cleanup, test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_MNT));
}

static void
test_results (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_assert_false (st_space_call (ST_SPACE (own), fail_without_error, NULL, &error));
  test_assert_failed (error, ST_ERROR_CALLBACK_FAILED, "without an error");
  g_assert_false (st_space_call (ST_SPACE (own), fail_with_error, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (st_space_call (ST_SPACE (own), succeed_with_error, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_false (st_space_call (ST_SPACE (own), fail_with_error, NULL, NULL));
}

typedef struct
{
  StSpace *inner;
  Seen seen;
  StVisit *left_over;
} Nesting;

static gboolean
call_inner (gpointer data,
            GError **error)
{
  Nesting *nesting = data;
  return st_space_call (nesting->inner, look, &nesting->seen, error);
}

static void
test_nested (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) outer = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) inner = test_new_space (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  Nesting nesting = { inner };
  g_assert_true (st_space_call (outer, call_inner, &nesting, &error));
  g_assert_no_error (error);
  assert_seen (nesting.seen.uts, outer, ST_NAMESPACE_UTS);
  assert_seen (nesting.seen.net, inner, ST_NAMESPACE_NET);
  assert_seen (nesting.seen.mnt, inner, ST_NAMESPACE_MNT);
  seen_clear (&nesting.seen);

  nesting.inner = inner;
  g_assert_true (st_space_call (inner, call_inner, &nesting, &error)); /* where it is already */
  g_assert_no_error (error);
  assert_seen (nesting.seen.net, inner, ST_NAMESPACE_NET);
  seen_clear (&nesting.seen);
}

static gboolean
enter_and_stay (gpointer data,
                GError **error)
{
  Nesting *nesting = data;
  nesting->left_over = st_space_enter (nesting->inner, error);
  return nesting->left_over != NULL;
}

static gboolean
enter_and_fail (gpointer data,
                GError **error)
{
  return enter_and_stay (data, error) && fail_with_error (NULL, error);
}

static void
test_leaves_visit_open (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) outer = test_new_space (ST_NAMESPACE_UTS);
  g_autoptr (StSpace) inner = test_new_space (ST_NAMESPACE_NET);
  Nesting nesting = { inner };
  g_assert_false (st_space_call (outer, enter_and_stay, &nesting, &error));
  test_assert_failed (error, ST_ERROR_WRONG_ORDER, "1 of its visits");
  g_assert_false (st_visit_is_active (nesting.left_over));
  g_assert_true (st_visit_leave (nesting.left_over, &error)); /* it is over */
  g_clear_object (&nesting.left_over);

  g_assert_false (st_space_call (outer, enter_and_fail, &nesting, &error)); /* its own error counts */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_object (&nesting.left_over);
}

typedef struct
{
  StVisit *visit;
  GError *error;
} OuterVisit;

static gboolean
leave_outer (gpointer data,
             GError **error)
{
  OuterVisit *outer = data;
  return !st_visit_leave (outer->visit, &outer->error);
}

/* A call is a stay like others: what is around it can't be left from within. */
static void
test_leave_from_within (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) space = test_new_space (ST_NAMESPACE_UTS);
  OuterVisit outer = { st_enter_transient (ST_NAMESPACE_NET, &error) };
  g_assert_no_error (error);
  g_assert_true (st_space_call (space, leave_outer, &outer, &error));
  g_assert_no_error (error);
  test_assert_failed (outer.error, ST_ERROR_WRONG_ORDER, "");
  g_assert_true (st_visit_leave (outer.visit, &error));
  g_object_unref (outer.visit);
}

static gboolean
close_it (gpointer data,
          GError **error)
{
  st_namespace_ref_close (data);
  return TRUE;
}

static gboolean
drop_it (gpointer data,
         GError **error)
{
  g_object_unref (data);
  return TRUE;
}

static void
test_closed_meanwhile (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) closed = st_transient_netns_new (&error);
  g_assert_true (st_space_call (ST_SPACE (closed), close_it, closed, &error));
  g_assert_no_error (error);
  StSpace *dropped = test_new_space (NET_AND_UTS);
  g_assert_true (st_space_call (dropped, drop_it, dropped, &error));
  g_assert_no_error (error);
}

/* Nothing but the kind that was asked for may be entered, whatever happens to the descriptor. */
static void
test_partly_forbidden (void)
{
  g_auto (Seen) inside = { 0 };
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  int child = test_start_idle_child (CLONE_NEWUSER | CLONE_NEWNET);
  g_autoptr (StTransientNetns) unused = st_transient_netns_new (&error);
  g_autoptr (StNamespaceRef) user = st_namespace_ref_new_for_pid (child, ST_NAMESPACE_USER, &error);
  test_end_idle_child (child);
  StNamespaceRef *refs[] = { ST_NAMESPACE_REF (unused), user };
  g_autoptr (StSpace) space = st_space_new (refs, 2, &error);
  g_assert_no_error (error);
  g_assert_false (st_space_call (space, look, &inside, &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "user");
  g_assert_cmpint (inside.calls, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/call/two-kinds/SPACE-19", test_two_kinds);
  test_add ("/call/of-other-process/OPS-11", test_of_other_process);
  test_add ("/call/carries-others/SPACE-25", test_carries_others);
  test_add ("/call/carries-others-to-mnt/SPACE-26", test_carries_others_to_mnt);
  test_add ("/call/in-cleanup/SPACE-29", test_in_cleanup);
  test_add ("/call/results", test_results);
  test_add ("/call/nested", test_nested);
  test_add ("/call/leaves-visit-open", test_leaves_visit_open);
  test_add ("/call/leave-from-within", test_leave_from_within);
  test_add ("/call/closed-meanwhile", test_closed_meanwhile);
  test_add ("/call/partly-forbidden", test_partly_forbidden);
  return g_test_run ();
}
