/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

#include "st-system.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

/* What spacers make, and that it is what was asked for. */

static char *
read_proc (int         pid,
           const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", pid, name);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
assert_new (StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) current = st_namespace_ref_new_current (st_namespace_ref_get_namespace_type (ref), &error);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_equal (ref, current));
}

static void
test_first_subspace (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER | PID);
  g_assert_cmpint (spacer_pid (below), !=, getpid ());
  g_assert_cmpint (spacer_pid (below), !=, spacer_pid (spacer));
  g_autofree char *command = read_proc (spacer_pid (below), "cmdline");
  g_assert_true (g_str_has_suffix (command, "/spacetest-helper"));
  assert_new (spacer_home (below, USER));
  assert_new (spacer_home (below, PID));
  g_autoptr (StNamespaceRef) net = st_spacer_create_transient (below, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ST_IS_TRANSIENT_NETNS (net));
  assert_new (net);
}

/* The bugs of others: descriptors that never arrived, a time namespace that was the old one, some left open on exec. */
static void
assert_six (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_spacer_create_space (spacer, SIX, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_space_get_types (space), ==, SIX);
  for (gsize i = 0; i < G_N_ELEMENTS (spacer_six); i++)
    {
      StNamespaceRef *ref = st_space_get_ref (space, spacer_six[i], &error);
      g_assert_no_error (error);
      g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, spacer_six[i]);
      assert_new (ref);
      int fd = st_namespace_ref_peek_fd (ref, &error);
      g_assert_no_error (error);
      g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
      g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (ref, &error);
      g_assert_no_error (error);
      g_assert_true (st_namespace_ref_equal (owner, spacer_home (spacer, USER)));
    }
  g_assert_true (ST_IS_TRANSIENT_NETNS (st_space_get_ref (space, ST_NAMESPACE_NET, NULL)));
  StNamespaceRef *mnt = st_space_get_ref (space, ST_NAMESPACE_MNT, NULL);
  g_assert_true (ST_IS_TRANSIENT_MNTNS (mnt));
  g_assert_cmpint (st_transient_mntns_get_sysfs (ST_TRANSIENT_MNTNS (mnt)), !=, ST_SYSFS_KEPT);
}

static void
test_six (void)
{
  g_autoptr (StSpacer) spacer = spacer_start ();
  if (test_is_privileged ())
    assert_six (spacer);
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) below = spacer_below (spacer, USER | PID);
  assert_six (below);
}

static void
test_each (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  for (gsize i = 0; i < G_N_ELEMENTS (spacer_six); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (below, spacer_six[i], NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, spacer_six[i]);
      assert_new (ref);
    }
}

static void
assert_home (StSpacer       *spacer,
             StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_space_get_types (space), ==, types);
  g_assert_true (st_spacer_get_space (spacer, NULL) == space);
}

static void
test_only_what_was_asked_for (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  assert_home (spacer, SIX | USER | PID);
  g_autoptr (StSpacer) user = spacer_below (spacer, USER);
  assert_home (user, USER);
  g_autoptr (StSpacer) pid = spacer_below (user, PID);
  assert_home (pid, USER | PID | ST_NAMESPACE_MNT);
  g_assert_true (st_namespace_ref_equal (spacer_home (pid, USER), spacer_home (user, USER)));
  g_autoptr (StSpacer) time = spacer_below (user, ST_NAMESPACE_TIME);
  assert_home (time, USER | ST_NAMESPACE_TIME);
  assert_new (spacer_home (time, ST_NAMESPACE_TIME));
}

static void
test_owner (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_autoptr (StNamespaceRef) net = st_spacer_create_transient (below, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (net, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (owner, spacer_home (below, USER)));
  g_autoptr (StNamespaceRef) parent = st_namespace_ref_get_parent (owner, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) current = st_namespace_ref_new_current (USER, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (parent, current));
}

static void
assert_child_of (StSpacer *below,
                 StSpacer *above)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) parent = st_namespace_ref_get_parent (spacer_home (below, PID), &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (parent, spacer_home (above, PID)));
}

