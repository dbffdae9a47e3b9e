/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <string.h>
#include <unistd.h>

/* SPACE-15, NET-01, NET-05, MNT-01, MNT-08 */
static void
test_each_kind (void)
{
  static const StNamespaceType kinds[] = {
    ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT, ST_NAMESPACE_NET, ST_NAMESPACE_UTS,
  };
  if (!test_needs_privilege ())
    return;
  for (guint set = 1; set < 1U << G_N_ELEMENTS (kinds); set++)
    {
      guint types = 0;
      for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
        types |= set & 1U << i ? kinds[i] : 0;
      g_auto (GStrv) traces = test_collect_traces ();
      StVisit *visit = test_enter_new (types);
      StSpace *space = st_visit_get_space (visit);
      g_assert_true (st_space_get_types (space) == types);
      for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
        if (types & kinds[i])
          {
            g_autofree char *made = st_namespace_ref_to_string (st_space_get_ref (space, kinds[i], NULL));
            test_assert_where (st_namespace_type_get_name (kinds[i]), made);
            for (char **line = traces; *line; line++)
              g_assert_false (g_str_has_prefix (*line, "caller") && strstr (*line, made));
          }
      test_leave (visit);
      test_assert_traces (traces);
    }
}

static void
test_transients_come_as_such (void)
{
  if (!test_needs_privilege ())
    return;
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  StSpace *space = st_visit_get_space (visit);
  g_assert_true (ST_IS_TRANSIENT_NETNS (st_space_get_ref (space, ST_NAMESPACE_NET, NULL)));
  g_assert_true (ST_IS_TRANSIENT_MNTNS (st_space_get_ref (space, ST_NAMESPACE_MNT, NULL)));
  test_leave (visit);
}

static void
test_enter_again (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_autofree char *made = st_namespace_ref_to_string (ST_NAMESPACE_REF (net));
  for (int round = 0; round < 3; round++)
    {
      StVisit *visit = st_space_enter (ST_SPACE (net), &error);
      g_assert_no_error (error);
      g_assert_true (st_visit_get_space (visit) == ST_SPACE (net));
      test_assert_where ("net", made);
      test_leave (visit);
    }
}

static void
test_nested (void)
{
  if (!test_needs_privilege ())
    return;
  StVisit *visits[8];
  char *where[9];
  where[0] = test_where ("net");
  for (int i = 0; i < 8; i++)
    {
      visits[i] = test_enter_new (i % 2 ? ST_NAMESPACE_NET | ST_NAMESPACE_MNT : ST_NAMESPACE_NET);
      where[i + 1] = test_where ("net");
      g_assert_cmpstr (where[i + 1], !=, where[i]);
    }
  for (int i = 7; i >= 0; i--)
    {
      test_assert_where ("net", where[i + 1]);
      test_leave (visits[i]);
      g_free (where[i + 1]);
    }
  test_assert_where ("net", where[0]);
  g_free (where[0]);
}

static void
test_leave_out_of_order (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  StVisit *outer = test_enter_new (ST_NAMESPACE_UTS);
  StVisit *inner = test_enter_new (ST_NAMESPACE_NET);
  g_autofree char *net = test_where ("net");
  g_autofree char *uts = test_where ("uts");
  g_assert_false (st_visit_leave (outer, &error));
  test_assert_failed (error, ST_ERROR_WRONG_ORDER, "");
  g_assert_true (st_visit_is_active (outer));
  test_assert_where ("net", net);
  test_assert_where ("uts", uts);
  test_leave (inner);
  test_leave (outer);
}

static void
test_leave_twice (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  StVisit *outer = test_enter_new (ST_NAMESPACE_UTS);
  g_autofree char *uts = test_where ("uts");
  g_autoptr (StVisit) visit = test_enter_new (ST_NAMESPACE_NET);
  test_leave (g_object_ref (visit));
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  test_assert_where ("uts", uts);
  test_leave (outer);
}

static gpointer
leave_here (gpointer data)
{
  GError *error = NULL;
  g_autofree char *before = test_where ("net");
  g_assert_true (st_visit_is_active (data));
  g_assert_false (st_visit_leave (data, &error));
  test_assert_where ("net", before);
  return error;
}

