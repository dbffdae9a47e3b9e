/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Actions that go wrong, and programs that know nothing of them. */
#include "action-support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

static const char *own_path;

static GVariant *
fail (GVariant *parameter,
      GError  **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy \xff inside");
  return NULL;
}

/* A value that an error comes with is none. */
static GVariant *
fail_with_value (GVariant *parameter,
                 GError  **error)
{
  g_set_error (error, g_quark_from_string ("spacetest-test-domain"), -7, "%s", "");
  return g_variant_new_string ("nonsense");
}

static GVariant *
return_nothing (GVariant *parameter,
                GError  **error)
{
  return NULL;
}

static GVariant *
return_number (GVariant *parameter,
               GError  **error)
{
  return g_variant_new_int32 (42);
}

static GVariant *
kill_itself (GVariant *parameter,
             GError  **error)
{
  kill (getpid (), g_variant_get_int32 (parameter));
  return g_variant_new ("()");
}

static GVariant *
end (GVariant *parameter,
     GError  **error)
{
  exit (g_variant_get_int32 (parameter));
}

static GVariant *
hang (GVariant *parameter,
      GError  **error)
{
  while (parameter == NULL)
    pause ();
  return NULL;
}

/* Its result never arrives, since who forked it is the one that answers. */
static GVariant *
fork_and_end (GVariant *parameter,
              GError  **error)
{
  if (fork () > 0)
    _exit (0);
  return g_variant_new ("()");
}

static void
end_badly (void)
{
  _exit (5);
}

static GVariant *
return_and_end_badly (GVariant *parameter,
                      GError  **error)
{
  atexit (end_badly);
  return g_variant_new ("()");
}

static GVariant *
run_another (GVariant *parameter,
             GError  **error)
{
  g_autoptr (StSpace) here = open_own_space ();
  return st_reexec_run (here, "number", NULL, NULL, error);
}

/* What it starts is no action, though it is the same program. */
static GVariant *
start_program (GVariant *parameter,
               GError  **error)
{
  const char *const argv[] = { g_variant_get_string (parameter, NULL), "--tell", NULL };
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
  g_autofree char *output = process ? read_all (g_subprocess_get_stdout_pipe (process)) : NULL;
  return output ? g_variant_new_string (output) : NULL;
}

static GVariant *
ask_again (GVariant *parameter,
           GError  **error)
{
  return st_reexec_receive (error);
}

/* The second answer is one too many, whoever gives it. */
static GVariant *
answer_twice (GVariant *parameter,
              GError  **error)
{
  g_autoptr (GError) failure = NULL;
  g_assert_true (st_reexec_reply (g_variant_new_string ("first"), &failure));
  g_assert_false (st_reexec_reply (g_variant_new_string ("second"), &failure));
  test_assert_failed (failure, ST_ERROR_NOT_SUPPORTED, "answered already");
  return g_variant_new_string ("third");
}

static GVariant *
nest (GVariant *parameter,
      GError  **error)
{
  GVariant *value = g_variant_new_string ("deep");
  for (guint i = 0; i < 200; i++)
    value = g_variant_new_variant (value);
  return value;
}

/* REEX-05, REEX-08, and whoever is started by a mark: programs of other names. */
static GVariant *
run_command_with (StReexecOptions *options,
                  const char      *name,
                  GVariant        *parameter,
                  const char      *argument,
                  GError         **error)
{
  const char *const argv[] = { own_path, argument, NULL };
  g_autoptr (StSpace) here = open_own_space ();
  st_reexec_options_set_command (options, argv);
  return st_reexec_run_with_options (here, name, parameter, options, NULL, error);
}

static GVariant *
run_command (StReexecOptions *options,
             const char      *name,
             const char      *argument,
             GError         **error)
{
  return run_command_with (options, name, NULL, argument, error);
}

/* REEX-05: neither in a program that never said it could, nor when started from it. */
static void
test_no_init (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  test_assert_not_made (run_command (options, "number", "--end", &error), error, ST_ERROR_CALLBACK_FAILED,
                        "action \"number\" was not run: the copy of the program ended with status 4 before it called st_reexec_init()");
  st_reexec_options_set_start_timeout (options, 300);
  g_assert_null (run_command (options, "number", "--block", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "has not called st_reexec_init() within 300 ms"));

  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, own_path, "--run", NULL);
  g_autofree char *output = read_all (g_subprocess_get_stdout_pipe (process));
  g_subprocess_wait (process, NULL, NULL);
  g_assert_cmpstr (output, ==, "this program does not run actions: it has not called st_reexec_init()");
}

