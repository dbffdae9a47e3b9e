/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What can be asked of a reference. */
#include "idle-child.h"
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel numbers dynamically starts here, and so do the namespaces that were there at boot. */
#define LEAST_INODE 0xf000000

static const StNamespaceType kinds[] = {
  ST_NAMESPACE_CGROUP, ST_NAMESPACE_IPC, ST_NAMESPACE_MNT, ST_NAMESPACE_NET,
  ST_NAMESPACE_PID, ST_NAMESPACE_TIME, ST_NAMESPACE_USER, ST_NAMESPACE_UTS,
};

static StNamespaceRef *
open_path (const char     *path,
           StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_for_path (path, type, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ref);
  return ref;
}

static guint64
inode_of (StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (ref, &error);
  g_assert_no_error (error);
  return id->inode;
}

static char *
own_path (StNamespaceType type)
{
  return g_strconcat ("/proc/thread-self/ns/", st_namespace_type_get_name (type), NULL);
}

/* SPACE-01, SPACE-03, OPS-16: the kind is told by what is held, not by the name of the file. */
static void
test_kind (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = own_path (kinds[i]);
      g_autoptr (StNamespaceRef) any = open_path (path, ST_NAMESPACE_NONE);
      g_autoptr (StNamespaceRef) foretold = open_path (path, kinds[i]);
      g_assert_cmphex (st_namespace_ref_get_namespace_type (any), ==, kinds[i]);
      g_assert_cmphex (st_namespace_ref_get_namespace_type (foretold), ==, kinds[i]);
      g_assert_cmphex (st_space_get_types (ST_SPACE (any)), ==, kinds[i]);
    }
  g_autoptr (StNamespaceRef) for_children = open_path ("/proc/thread-self/ns/pid_for_children", ST_NAMESPACE_PID);
  g_assert_cmphex (st_namespace_ref_get_namespace_type (for_children), ==, ST_NAMESPACE_PID);
}

/* SPACE-05, SPACE-08 */
static void
test_inode (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      struct stat status;
      g_autofree char *path = own_path (kinds[i]);
      g_autoptr (StNamespaceRef) ref = open_path (path, kinds[i]);
      g_assert_no_errno (stat (path, &status));
      g_assert_cmpuint (inode_of (ref), ==, status.st_ino);
      g_assert_cmpuint (inode_of (ref), >=, LEAST_INODE);
    }
}

/* SPACE-10, SPACE-11, NET-03, MNT-08 */
static void
test_current (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = own_path (kinds[i]);
      g_autoptr (StNamespaceRef) one = test_open_current (kinds[i]);
      g_autoptr (StNamespaceRef) again = test_open_current (kinds[i]);
      g_autoptr (StNamespaceRef) by_path = open_path (path, kinds[i]);
      g_assert_cmphex (st_namespace_ref_get_namespace_type (one), ==, kinds[i]);
      g_assert_cmpuint (inode_of (one), ==, inode_of (again));
      g_assert_cmpuint (inode_of (one), ==, inode_of (by_path));
    }
}

static gpointer
ask_on_another_thread (gpointer data)
{
  return test_open_current (ST_NAMESPACE_UTS);
}

/* The calling thread's, not the main thread's. */
static void
test_current_of_thread (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_UTS);
  g_autoptr (StVisit) visit = st_enter_transient (ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) here = test_open_current (ST_NAMESPACE_UTS);
  g_assert_false (st_namespace_ref_equal (home, here));
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) there = g_thread_join (g_thread_new ("asker", ask_on_another_thread, NULL));
  g_assert_true (st_namespace_ref_equal (home, there));
}

/* OPS-17: however it was opened, it is the same. */
static void
test_equality (void)
{
  g_autoptr (GError) error = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = own_path (kinds[i]);
      g_autofree char *of_process = g_strdup_printf ("/proc/%d/ns/%s", getpid (), st_namespace_type_get_name (kinds[i]));
      g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_object_unref);
      const int pidfd = (int) syscall (SYS_pidfd_open, getpid (), 0);
      g_ptr_array_add (refs, test_open_current (kinds[i]));
      g_ptr_array_add (refs, open_path (path, kinds[i]));
      g_ptr_array_add (refs, open_path (of_process, ST_NAMESPACE_NONE));
      g_ptr_array_add (refs, st_namespace_ref_new_for_pid (getpid (), kinds[i], &error));
      g_ptr_array_add (refs, st_namespace_ref_new_for_pidfd (pidfd, kinds[i], &error));
      g_ptr_array_add (refs, st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (refs->pdata[0], &error), ST_NAMESPACE_NONE, &error));
      g_ptr_array_add (refs, st_namespace_ref_new_take_fd (open (path, O_RDONLY | O_CLOEXEC), ST_NAMESPACE_NONE, &error));
      g_assert_no_error (error);
      for (guint j = 0; j < refs->len; j++)
        {
          g_assert_nonnull (refs->pdata[j]);
          g_assert_true (st_namespace_ref_equal (refs->pdata[0], refs->pdata[j]));
          g_assert_true (st_namespace_ref_equal (refs->pdata[j], refs->pdata[0]));
          g_assert_cmpuint (st_namespace_ref_hash (refs->pdata[0]), ==, st_namespace_ref_hash (refs->pdata[j]));
        }
      close (pidfd);
    }
}

