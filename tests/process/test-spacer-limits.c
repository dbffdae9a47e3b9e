/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

#include <glib/gstdio.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What is missing, and what runs out: an error that names it, and nothing left behind. */

typedef struct
{
  StError code;
  const char *path;
} Refusal;

/* In a child, which has none yet. */
static void
ask_for_default (gpointer data)
{
  g_autoptr (GError) error = NULL;
  const Refusal *refusal = data;
  StSpacer *spacer = st_spacer_get_default (NULL, &error);
  test_assert_not_made (spacer, error, refusal->code, refusal->path);
}

static void
assert_not_started (const char *directory,
                    StError     code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *real = g_strdup (g_getenv ("SPACETEST_LIBEXECDIR"));
  g_autofree char *path = g_build_filename (directory, "spacetest-helper", NULL);
  SpacerWait wait = { NULL };
  g_setenv ("SPACETEST_LIBEXECDIR", directory, TRUE);
  StSpacer *spacer = st_spacer_new (NULL, &error);
  test_assert_not_made (spacer, error, code, path);
  test_in_child (ask_for_default, &(Refusal){ code, path });
  st_spacer_new_async (NULL, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  spacer = st_spacer_new_finish (result, &error);
  test_assert_not_made (spacer, error, code, path);
  if (real)
    g_setenv ("SPACETEST_LIBEXECDIR", real, TRUE);
  else
    g_unsetenv ("SPACETEST_LIBEXECDIR");
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("spacer-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (directory, "spacetest-helper", NULL);
  assert_not_started ("/nowhere/at/all", ST_ERROR_NOT_FOUND);
  assert_not_started (directory, ST_ERROR_NOT_FOUND);
  g_file_set_contents (path, "#!/nowhere/at/all\n", -1, &error);
  g_assert_no_error (error);
  assert_not_started (directory, ST_ERROR_PERMISSION_DENIED);
  g_assert_no_errno (chmod (path, 0755));
  assert_not_started (directory, ST_ERROR_HELPER_FAILED);
  g_unlink (path);
  g_rmdir (directory);
}

/* As many descriptors as are left, of which there are few. */
static void
limit_descriptors (rlim_t        left,
                   struct rlimit *usual)
{
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, usual));
  struct rlimit limit = { 0, usual->rlim_max };
  for (; left > 0; limit.rlim_cur++)
    left -= fcntl ((int) limit.rlim_cur, F_GETFD) < 0;
  while (fcntl ((int) limit.rlim_cur, F_GETFD) >= 0)
    limit.rlim_cur++;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
}

/* Only as long as there are few. How many may be under way counts for all processes of a user together. */
static gboolean
is_exhausted (GError *error,
              guint   left)
{
  if (!error)
    return FALSE;
  g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
  if (left >= 50 && !strstr (error->message, g_strerror (ETOOMANYREFS)))
    g_error ("with %u descriptors left: %s", left, error->message);
  return TRUE;
}

static void
test_few_descriptors_to_start (void)
{
  guint failed = 0, left = 0;
  for (gboolean worked = FALSE; !worked; left++)
    {
      g_autoptr (GError) error = NULL;
      struct rlimit usual;
      limit_descriptors (left, &usual);
      g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
      g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &usual));
      worked = !is_exhausted (error, left);
      failed += !worked;
    }
  g_assert_cmpuint (failed, >, 3);
}

typedef gpointer (*MakeFunc) (StSpacer *spacer,
                              GError  **error);

static gpointer
make_subspace (StSpacer *spacer,
               GError  **error)
{
  return st_spacer_create_subspace (spacer, USER | PID, NULL, NULL, error);
}

static gpointer
make_space (StSpacer *spacer,
            GError  **error)
{
  return st_spacer_create_space (spacer, SIX, NULL, error);
}

static gpointer
make_home (StSpacer *spacer,
           GError  **error)
{
  StSpace *space = st_spacer_get_space (spacer, error);
  return space ? g_object_ref (space) : NULL;
}

static void
assert_scarcity_is_survived (MakeFunc make)
{
  guint failed = 0, left = 0;
  g_autoptr (StSpacer) first = spacer_start ();
  g_autoptr (StSpacer) spacer = spacer_below (first, USER | PID);
  for (gboolean worked = FALSE; !worked; left++)
    {
      g_autoptr (GError) error = NULL;
      struct rlimit usual;
      limit_descriptors (left, &usual);
      GObject *made = make (spacer, &error);
      g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &usual));
      worked = !is_exhausted (error, left);
      g_assert_true (worked == (made != NULL));
      g_clear_object (&made);
      failed += !worked;
    }
  g_assert_cmpuint (failed, >, 2);
}

static void
test_few_descriptors (void)
{
  if (!spacer_can_have_users ())
    return;
  assert_scarcity_is_survived (make_subspace);
  assert_scarcity_is_survived (make_space);
  assert_scarcity_is_survived (make_home);
}

