/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

/* Helpers that are not what they should be: each time an error, and nothing left behind, which the checks after each test see. */

static StSpacer *
start_fake (const char *way)
{
  g_autofree char *real = g_strdup (g_getenv ("SPACETEST_LIBEXECDIR"));
  g_autofree char *fake = g_test_build_filename (G_TEST_BUILT, "process", "fake", NULL);
  g_setenv ("SPACETEST_LIBEXECDIR", fake, TRUE);
  g_setenv ("SPACETEST_FAKE", way, TRUE);
  StSpacer *spacer = spacer_start ();
  g_unsetenv ("SPACETEST_FAKE");
  if (real)
    g_setenv ("SPACETEST_LIBEXECDIR", real, TRUE);
  else
    g_unsetenv ("SPACETEST_LIBEXECDIR");
  return spacer;
}

#define EITHER "helper process" /* an empty record, with the end behind it, can be taken for the end */

/* By one that is gone, or by one that is there and answers. */
static void
assert_refused (gpointer    object,
                GError     *error,
                const char *text)
{
  const StError code = g_str_equal (text, "ended") ? ST_ERROR_HELPER_FAILED : ST_ERROR_PROTOCOL;
  g_assert_null (object);
  if (g_str_equal (text, EITHER) && error->code == ST_ERROR_HELPER_FAILED)
    return;
  g_assert_error (error, ST_ERROR, (int) code);
  if (!strstr (error->message, text))
    g_error ("no \"%s\" in \"%s\"", text, error->message);
}

static void
assert_space_fails (StSpacer   *spacer,
                    const char *text)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_spacer_create_space (spacer, ST_NAMESPACE_UTS | ST_NAMESPACE_NET, NULL, &error);
  assert_refused (space, error, text);
}

static void
assert_subspace_fails (StSpacer   *spacer,
                       const char *text)
{
  g_autoptr (GError) error = NULL;
  StSpacer *below = st_spacer_create_subspace (spacer, USER | PID, NULL, NULL, &error);
  assert_refused (below, error, text);
}

static void
assert_async_fails (StSpacer   *spacer,
                    const char *text)
{
  g_autoptr (GError) error = NULL;
  SpacerWait wait = { NULL };
  st_spacer_create_space_async (spacer, ST_NAMESPACE_UTS | ST_NAMESPACE_NET, NULL, spacer_take_result, &wait);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  StSpace *space = st_spacer_create_space_finish (spacer, result, &error);
  assert_refused (space, error, text);
}

/* In every form, and again: one bad answer does not end the connection. */
static void
assert_all_fail (const char *way,
                 const char *text)
{
  g_autoptr (StSpacer) spacer = start_fake (way);
  for (int i = 0; i < 2; i++)
    {
      assert_space_fails (spacer, text);
      assert_subspace_fails (spacer, text);
      assert_async_fails (spacer, text);
    }
}

#define NONSENSE "makes no sense"

static void
test_well (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = start_fake ("well");
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  g_autoptr (StSpace) space = st_spacer_create_space (spacer, SIX, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_space_get_types (space), ==, SIX);
  g_assert_cmpint (spacer_pid (below), ==, spacer_pid (spacer));
}

static void
test_version (void)
{
  assert_all_fail ("version", "speaks version 2 of the protocol, this library version 1");
}

static void
test_malformed (void)
{
  const char *const ways[] = { "garbage", "short", "long", "few" };
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    assert_all_fail (ways[i], NONSENSE);
  assert_all_fail ("empty", EITHER);
}

static void
test_wrong_records (void)
{
  assert_all_fail ("serial", "the answer to something else");
  assert_all_fail ("request", "a request");
}

/* UDS-05's and API-04's fears: descriptors are what they are, not what somebody says. */
static void
test_wrong_descriptors (void)
{
  assert_all_fail ("more", "another number of descriptors");
  assert_all_fail ("lots", NONSENSE);
  assert_all_fail ("files", "a descriptor of something else");
  assert_all_fail ("swapped", "a descriptor of something else");
  assert_all_fail ("no-kinds", "other kinds of namespaces");
}

static void
test_no_process (void)
{
  g_autoptr (StSpacer) spacer = start_fake ("no-process");
  assert_subspace_fails (spacer, "no descriptor of a process");
}

static void
test_no_answer (void)
{
  assert_all_fail ("nothing", "ended");
}

static void
test_odd_failures (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) odd = start_fake ("odd-failure");
  g_autoptr (StSpacer) silent = start_fake ("no-reason");
  StSpace *space = st_spacer_create_space (odd, SIX, NULL, &error);
  test_assert_not_made (space, error, ST_ERROR_FAILED, "the helper process cannot do it");
  space = st_spacer_create_space (silent, SIX, NULL, &error);
  test_assert_not_made (space, error, ST_ERROR_FAILED, "cannot create namespaces");
}

static void
test_twice (void)
{
  g_autoptr (StSpacer) spacer = start_fake ("twice");
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (spacer, spacer_six[i % 6], NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, spacer_six[i % 6]);
    }
}

static void
test_death (void)
{
  g_autoptr (StSpacer) spacer = start_fake ("death");
  assert_space_fails (spacer, "ended");
  assert_space_fails (spacer, "ended");
  assert_subspace_fails (spacer, "ended");
  assert_async_fails (spacer, "ended");
}