static void
test_inequality (void)
{
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWUTS);
  g_autofree char *path = idle_child_get_path (&child, "uts");
  g_autoptr (StNamespaceRef) own = test_open_current (ST_NAMESPACE_UTS);
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) other = open_path (path, ST_NAMESPACE_UTS);
  g_autoptr (StNamespaceRef) unmade = g_object_new (ST_TYPE_NAMESPACE_REF, NULL);
  g_assert_false (st_namespace_ref_equal (own, other));
  g_assert_false (st_namespace_ref_equal (own, net));
  g_assert_false (st_namespace_ref_equal (own, unmade));
  g_assert_false (st_namespace_ref_equal (unmade, own));
  g_assert_true (st_namespace_ref_equal (unmade, unmade));
  idle_child_stop (&child);
}

/* The reference keeps the namespace, whoever made it. */
static void
test_outlives_process (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWUTS);
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  const guint64 inode = inode_of (ref);
  idle_child_stop (&child);
  g_assert_cmpuint (inode_of (ref), ==, inode);
  g_autoptr (StNamespaceRef) same = st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (ref, &error), ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, same));
}

/* OPS-24 */
static void
test_to_string (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = own_path (kinds[i]);
      g_autoptr (StNamespaceRef) ref = test_open_current (kinds[i]);
      g_autofree char *text = st_namespace_ref_to_string (ref);
      char link[64] = "";
      g_assert_cmpint (readlink (path, link, sizeof link - 1), >, 0);
      g_assert_cmpstr (text, ==, link);
      st_namespace_ref_close (ref);
      g_autofree char *later = st_namespace_ref_to_string (ref);
      g_assert_cmpstr (later, ==, link);
    }
}

/* OPS-20 */
static void
test_owner (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWUTS);
  g_autoptr (StNamespaceRef) uts = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_UTS, &error);
  g_autoptr (StNamespaceRef) user = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_USER, &error);
  g_autoptr (StNamespaceRef) own_user = test_open_current (ST_NAMESPACE_USER);
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (uts, &error);
  g_assert_no_error (error);
  g_assert_cmphex (st_namespace_ref_get_namespace_type (owner), ==, ST_NAMESPACE_USER);
  g_assert_true (st_namespace_ref_equal (owner, user));
  g_autoptr (StNamespaceRef) owner_of_user = st_namespace_ref_get_owner (user, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (owner_of_user, own_user));
  idle_child_stop (&child);
}

/* OPS-21: a chain of user namespaces, up to the caller's own and not beyond. */
static void
test_parents (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWUTS);
  g_autoptr (StNamespaceRef) first = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_USER, &error);
  idle_child_unshare (&child, CLONE_NEWUSER);
  g_autoptr (StNamespaceRef) second = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_equal (first, second));

  g_autoptr (StNamespaceRef) own = test_open_current (ST_NAMESPACE_USER);
  g_autoptr (StNamespaceRef) parent = st_namespace_ref_get_parent (second, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (parent, first));
  g_autoptr (StNamespaceRef) grandparent = st_namespace_ref_get_parent (parent, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (grandparent, own));
  test_assert_not_made (st_namespace_ref_get_parent (grandparent, &error), error, ST_ERROR_PERMISSION_DENIED,
                        "the parent of this user namespace is outside");
  idle_child_stop (&child);
}

static void
test_no_parent (void)
{
  g_autoptr (GError) error = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StNamespaceRef) ref = test_open_current (kinds[i]);
      if (kinds[i] == ST_NAMESPACE_USER || kinds[i] == ST_NAMESPACE_PID)
        test_assert_not_made (st_namespace_ref_get_parent (ref, &error), error, ST_ERROR_PERMISSION_DENIED, "outside");
      else
        test_assert_not_made (st_namespace_ref_get_parent (ref, &error), error, ST_ERROR_NOT_SUPPORTED,
                              "only user and pid namespaces do");
    }
}

static void
ask_from_inside (gpointer data)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *net = data;
  g_assert_no_errno (unshare (CLONE_NEWUSER));
  test_assert_not_made (st_namespace_ref_get_owner (net, &error), error, ST_ERROR_PERMISSION_DENIED,
                        "the owner of this net namespace is outside");
}

