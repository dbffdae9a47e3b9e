/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* How references end, and who owns what. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
never_run (gpointer data,
           GError **error)
{
  g_assert_not_reached ();
}

static void
check_space_closed (StSpace *space)
{
  g_autoptr (GError) error = NULL;
  const char *words = "is closed, or was made without its constructor";
  test_assert_not_made (st_space_enter (space, &error), error, ST_ERROR_CLOSED, words);
  g_assert_false (st_space_call (space, never_run, NULL, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, words);
  g_assert_false (st_space_run_in_thread (space, never_run, NULL, NULL, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, words);
}

static void
check_closed (StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  const char *words = "namespace reference is closed, or was made without its constructor";
  g_assert_true (st_namespace_ref_is_closed (ref));
  test_assert_not_made (st_namespace_ref_get_id (ref, &error), error, ST_ERROR_CLOSED, words);
  test_assert_not_made (st_namespace_ref_get_owner (ref, &error), error, ST_ERROR_CLOSED, words);
  test_assert_not_made (st_namespace_ref_get_parent (ref, &error), error, ST_ERROR_CLOSED, words);
  test_assert_not_made (st_namespace_ref_to_portable (ref, &error), error, ST_ERROR_CLOSED, words);
  g_assert_cmpuint (st_namespace_ref_get_serial (ref, &error), ==, 0);
  test_assert_failed (error, ST_ERROR_CLOSED, words);
  g_assert_cmpint (st_namespace_ref_get_owner_uid (ref, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, words);
  g_assert_cmpint (st_namespace_ref_peek_fd (ref, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, words);
  g_assert_cmpint (st_namespace_ref_dup_fd (ref, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_CLOSED, words);
  check_space_closed (ST_SPACE (ref));
}

static void
test_closed (void)
{
  static const StNamespaceType kinds[] = {
    ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT, ST_NAMESPACE_NET,
    ST_NAMESPACE_PID, ST_NAMESPACE_TIME, ST_NAMESPACE_USER, ST_NAMESPACE_UTS,
  };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StNamespaceRef) ref = test_open_current (kinds[i]);
      g_assert_false (st_namespace_ref_is_closed (ref));
      st_namespace_ref_close (ref);
      check_closed (ref);
      st_namespace_ref_close (ref);
      check_closed (ref);
      g_assert_cmphex (st_namespace_ref_get_namespace_type (ref), ==, kinds[i]);
      g_assert_cmphex (st_space_get_types (ST_SPACE (ref)), ==, kinds[i]);
    }
}

static void
test_made_without_constructor (void)
{
  g_autoptr (StNamespaceRef) ref = g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
  g_autofree char *text = st_namespace_ref_to_string (ref);
  check_closed (ref);
  g_assert_cmphex (st_namespace_ref_get_namespace_type (ref), ==, ST_NAMESPACE_NONE);
  g_assert_cmpstr (text, ==, "closed");
  g_assert_cmpuint (st_namespace_ref_hash (ref), ==, st_namespace_ref_hash (ref));
  st_namespace_ref_close (ref);
  check_closed (ref);
}

static void
count_notification (GObject    *object,
                    GParamSpec *pspec,
                    gpointer    data)
{
  gboolean closed;
  guint *count = data;
  g_object_get (object, "closed", &closed, NULL);
  g_assert_true (closed);
  (*count)++;
}

static void
test_notification (void)
{
  guint count = 0;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_signal_connect (ref, "notify::closed", G_CALLBACK (count_notification), &count);
  st_namespace_ref_close (ref);
  st_namespace_ref_close (ref);
  g_assert_cmpuint (count, ==, 1);
}

static void
test_hash_table (void)
{
  g_autoptr (GHashTable) table =
    g_hash_table_new_full ((GHashFunc) st_namespace_ref_hash, (GEqualFunc) st_namespace_ref_equal, g_object_unref, NULL);
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) same = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) uts = test_open_current (ST_NAMESPACE_UTS);
  const guint hash = st_namespace_ref_hash (net);
  g_assert_true (g_hash_table_add (table, g_object_ref (net)));
  g_assert_false (g_hash_table_add (table, g_object_ref (net)));
  g_assert_true (g_hash_table_contains (table, same));
  g_assert_false (g_hash_table_contains (table, uts));

  st_namespace_ref_close (net);
  g_assert_cmpuint (st_namespace_ref_hash (net), ==, hash);
  g_assert_true (st_namespace_ref_equal (net, net));
  g_assert_true (g_hash_table_contains (table, net));
  g_assert_true (g_hash_table_remove (table, net));
  g_assert_cmpuint (g_hash_table_size (table), ==, 0);
}

/* OPS-19: what is peeked at is the reference's, what is duplicated the caller's. */
static void
test_ownership (void)
{
  g_autoptr (GError) error = NULL;
  struct stat one, other;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  const int peeked = st_namespace_ref_peek_fd (ref, &error);
  const int duplicate = st_namespace_ref_dup_fd (ref, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_peek_fd (ref, &error), ==, peeked);
  g_assert_cmpint (duplicate, !=, peeked);
  g_assert_no_errno (fstat (peeked, &one));
  st_namespace_ref_close (ref);
  g_assert_cmpint (fcntl (peeked, F_GETFD), ==, -1);
  g_assert_no_errno (fstat (duplicate, &other));
  g_assert_cmpuint (one.st_ino, ==, other.st_ino);
  close (duplicate);
}

static void
test_last_reference_closes (void)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = test_open_current (ST_NAMESPACE_NET);
  const int fd = st_namespace_ref_peek_fd (ref, &error);
  g_assert_no_error (error);
  g_object_ref (ref);
  g_object_unref (ref);
  g_assert_no_errno (fcntl (fd, F_GETFD));
  g_object_unref (ref);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
}