/* Not even that it ended can be heard before. */
static void
test_death_at_once (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fake = g_test_build_filename (G_TEST_BUILT, "process", "fake", NULL);
  g_autofree char *real = g_strdup (g_getenv ("SPACETEST_LIBEXECDIR"));
  g_setenv ("SPACETEST_LIBEXECDIR", fake, TRUE); /* without a way to be it ends */
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
      if (spacer)
        assert_space_fails (spacer, "ended");
      else
        test_assert_failed (error, ST_ERROR_HELPER_FAILED, "ended at once");
    }
  if (real)
    g_setenv ("SPACETEST_LIBEXECDIR", real, TRUE);
}

/* An answer that nobody waits for any more is not taken for that to the next request. */
static void
test_late (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StSpacer) spacer = start_fake ("late");
  SpacerWait wait = { NULL };
  st_spacer_create_transient_async (spacer, ST_NAMESPACE_UTS, cancellable, spacer_take_result, &wait);
  g_cancellable_cancel (cancellable);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  g_assert_null (st_spacer_create_transient_finish (spacer, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_autoptr (StNamespaceRef) ref = st_spacer_create_transient (spacer, ST_NAMESPACE_NET, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (st_namespace_ref_get_namespace_type (ref), ==, ST_NAMESPACE_NET);
}

static void
assert_timed_out (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  SpacerWait wait = { NULL };
  st_spacer_set_timeout (spacer, 1);
  st_spacer_create_transient_async (spacer, ST_NAMESPACE_UTS, NULL, spacer_take_result, &wait);
  g_assert_null (st_spacer_create_transient (spacer, ST_NAMESPACE_UTS, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "within 1 seconds"));
  g_clear_error (&error);

  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  g_assert_null (st_spacer_create_transient_finish (spacer, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
test_timeout (void)
{
  g_autoptr (StSpacer) mute = start_fake ("mute");
  g_autoptr (StSpacer) deaf = start_fake ("deaf");
  assert_timed_out (mute);
  assert_timed_out (deaf);
}

typedef struct
{
  guint left;
  guint cancelled;
  guint refused;
} Crowd;

static void
count_cancelled (GObject      *source,
                 GAsyncResult *result,
                 gpointer      data)
{
  g_autoptr (GError) error = NULL;
  Crowd *crowd = data;
  g_assert_null (st_spacer_create_transient_finish (ST_SPACER (source), result, &error));
  crowd->cancelled += g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  crowd->refused += g_error_matches (error, ST_ERROR, ST_ERROR_EXHAUSTED); /* so many descriptors may be under way */
  crowd->left--;
}

/* More than fits in the connection: who can't even send does not block anybody. */
static void
test_deaf (void)
{
  enum { N = 400 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StSpacer) spacer = start_fake ("deaf");
  Crowd crowd = { N, 0, 0 };
  st_spacer_set_timeout (spacer, 0);
  for (int i = 0; i < N; i++)
    st_spacer_create_transient_async (spacer, ST_NAMESPACE_UTS, cancellable, count_cancelled, &crowd);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_cancellable_cancel (cancellable);
  while (crowd.left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (crowd.cancelled + crowd.refused, ==, N);
  g_assert_cmpuint (crowd.cancelled, >, N / 4);
}

static gpointer
close_soon (gpointer spacer)
{
  st_spacer_close (spacer);
  return NULL;
}

static void
test_closed_while_waiting (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) spacer = start_fake ("mute");
  SpacerWait wait = { NULL };
  st_spacer_set_timeout (spacer, 0);
  st_spacer_create_transient_async (spacer, ST_NAMESPACE_UTS, NULL, spacer_take_result, &wait);
  GThread *closer = g_thread_new ("closer", close_soon, spacer);
  g_assert_null (st_spacer_create_transient (spacer, ST_NAMESPACE_UTS, NULL, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
  g_thread_join (closer);
  g_autoptr (GAsyncResult) result = spacer_wait (&wait);
  g_assert_null (st_spacer_create_transient_finish (spacer, result, &error));
  test_assert_failed (error, ST_ERROR_CLOSED, "closed");
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled_while_waiting (void)
{
  g_autoptr (StSpacer) mute = start_fake ("mute");
  st_spacer_set_timeout (mute, 0);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      GThread *canceller = g_thread_new ("canceller", cancel_soon, cancellable);
      g_assert_null (st_spacer_create_subspace (mute, USER, NULL, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (canceller);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/hostile/well", test_well);
  test_add ("/spacer/hostile/version", test_version);
  test_add ("/spacer/hostile/malformed", test_malformed);
  test_add ("/spacer/hostile/wrong-records", test_wrong_records);
  test_add ("/spacer/hostile/wrong-descriptors", test_wrong_descriptors);
  test_add ("/spacer/hostile/no-process", test_no_process);
  test_add ("/spacer/hostile/no-answer", test_no_answer);
  test_add ("/spacer/hostile/odd-failures", test_odd_failures);
  test_add ("/spacer/hostile/twice", test_twice);
  test_add ("/spacer/hostile/death", test_death);
  test_add ("/spacer/hostile/death-at-once", test_death_at_once);
  test_add ("/spacer/hostile/late", test_late);
  test_add ("/spacer/hostile/timeout", test_timeout);
  test_add ("/spacer/hostile/deaf", test_deaf);
  test_add ("/spacer/hostile/closed-while-waiting", test_closed_while_waiting);
  test_add ("/spacer/hostile/cancelled-while-waiting", test_cancelled_while_waiting);
  return g_test_run ();
}