static gpointer
finish_soon (StSpacer *spacer,
             GError  **error)
{
  SpacerWait wait = { NULL };
  st_spacer_create_space_async (spacer, SIX, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  return st_spacer_create_space_finish (spacer, result, error);
}

static void
test_few_descriptors_async (void)
{
  if (spacer_can_have_users ())
    assert_scarcity_is_survived (finish_soon);
}

/* Standard input is closed: 0 is a descriptor like any other. */
static void
use_fd_0 (gpointer data)
{
  g_autoptr (GError) error = NULL;
  close (STDIN_FILENO);
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_assert_cmpint (fcntl (STDIN_FILENO, F_GETFD), ==, FD_CLOEXEC); /* the connection */
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  for (gsize i = 0; i < G_N_ELEMENTS (spacer_six); i++)
    {
      g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (below, spacer_six[i], NULL, &error);
      g_assert_no_error (error);
    }
}

static void
test_fd_0 (void)
{
  if (spacer_can_have_users ())
    test_in_child (use_fd_0, NULL);
}

/* The helper's own limits, not ours. */
static void
limit_helper (StSpacer *spacer,
              __rlimit_resource_t resource,
              rlim_t    limit,
              rlim_t   *usual)
{
  struct rlimit before, after;
  g_assert_no_errno (prlimit (spacer_pid (spacer), resource, NULL, &before));
  if (usual)
    *usual = before.rlim_cur;
  after = (struct rlimit){ limit, before.rlim_max };
  g_assert_no_errno (prlimit (spacer_pid (spacer), resource, &after, NULL));
}

static void
test_few_descriptors_of_helper (void)
{
  if (!test_is_privileged ())
    {
      test_skip ("only who is privileged can change the limits of a helper");
      return;
    }
  rlim_t usual;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpace) before = st_spacer_create_space (spacer, SIX, NULL, &error); /* it is up */
  g_assert_no_error (error);
  limit_helper (spacer, RLIMIT_NOFILE, 0, &usual);
  for (rlim_t limit = 5; limit < 32; limit++) /* with fewer than it waits for it ends */
    {
      g_autoptr (GError) failure = NULL;
      limit_helper (spacer, RLIMIT_NOFILE, limit, NULL);
      g_autoptr (StSpace) space = st_spacer_create_space (spacer, SIX, NULL, &failure);
      g_assert_true ((space == NULL) == (failure != NULL));
      if (failure && failure->code != ST_ERROR_EXHAUSTED)
        g_assert_error (failure, ST_ERROR, ST_ERROR_HELPER_FAILED);
    }
  limit_helper (spacer, RLIMIT_NOFILE, usual, NULL);
  g_autoptr (StSpace) space = st_spacer_create_space (spacer, SIX, NULL, &error);
  g_assert_no_error (error);
}

static void
test_no_more_processes (void)
{
  if (!spacer_can_have_users () || !test_needs_no_privilege ())
    return;
  g_autoptr (GError) error = NULL;
  rlim_t usual;
  g_autoptr (StSpacer) spacer = spacer_start ();
  limit_helper (spacer, RLIMIT_NPROC, 0, &usual);
  StSpacer *none = st_spacer_create_subspace (spacer, USER | PID, NULL, NULL, &error);
  test_assert_not_made (none, error, ST_ERROR_EXHAUSTED, "raise RLIMIT_NPROC, or pids.max");
  limit_helper (spacer, RLIMIT_NPROC, usual, NULL);
  g_autoptr (StSpacer) below = spacer_below (spacer, USER | PID);
}

static void
test_too_deep (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) spacers = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (spacers, spacer_start ());
  for (StSpacer *next = spacers->pdata[0]; next;)
    {
      g_assert_cmpuint (spacers->len, <, 40);
      next = st_spacer_create_subspace (g_ptr_array_index (spacers, spacers->len - 1), USER, NULL, NULL, &error);
      if (next)
        g_ptr_array_add (spacers, next);
    }
  g_autofree char *level = g_strdup_printf ("at level %u below the first helper", spacers->len);
  test_assert_failed (error, ST_ERROR_EXHAUSTED, level);
  g_assert_cmpuint (spacers->len, >, 5);
  g_autoptr (StSpace) space = st_spacer_create_space (g_ptr_array_index (spacers, spacers->len - 1), SIX, NULL, &error);
  g_assert_no_error (error);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/limits/SPCR-13/missing", test_missing);
  test_add ("/spacer/limits/few-descriptors-to-start", test_few_descriptors_to_start);
  test_add ("/spacer/limits/few-descriptors", test_few_descriptors);
  test_add ("/spacer/limits/few-descriptors-async", test_few_descriptors_async);
  test_add ("/spacer/limits/fd-0", test_fd_0);
  test_add ("/spacer/limits/few-descriptors-of-helper", test_few_descriptors_of_helper);
  test_add ("/spacer/limits/no-more-processes", test_no_more_processes);
  test_add ("/spacer/limits/too-deep", test_too_deep);
  return g_test_run ();
}