/* The descriptor that one reference closed is not one that another holds. */
static void
test_independent (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) copy = st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (ref, &error), ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  st_namespace_ref_close (ref);
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (copy, &error);
  g_assert_no_error (error);
  g_assert_nonnull (id);
  g_assert_no_errno (fcntl (st_namespace_ref_peek_fd (copy, &error), F_GETFD));
}

#define N_USERS 4
#define N_ROUNDS 30

typedef struct
{
  StNamespaceRef *ref;
  struct stat expected;
  int started; /* atomic */
} Race;

static gboolean
was_closed (GError *error)
{
  if (!error)
    return FALSE;
  g_assert_error (error, ST_ERROR, ST_ERROR_CLOSED);
  return TRUE;
}

/* Either it is the right one, or the reference is closed: never a number that something else has got by now. */
static gpointer
use_until_closed (gpointer data)
{
  Race *race = data;
  gboolean closed = FALSE;
  g_atomic_int_inc (&race->started);
  while (!closed)
    {
      g_autoptr (GError) error = NULL;
      struct stat status;
      g_autofree char *text = st_namespace_ref_to_string (race->ref);
      const int fd = st_namespace_ref_dup_fd (race->ref, &error);
      if (fd >= 0)
        {
          g_assert_no_errno (fstat (fd, &status));
          g_assert_cmpuint (status.st_ino, ==, race->expected.st_ino);
          close (fd);
          g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (race->ref, &error);
          g_autoptr (StNamespaceRef) owner = error ? NULL : st_namespace_ref_get_owner (race->ref, &error);
          if (g_error_matches (error, ST_ERROR, ST_ERROR_PERMISSION_DENIED)) /* outside of our user namespace */
            g_clear_error (&error);
          if (id)
            g_assert_cmpuint (id->inode, ==, race->expected.st_ino);
        }
      closed = was_closed (error);
    }
  return NULL;
}

static void
run_race (void)
{
  GThread *users[N_USERS];
  Race race = { .ref = test_open_current (ST_NAMESPACE_UTS) };
  g_assert_no_errno (stat ("/proc/thread-self/ns/uts", &race.expected));
  for (guint i = 0; i < N_USERS; i++)
    users[i] = g_thread_new ("user", use_until_closed, &race);
  while (g_atomic_int_get (&race.started) < N_USERS)
    g_thread_yield ();
  st_namespace_ref_close (race.ref);
  const int tempting = open ("/dev/null", O_RDWR | O_CLOEXEC);
  for (guint i = 0; i < N_USERS; i++)
    g_thread_join (users[i]);
  close (tempting);
  g_object_unref (race.ref);
}

static void
test_race (void)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    run_race ();
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/namespace-ref/close/OPS-17/closed", test_closed);
  test_add ("/namespace-ref/close/made-without-constructor", test_made_without_constructor);
  test_add ("/namespace-ref/close/notification", test_notification);
  test_add ("/namespace-ref/close/hash-table", test_hash_table);
  test_add ("/namespace-ref/close/OPS-19/ownership", test_ownership);
  test_add ("/namespace-ref/close/last-reference", test_last_reference_closes);
  test_add ("/namespace-ref/close/independent", test_independent);
  test_add ("/namespace-ref/close/race", test_race);
  return g_test_run ();
}
