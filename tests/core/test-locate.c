/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "idle-child.h"
#include "refusals.h"
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

static void
check_not_found (const StNamespaceId *id,
                 StNamespaceType      type,
                 const char          *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_id (id, type, &error), error, ST_ERROR_NOT_FOUND, words);
}

static void
check_found (StNamespaceRef *ref,
             StNamespaceType type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (ref, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) found = st_namespace_ref_new_for_id (id, type, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, found));
}

/* PORT-10 */
static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (net, &error);
  g_assert_no_error (error);
  check_found (net, ST_NAMESPACE_NONE);
  check_found (net, ST_NAMESPACE_NET);
  check_not_found (id, ST_NAMESPACE_UTS, "no uts namespace");

  g_autoptr (StNamespaceId) wrong_number = st_namespace_id_new (id->device, 1);
  g_autoptr (StNamespaceId) wrong_device = st_namespace_id_new (id->device + 1, id->inode);
  g_autoptr (StNamespaceId) none = st_namespace_id_new (0, 0);
  check_not_found (wrong_number, ST_NAMESPACE_NET, "with number 1");
  check_not_found (wrong_device, ST_NAMESPACE_NET, "no net namespace");
  check_not_found (none, ST_NAMESPACE_NONE, "with number 0");
  test_assert_not_made (st_namespace_ref_new_for_id (id, ST_NAMESPACE_NET | ST_NAMESPACE_UTS, &error), error, ST_ERROR_INVALID_ARGUMENT,
                        "not one kind");
}

/* PORT-08: by number, where a process is. */
static void
test_of_process (void)
{
  g_autoptr (GError) error = NULL;
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER | CLONE_NEWNET);
  g_autofree char *path = idle_child_get_path (&child, "net");
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (net, &error);
  g_assert_no_error (error);
  st_namespace_ref_close (net);
  g_autoptr (StNamespaceRef) found = st_namespace_ref_new_for_id (id, ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) same = st_namespace_ref_get_id (found, &error);
  g_assert_true (st_namespace_id_equal (id, same));
  idle_child_stop (&child);
}

static gboolean
look (gpointer data,
      GError **error)
{
  char **name = data;
  *name = test_where ("net");
  return TRUE;
}

/* PORT-08, PORT-09: nobody is in it, but somebody holds it open; what was found can be used. */
static void
test_of_descriptor (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (net, &error);
  g_autoptr (StNamespaceRef) found = st_namespace_ref_new_for_id (id, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autofree char *wanted = st_namespace_ref_to_string (net);
  g_autofree char *inside = NULL;
  g_assert_true (st_space_call (ST_SPACE (found), look, &inside, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (inside, ==, wanted);
  st_namespace_ref_close (found);
  st_namespace_ref_close (net);
  check_not_found (id, ST_NAMESPACE_NET, "no net namespace");
}

static gpointer
move_and_wait (gpointer data)
{
  const int *ends = data;
  char order;
  g_assert_no_errno (unshare (CLONE_NEWUTS));
  g_autofree char *name = test_where ("uts");
  g_assert_cmpint (write (ends[1], name, strlen (name)), >, 0);
  g_assert_cmpint (read (ends[2], &order, 1), ==, 0);
  return NULL;
}

static void
find_thread (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  char name[64] = "";
  int ends[4];
  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  g_assert_no_errno (pipe2 (ends + 2, O_CLOEXEC));
  GThread *thread = g_thread_new ("inside", move_and_wait, ends);
  g_assert_cmpint (read (ends[0], name, sizeof name - 1), >, 0);
  g_autoptr (StNamespaceId) id = st_namespace_id_parse (name, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) found = st_namespace_ref_new_for_id (id, ST_NAMESPACE_UTS, &error);
  g_assert_no_error (error);
  close (ends[3]);
  g_thread_join (thread);
}

static void
test_of_thread (void)
{
  if (test_needs_privilege ())
    test_in_child (find_thread, NULL);
}

/* Bound to a file: here, and in a mount table that only another process has. */
static void
find_bound (gpointer elsewhere)
{
  g_autoptr (GError) error = NULL;
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("tmpfs", REFUSAL_ROOT, "tmpfs", 0, NULL));
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/a net", "", 0, NULL));
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) id = st_namespace_ref_get_id (net, &error);
  g_autofree char *source = g_strdup_printf ("/proc/self/fd/%d", st_namespace_ref_peek_fd (net, &error));
  g_assert_no_errno (mount (source, REFUSAL_ROOT "/a net", NULL, MS_BIND, NULL));
  st_namespace_ref_close (net);

  IdleChild holder = { 0 };
  if (elsewhere)
    {
      idle_child_start (&holder, CLONE_NEWNS);
      g_assert_no_errno (umount (REFUSAL_ROOT "/a net"));
    }
  g_autoptr (StNamespaceRef) found = st_namespace_ref_new_for_id (id, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  st_namespace_ref_close (found);
  if (elsewhere)
    idle_child_stop (&holder);
  else
    g_assert_no_errno (umount (REFUSAL_ROOT "/a net"));
}

static void
test_of_mount (void)
{
  if (test_needs_privilege ())
    test_in_child (find_bound, NULL);
}

static void
test_of_other_mount (void)
{
  if (test_needs_privilege ())
    test_in_child (find_bound, GINT_TO_POINTER (1));
}

/* Nothing to look with is not the same as nothing to find. */
static void
exhaust (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceId) id = st_namespace_id_new (4, 1);
  refusal_set_limit (RLIMIT_NOFILE, 0);
  test_assert_not_made (st_namespace_ref_new_for_id (id, ST_NAMESPACE_NET, &error), error, ST_ERROR_EXHAUSTED, "cannot look for a namespace");
}

static void
test_exhausted (void)
{
  test_in_child (exhaust, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/locate/PORT-10/own", test_own);
  test_add ("/locate/PORT-08/of-process", test_of_process);
  test_add ("/locate/PORT-08/PORT-09/of-descriptor", test_of_descriptor);
  test_add ("/locate/of-thread", test_of_thread);
  test_add ("/locate/of-mount", test_of_mount);
  test_add ("/locate/of-other-mount", test_of_other_mount);
  test_add ("/locate/exhausted", test_exhausted);
  return g_test_run ();
}