static void
test_leave_on_other_thread (void)
{
  if (!test_needs_privilege ())
    return;
  GThread *elsewhere_starts_at_home = NULL;
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET);
  g_autofree char *inside = test_where ("net");
  elsewhere_starts_at_home = g_thread_new ("other", leave_here, visit);
  GError *error = g_thread_join (elsewhere_starts_at_home);
  test_assert_failed (error, ST_ERROR_WRONG_THREAD, "");
  test_assert_where ("net", inside);
  test_leave (visit);
}

/* The thread's own stack owns a visit: dropping it, as a garbage collector would, neither ends nor frees it. */
static void
test_drop (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  StVisit *outer = test_enter_new (ST_NAMESPACE_UTS);
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET);
  g_autofree char *inside = test_where ("net");
  g_object_add_weak_pointer (G_OBJECT (visit), (gpointer *) &visit);
  g_object_unref (visit);
  g_assert_nonnull (visit);
  test_assert_where ("net", inside);
  g_assert_false (st_visit_leave (outer, &error));
  test_assert_failed (error, ST_ERROR_WRONG_ORDER, "");
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_assert_null (visit);
  test_leave (outer);
}

static gpointer
enter_and_end (gpointer data)
{
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  g_object_unref (test_enter_new (ST_NAMESPACE_UTS));
  return visit;
}

/* A thread takes its visits with it. */
static void
test_thread_ends (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StVisit) visit = g_thread_join (g_thread_new ("ends", enter_and_end, NULL));
  g_assert_false (st_visit_is_active (visit));
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
}

static void
leave_in_child (gpointer visit)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *inside = g_file_read_link ("/proc/thread-self/ns/net", &error);
  g_assert_no_error (error);
  st_visit_leave (visit, &error);
  g_assert_no_error (error);
  g_autofree char *home = g_file_read_link ("/proc/thread-self/ns/net", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (home, !=, inside);
  g_autofree char *first = g_strdup_printf ("/proc/%d/ns/net", getppid ());
  g_autofree char *parent = g_file_read_link (first, &error); /* of its main thread, which is on the visit */
  g_assert_no_error (error);
  g_assert_cmpstr (parent, ==, inside);
}

/* The child is on it, too, and leaves it for itself. */
static void
test_forked (void)
{
  if (!test_needs_privilege ())
    return;
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  g_autofree char *made = st_namespace_ref_to_string (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_NET, NULL));
  test_in_child (leave_in_child, visit);
  test_assert_where ("net", made);
  g_assert_true (st_visit_is_active (visit));
  test_leave (visit);
}

static void
test_scope (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *home = test_where ("net");
  if (!test_needs_privilege ())
    return;
  g_autoptr (StTransientNetns) net = st_transient_netns_new (&error);
  g_autofree char *made = st_namespace_ref_to_string (ST_NAMESPACE_REF (net));
  {
    ST_VISIT_SCOPE (ST_SPACE (net), &error);
    g_assert_no_error (error);
    test_assert_where ("net", made);
  }
  test_assert_where ("net", home);
  st_namespace_ref_close (ST_NAMESPACE_REF (net));
  {
    ST_VISIT_SCOPE (ST_SPACE (net), &error);
    test_assert_failed (error, ST_ERROR_CLOSED, "");
    test_assert_where ("net", home);
  }
}

/* The visit keeps what it needs, and the way home is its own. */
static void
test_closed_meanwhile (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  StVisit *visit = test_enter_new (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
  st_namespace_ref_close (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_NET, &error));
  st_namespace_ref_close (st_space_get_ref (st_visit_get_space (visit), ST_NAMESPACE_MNT, &error));
  test_leave (visit);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/visit/each-kind/SPACE-15", test_each_kind);
  test_add ("/visit/transients-come-as-such", test_transients_come_as_such);
  test_add ("/visit/enter-again", test_enter_again);
  test_add ("/visit/nested", test_nested);
  test_add ("/visit/leave-out-of-order", test_leave_out_of_order);
  test_add ("/visit/leave-twice", test_leave_twice);
  test_add ("/visit/leave-on-other-thread", test_leave_on_other_thread);
  test_add ("/visit/drop", test_drop);
  test_add ("/visit/thread-ends", test_thread_ends);
  test_add ("/visit/forked", test_forked);
  test_add ("/visit/scope", test_scope);
  test_add ("/visit/closed-meanwhile", test_closed_meanwhile);
  return g_test_run ();
}