/* OPS-20: from a user namespace, those above it can't be seen. */
static void
test_owner_outside (void)
{
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  test_in_child (ask_from_inside, net);
}

/* OPS-22 */
static void
test_owner_uid (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER);
  g_autofree char *path = idle_child_get_path (&child, "user");
  g_autoptr (StNamespaceRef) by_path = open_path (path, ST_NAMESPACE_USER);
  g_autoptr (StNamespaceRef) by_fd = st_namespace_ref_new_take_fd (open (path, O_RDONLY | O_CLOEXEC), ST_NAMESPACE_NONE, &error);
  g_autoptr (StNamespaceRef) by_pid = st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_USER, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_get_owner_uid (by_path, &error), ==, geteuid ());
  g_assert_cmpint (st_namespace_ref_get_owner_uid (by_fd, &error), ==, geteuid ());
  g_assert_cmpint (st_namespace_ref_get_owner_uid (by_pid, &error), ==, geteuid ());
  g_assert_no_error (error);
  idle_child_stop (&child);

  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_assert_cmpint (st_namespace_ref_get_owner_uid (net, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "a net namespace has no owner uid");
}

/* 0 where the kernel has none. */
static guint64
serial_of (StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  const guint64 serial = st_namespace_ref_get_serial (ref, &error);
  if (serial == 0)
    test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "Linux 6.18");
  else
    g_assert_no_error (error);
  return serial;
}

static void
test_serial (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (StNamespaceRef) ref = test_open_current (kinds[i]);
      g_autoptr (StNamespaceRef) again = test_open_current (kinds[i]);
      const guint64 serial = serial_of (ref);
      g_assert_cmpuint (serial_of (again), ==, serial);
      if (serial != 0)
        g_assert_true (g_hash_table_add (seen, g_memdup2 (&serial, sizeof serial)));
    }
}

/* A number of a dead namespace comes back; the reference to the dead one is not fooled. */
static void
test_recycled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) dead = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  gboolean recycled = FALSE;
  if (!test_needs_privilege ())
    return;
  for (int i = 0; !recycled && i < 100000; i++)
    {
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
      g_assert_no_error (error);
      const guint64 inode = inode_of (ref);
      StNamespaceRef *former = g_hash_table_lookup (dead, &inode);
      recycled = former != NULL;
      if (recycled)
        {
          g_assert_cmpuint (st_namespace_ref_hash (former), ==, st_namespace_ref_hash (ref));
          g_assert_false (st_namespace_ref_equal (former, ref));
          g_assert_false (st_namespace_ref_equal (ref, former));
        }
      st_namespace_ref_close (ref);
      g_hash_table_insert (dead, g_memdup2 (&inode, sizeof inode), g_steal_pointer (&ref));
    }
  g_assert_true (recycled);
}

static void
test_recycled_serial (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) serials = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (StNamespaceRef) home = test_open_current (ST_NAMESPACE_UTS);
  if (!test_needs_privilege ())
    return;
  if (serial_of (home) == 0)
    {
      g_test_skip ("this kernel has no serial numbers");
      return;
    }
  for (int i = 0; i < 1000; i++)
    {
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (ST_NAMESPACE_UTS, &error);
      g_assert_no_error (error);
      const guint64 serial = serial_of (ref);
      g_assert_true (g_hash_table_add (serials, g_memdup2 (&serial, sizeof serial)));
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/namespace-ref/SPACE-01/SPACE-03/OPS-16/kind", test_kind);
  test_add ("/namespace-ref/SPACE-05/SPACE-08/inode", test_inode);
  test_add ("/namespace-ref/SPACE-10/SPACE-11/NET-03/MNT-08/current", test_current);
  test_add ("/namespace-ref/current-of-thread", test_current_of_thread);
  test_add ("/namespace-ref/OPS-17/equality", test_equality);
  test_add ("/namespace-ref/inequality", test_inequality);
  test_add ("/namespace-ref/outlives-process", test_outlives_process);
  test_add ("/namespace-ref/OPS-24/to-string", test_to_string);
  test_add ("/namespace-ref/OPS-20/owner", test_owner);
  test_add ("/namespace-ref/OPS-20/owner-outside", test_owner_outside);
  test_add ("/namespace-ref/OPS-21/parents", test_parents);
  test_add ("/namespace-ref/OPS-21/no-parent", test_no_parent);
  test_add ("/namespace-ref/OPS-22/owner-uid", test_owner_uid);
  test_add ("/namespace-ref/serial", test_serial);
  test_add ("/namespace-ref/recycled", test_recycled);
  test_add ("/namespace-ref/recycled-serial", test_recycled_serial);
  return g_test_run ();
}