/* Nobody reads it, and nobody waits for that. */
static void
test_unread (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_autofree char *text = g_strnfill (8 * 1024 * 1024, 'x');
  test_assert_not_made (run_command_with (options, "number", g_variant_new_string (text), "--end", &error), error, ST_ERROR_CALLBACK_FAILED,
                        "ended with status 4");
  st_reexec_options_set_timeout (options, 300);
  g_assert_null (run_command_with (options, "number", g_variant_new_string (text), "--block", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* REEX-06 */
static void
test_twice (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_reexec_register ("number", hang, &error));
  test_assert_failed (error, ST_ERROR_EXISTS, "there is an action \"number\" already");
  g_assert_false (st_reexec_register ("", hang, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "is no name");
  g_assert_false (st_reexec_register ("\xff", hang, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "is no name");
}

static gpointer
register_some (gpointer data)
{
  guint *n_new = data;
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("of threads %u", i);
      *n_new += st_reexec_register (name, hang, NULL);
    }
  return NULL;
}

/* Each name is that of one thread's. */
static void
test_threads (void)
{
  guint n_new[4] = { 0 }, n = 0;
  GThread *threads[4];
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("registers", register_some, &n_new[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      n += n_new[i];
    }
  g_assert_cmpuint (n, ==, 200);
}

/* REEX-07 */
static void
test_unknown (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "barx", NULL, ST_ERROR_NOT_FOUND, "action \"barx\" is not registered");
  action_assert_fails (here, "", NULL, ST_ERROR_INVALID_ARGUMENT, "no name");
  action_assert_fails (here, NULL, NULL, ST_ERROR_INVALID_ARGUMENT, "no name");
  action_assert_fails (here, "\xff\xfe", NULL, ST_ERROR_INVALID_ARGUMENT, "no name");
}

/* REEX-08 */
static void
test_unknown_there (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  g_assert_true (st_reexec_register ("barx", hang, NULL));
  action_assert_fails (here, "barx", NULL, ST_ERROR_NOT_FOUND, "\"barx\" is not registered in the copy of the program");
}

/* REEX-10 */
static void
test_nested (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "run-another", NULL, ST_ERROR_NOT_SUPPORTED, "can't run actions");
  g_autoptr (GVariant) told = action_run (here, "start-program", g_variant_new_string (own_path));
  g_assert_cmpstr (g_variant_get_string (told, NULL), ==, "outside");
}

/* REEX-11 */
static void
test_wrong_type (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  st_reexec_options_set_result_type (options, G_VARIANT_TYPE_STRING);
  test_assert_not_made (st_reexec_run_with_options (here, "number", NULL, options, NULL, &error), error, ST_ERROR_CALLBACK_FAILED,
                        "returned a value of type i, not s");
  st_reexec_options_set_result_type (options, G_VARIANT_TYPE_BASIC);
  g_autoptr (GVariant) value = st_reexec_run_with_options (here, "number", NULL, options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int32 (value), ==, 42);
}

static void
test_errors (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_assert_null (st_reexec_run (here, "fail", NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "busy \357\277\275 inside");
  g_clear_error (&error);
  g_assert_null (st_reexec_run (here, "fail-with-value", NULL, NULL, &error));
  g_assert_error (error, g_quark_from_string ("spacetest-test-domain"), -7);
  g_assert_cmpstr (error->message, ==, "");
}

static void
test_no_result (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "nothing", NULL, ST_ERROR_CALLBACK_FAILED, "neither a value nor an error");
  action_assert_fails (here, "kill", g_variant_new_int32 (SIGKILL), ST_ERROR_CALLBACK_FAILED, "was killed by signal 9");
  action_assert_fails (here, "kill", g_variant_new_int32 (SIGTERM), ST_ERROR_CALLBACK_FAILED, "was killed by signal 15");
  action_assert_fails (here, "end", g_variant_new_int32 (3), ST_ERROR_CALLBACK_FAILED, "gave no result: its process ended with status 3");
  action_assert_fails (here, "end", g_variant_new_int32 (0), ST_ERROR_CALLBACK_FAILED, "gave no result: its process ended with status 0");
  action_assert_fails (here, "fork-and-end", NULL, ST_ERROR_CALLBACK_FAILED, "gave no result");
  action_assert_fails (here, "end-badly", NULL, ST_ERROR_CALLBACK_FAILED, "gave its result, but then its process ended with status 5");
  action_assert_fails (here, "nest", NULL, ST_ERROR_INVALID_ARGUMENT, "nested deeper than 100");
  action_assert_fails (here, "number", nest (NULL, NULL), ST_ERROR_INVALID_ARGUMENT, "nested deeper than 100");
}

static void
test_timeout (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_assert_cmpuint (st_reexec_options_get_timeout (options), ==, 0);
  st_reexec_options_set_timeout (options, 400);
  g_assert_null (st_reexec_run_with_options (here, "hang", NULL, options, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "action \"hang\" has not returned within 400 ms, and was killed"));
}

static gboolean
cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GObject      *source,
              GAsyncResult *result,
              gpointer      data)
{
  GError **error = data;
  g_assert_null (st_reexec_run_finish (result, error));
}

static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL, other = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  st_reexec_run_async (here, "hang", NULL, NULL, cancellable, on_cancelled, &error);
  g_timeout_add (50, cancel, cancellable); /* before it starts, or while it hangs */
  while (!error)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (st_reexec_run (here, "hang", NULL, cancellable, &other));
  g_assert_error (other, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_asked_again (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "ask-again", NULL, ST_ERROR_NOT_SUPPORTED, "asked for already");
}

static void
test_answered_twice (void)
{
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "answer-twice", NULL, ST_ERROR_CALLBACK_FAILED, "status 1");
}