/* The third level is where others take the wrong /proc. */
static void
test_five_levels (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GPtrArray) spacers = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (spacers, spacer_start ());
  for (guint i = 0; i < 5; i++)
    {
      g_ptr_array_add (spacers, spacer_below (spacers->pdata[i], i % 2 ? PID : USER | PID));
      assert_child_of (spacers->pdata[i + 1], spacers->pdata[i]);
      for (guint j = 0; j <= i; j++)
        g_assert_cmpint (spacer_pid (spacers->pdata[i + 1]), !=, spacer_pid (spacers->pdata[j]));
    }
  g_autofree char *status = read_proc (spacer_pid (spacers->pdata[5]), "status");
  const char *numbers = strstr (status, "NSpid:");
  g_assert_nonnull (numbers);
  g_autofree char *line = g_strndup (numbers, strcspn (numbers, "\n"));
  g_assert_true (g_str_has_suffix (line, "\t1"));
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) space = st_spacer_create_space (spacers->pdata[5], SIX, NULL, &error);
  g_assert_no_error (error);
}

static void
test_no_pidfd (void)
{
  g_assert_cmpint (st_system_pidfd_get_pid (666666), ==, -EBADF);
  g_assert_false (st_system_is_pidfd (666666));
  g_assert_false (st_system_is_pidfd (-1));
  int directory = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (st_system_pidfd_get_pid (directory), ==, -EINVAL);
  g_assert_false (st_system_is_pidfd (directory));
  close (directory);
}

static void
test_pidfd (void)
{
  int own = (int) syscall (SYS_pidfd_open, getpid (), 0);
  g_assert_cmpint (st_system_pidfd_get_pid (own), ==, getpid ());
  g_assert_true (st_system_is_pidfd (own));
  close (own);

  pid_t child = fork ();
  if (child == 0)
    _exit (0);
  int pidfd = st_system_open_child (child);
  g_assert_cmpint (st_system_pidfd_get_pid (pidfd), ==, child);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, NULL, 0)), ==, child);
  g_assert_cmpint (st_system_pidfd_get_pid (pidfd), ==, -ESRCH);
  g_assert_true (st_system_is_pidfd (pidfd));
  g_assert_cmpint (st_system_open_child (child), ==, -ESRCH);
  close (pidfd);
}

