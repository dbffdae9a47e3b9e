/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include <spacetest/spacetest.h>

/* Tests that do not hear what became of what they began, for test_*.py to run one by one. Those below /good do, or need not. */

static void
fail_if_called (GObject      *source,
                GAsyncResult *result,
                gpointer      unused)
{
  g_assert_not_reached ();
}

static gboolean
refuse (gpointer data,
        GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it failed there");
  return FALSE;
}

static StTransientNetns *
make_netns (void)
{
  g_autoptr (GError) error = NULL;
  StTransientNetns *netns = st_transient_netns_new (&error);
  g_assert_no_error (error);
  return netns;
}

static void
begin (StTransientNetns   *netns,
       GCancellable       *cancellable,
       GAsyncReadyCallback callback,
       gpointer            user_data)
{
  st_space_run_in_thread_async (ST_SPACE (netns), refuse, NULL, NULL, cancellable, callback, user_data);
}

static void
test_run_in_thread (void)
{
  g_autoptr (StTransientNetns) netns = make_netns ();
  begin (netns, NULL, fail_if_called, NULL);
}

/* What has ended as well, for all that can be known, is not heard for that. */
static void
test_run_and_closed (void)
{
  g_autoptr (StTransientNetns) netns = make_netns ();
  begin (netns, NULL, fail_if_called, NULL);
  st_namespace_ref_close (ST_NAMESPACE_REF (netns));
}

static void
test_probe (void)
{
  st_probe_async (ST_NAMESPACE_NET, NULL, fail_if_called, NULL);
}

static void
test_create_socket (void)
{
  g_autoptr (StTransientNetns) netns = make_netns ();
  st_space_create_socket_async (ST_SPACE (netns), G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL, fail_if_called, NULL);
}

/* Nobody can call back in a main context that is gone. */
static void
test_context_gone (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (StTransientNetns) netns = make_netns ();
  g_main_context_push_thread_default (context);
  begin (netns, NULL, fail_if_called, NULL);
  g_main_context_pop_thread_default (context);
}

static void
note (GObject      *source,
      GAsyncResult *result,
      gpointer      is_heard)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_space_run_in_thread_finish (ST_SPACE (source), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  *(gboolean *) is_heard = TRUE;
}

static void
test_heard (void)
{
  gboolean is_heard = FALSE;
  g_autoptr (StTransientNetns) netns = make_netns ();
  begin (netns, NULL, note, &is_heard);
  while (!is_heard)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (StTransientNetns) netns = make_netns ();
  begin (netns, cancellable, fail_if_called, NULL);
  g_cancellable_cancel (cancellable);
}

static void
test_no_callback (void)
{
  g_autoptr (StTransientNetns) netns = make_netns ();
  begin (netns, NULL, NULL, NULL);
}

int
main (int    argc,
      char **argv)
{
  st_test_init (&argc, &argv, NULL);
  g_test_add_func ("/good/cancelled", test_cancelled);
  g_test_add_func ("/good/heard", test_heard);
  g_test_add_func ("/good/no-callback", test_no_callback);
  g_test_add_func ("/unheard/context-gone", test_context_gone);
  g_test_add_func ("/unheard/create-socket", test_create_socket);
  g_test_add_func ("/unheard/probe", test_probe);
  g_test_add_func ("/unheard/run-and-closed", test_run_and_closed);
  g_test_add_func ("/unheard/run-in-thread", test_run_in_thread);
  st_test_add_in ("/unheard/in/user", ST_NAMESPACE_USER, test_probe);
  return g_test_run ();
}