/* What is no answer of an action is not taken for one. */
static void
test_rubbish (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  test_assert_not_made (run_command (options, "number", "--rubbish", &error), error, ST_ERROR_PROTOCOL, "cannot read what");
}

static void
test_options (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpace) here = open_own_space ();
  g_autoptr (StReexecOptions) options = st_reexec_options_new ();
  g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (StLauncher) unmade = g_object_new (ST_TYPE_LAUNCHER, NULL);
  const char *const none[] = { NULL };
  const char *const missing[] = { "/no/such/program", NULL };
  st_reexec_options_set_launcher (options, launcher);
  test_assert_not_made (st_reexec_run_with_options (here, "number", NULL, options, NULL, &error), error, ST_ERROR_INVALID_ARGUMENT, "no pipes");
  st_reexec_options_set_launcher (options, unmade);
  test_assert_not_made (st_reexec_run_with_options (here, "number", NULL, options, NULL, &error), error, ST_ERROR_CLOSED, "launcher");
  st_reexec_options_set_launcher (options, NULL);
  st_reexec_options_set_command (options, none);
  test_assert_not_made (st_reexec_run_with_options (here, "number", NULL, options, NULL, &error), error, ST_ERROR_INVALID_ARGUMENT, "no arguments");
  st_reexec_options_set_command (options, missing);
  test_assert_not_made (st_reexec_run_with_options (here, "number", NULL, options, NULL, &error), error, ST_ERROR_NOT_FOUND, "/no/such/program");
}