static void
assert_no_subspace (StSpacer       *spacer,
                    StNamespaceType types,
                    const char     *text)
{
  g_autoptr (GError) error = NULL;
  SpacerWait wait = { NULL };
  StSpacer *below = st_spacer_create_subspace (spacer, types, NULL, NULL, &error);
  test_assert_not_made (below, error, ST_ERROR_INVALID_ARGUMENT, text);
  st_spacer_create_subspace_async (spacer, types, NULL, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  below = st_spacer_create_subspace_finish (spacer, result, &error);
  test_assert_not_made (below, error, ST_ERROR_INVALID_ARGUMENT, text);
}

static void
test_wrong_kinds_of_subspaces (void)
{
  g_autoptr (StSpacer) spacer = spacer_start ();
  assert_no_subspace (spacer, ST_NAMESPACE_NONE, "kinds");
  assert_no_subspace (spacer, G_MAXUINT, "kinds");
  assert_no_subspace (spacer, SIX | USER | PID, "cgroup,ipc,mnt,net,uts");
  assert_no_subspace (spacer, USER | ST_NAMESPACE_NET, "new net namespace");
}

static void
assert_no_space (StSpacer       *spacer,
                 StNamespaceType types,
                 const char     *text)
{
  g_autoptr (GError) error = NULL;
  SpacerWait wait = { NULL };
  StSpace *space = st_spacer_create_space (spacer, types, NULL, &error);
  test_assert_not_made (space, error, ST_ERROR_INVALID_ARGUMENT, text);
  st_spacer_create_space_async (spacer, types, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  space = st_spacer_create_space_finish (spacer, result, &error);
  test_assert_not_made (space, error, ST_ERROR_INVALID_ARGUMENT, text);
}

static void
test_wrong_kinds_of_spaces (void)
{
  g_autoptr (StSpacer) spacer = spacer_start ();
  assert_no_space (spacer, ST_NAMESPACE_NONE, "kinds");
  assert_no_space (spacer, G_MAXUINT, "kinds");
  assert_no_space (spacer, SIX | USER | PID, "new pid,user namespace");
  const StNamespaceType wrong[] = { ST_NAMESPACE_NONE, USER, PID, 1, ST_NAMESPACE_NET | ST_NAMESPACE_UTS };
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      StNamespaceRef *ref = st_spacer_create_transient (spacer, wrong[i], NULL, &error);
      test_assert_not_made (ref, error, ST_ERROR_INVALID_ARGUMENT, "namespace");
    }
}

static void
test_not_allowed (void)
{
  if (!test_needs_no_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  StSpace *space = st_spacer_create_space (spacer, ST_NAMESPACE_NET | ST_NAMESPACE_UTS, NULL, &error);
  g_assert_null (space);
  g_assert_nonnull (strstr (error->message, "Operation not permitted"));
  test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "create a subspace with a user namespace first");
  StSpacer *below = st_spacer_create_subspace (spacer, PID, NULL, NULL, &error);
  test_assert_not_made (below, error, ST_ERROR_PERMISSION_DENIED, "with a user namespace first");
}

/* What an executed program may do: single threaded, in a child. */
static void
join_and_execute (gpointer data)
{
  const int *ids = data;
  g_assert_no_errno (setns (ids[0], CLONE_NEWUSER));
  if (ids[1] == 0)
    g_assert_no_errno (setuid (0));
  execlp ("unshare", "unshare", "-n", "true", NULL);
  g_assert_not_reached ();
}

static int
try_unshare (StNamespaceRef *user,
             gboolean        as_root)
{
  g_autoptr (GError) error = NULL;
  int ids[] = { st_namespace_ref_peek_fd (user, &error), as_root ? 0 : -1 };
  int status;
  g_assert_no_error (error);
  pid_t child = fork ();
  if (child == 0)
    {
      int nothing = open ("/dev/null", O_WRONLY | O_CLOEXEC);
      dup2 (nothing, STDERR_FILENO);
      join_and_execute (ids);
    }
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, &status, 0)), ==, child);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_mapped_to_root (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_assert_cmpint (try_unshare (spacer_home (below, USER), TRUE), ==, 0);
}

/* Without an id that is root inside, a program that is executed has no capability there. */
static void
test_not_mapped_to_root (void)
{
  if (!spacer_can_have_users () || !test_needs_no_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_id_map (options, ST_ID_MAP_SELF);
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacer) below = st_spacer_create_subspace (spacer, USER, options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (try_unshare (spacer_home (below, USER), FALSE), ==, 1);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/SPCR-01/first-subspace", test_first_subspace);
  test_add ("/spacer/SPCR-02/six", test_six);
  test_add ("/spacer/SPCR-03/each", test_each);
  test_add ("/spacer/SPCR-04/only-what-was-asked-for", test_only_what_was_asked_for);
  test_add ("/spacer/SPCR-05/owner", test_owner);
  test_add ("/spacer/SPCR-06/five-levels", test_five_levels);
  test_add ("/spacer/SPCR-07/SPCR-08/no-pidfd", test_no_pidfd);
  test_add ("/spacer/SPCR-09/pidfd", test_pidfd);
  test_add ("/spacer/SPCR-12/wrong-kinds-of-subspaces", test_wrong_kinds_of_subspaces);
  test_add ("/spacer/SPCR-14/wrong-kinds-of-spaces", test_wrong_kinds_of_spaces);
  test_add ("/spacer/SPCR-15/not-allowed", test_not_allowed);
  test_add ("/spacer/SPCR-18/mapped-to-root", test_mapped_to_root);
  test_add ("/spacer/SPCR-19/not-mapped-to-root", test_not_mapped_to_root);
  return g_test_run ();
}