static void
test_outside (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (st_reexec_is_inside ());
  test_assert_not_made (st_reexec_receive (&error), error, ST_ERROR_NOT_SUPPORTED, "not started to run an action");
  g_assert_false (st_reexec_reply (g_variant_new ("()"), &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "not started to run an action");
  g_assert_false (st_reexec_reply_error ("domain", 1, "message", &error));
  test_assert_failed (error, ST_ERROR_NOT_SUPPORTED, "not started to run an action");
}

static void
tell (const char *mark)
{
  const char *argv[] = { own_path, "--tell", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_setenv (launcher, "SPACETEST_ACTION", mark, TRUE);
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  g_autofree char *output = read_all (g_subprocess_get_stdout_pipe (process));
  g_subprocess_wait (process, NULL, NULL);
  g_assert_cmpstr (output, ==, "outside");
}

/* What somebody left in the environment starts nothing. */
static void
test_marks (void)
{
  static const char *const marks[] = { "", "3", "3:", "3:0", "x", "-1:5", "999999999999999999999:1", "5:12345", "1:1", "7:7x" };
  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    tell (marks[i]);
}

/* Other programs: those that never come to their actions. */
static int
be_other (const char *argument)
{
  g_autoptr (GError) error = NULL;
  if (strcmp (argument, "--tell") == 0)
    g_print ("%s", st_reexec_is_inside () || g_getenv ("SPACETEST_ACTION") ? "inside" : "outside");
  else if (strcmp (argument, "--rubbish") == 0)
    {
      for (int fd = STDERR_FILENO + 1; fd < 64; fd++) /* to whoever listens */
        send (fd, "rubbish", strlen ("rubbish"), MSG_NOSIGNAL);
      _exit (4); /* it is killed meanwhile: what a leak checker starts at an exit would be left */
    }
  else if (strcmp (argument, "--block") == 0)
    for (;;)
      pause ();
  else if (strcmp (argument, "--run") == 0)
    {
      g_autoptr (StSpace) here = open_own_space ();
      g_assert_null (st_reexec_run (here, "number", NULL, NULL, &error));
      g_print ("%s", error->message);
    }
  return 4;
}

static GVariant *
stay_on_visits (GVariant *parameter,
                GError  **error)
{
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (StVisit) dropped = st_enter_transient (ST_NAMESPACE_MNT, error);
      if (!dropped)
        return NULL;
    }
  if (parameter)
    return fail (parameter, error);
  return g_variant_new_string ("not to be had");
}

static void
test_visits (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_privilege ())
    return;
  g_autoptr (StSpace) here = open_own_space ();
  action_assert_fails (here, "stay-on-visits", NULL, ST_ERROR_WRONG_ORDER, "without leaving 2 of its visits");
  g_assert_null (st_reexec_run (here, "stay-on-visits", g_variant_new_string ("fail"), NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY); /* which says more */
}

static const Action actions[] = {
  { "answer-twice", answer_twice },
  { "ask-again", ask_again },
  { "end", end },
  { "end-badly", return_and_end_badly },
  { "fail", fail },
  { "fail-with-value", fail_with_value },
  { "fork-and-end", fork_and_end },
  { "hang", hang },
  { "kill", kill_itself },
  { "nest", nest },
  { "nothing", return_nothing },
  { "number", return_number },
  { "run-another", run_another },
  { "start-program", start_program },
  { "stay-on-visits", stay_on_visits },
  { NULL, NULL },
};

int
main (int    argc,
      char **argv)
{
  static const char *const others[] = { "--tell", "--block", "--run", "--end", "--rubbish", NULL };
  own_path = argv[0];
  actions_register (actions);
  if (argc > 1 && g_strv_contains (others, argv[1]))
    return be_other (argv[1]);
  st_reexec_init (&argc, &argv);
  test_init (&argc, &argv);
  start_guard ();
  test_add ("/reexec/failures/REEX-05/no-init", test_no_init);
  test_add ("/reexec/failures/REEX-06/twice", test_twice);
  test_add ("/reexec/failures/REEX-07/unknown", test_unknown);
  test_add ("/reexec/failures/REEX-08/unknown-there", test_unknown_there);
  test_add ("/reexec/failures/REEX-10/nested", test_nested);
  test_add ("/reexec/failures/REEX-11/wrong-type", test_wrong_type);
  test_add ("/reexec/failures/answered-twice", test_answered_twice);
  test_add ("/reexec/failures/asked-again", test_asked_again);
  test_add ("/reexec/failures/cancel", test_cancel);
  test_add ("/reexec/failures/errors", test_errors);
  test_add ("/reexec/failures/marks", test_marks);
  test_add ("/reexec/failures/no-result", test_no_result);
  test_add ("/reexec/failures/options", test_options);
  test_add ("/reexec/failures/outside", test_outside);
  test_add ("/reexec/failures/rubbish", test_rubbish);
  test_add ("/reexec/failures/threads", test_threads);
  test_add ("/reexec/failures/timeout", test_timeout);
  test_add ("/reexec/failures/unread", test_unread);
  test_add ("/reexec/failures/visits", test_visits);
  return g_test_run ();
}
