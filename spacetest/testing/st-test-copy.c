/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-error-private.h"
#include "st-namespace-type-private.h"
#include "st-reexec-private.h"
#include "st-spacer.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A test in namespaces that no thread can enter is run by a copy of the program, which starts inside. What that says about the test, in TAP,
 * becomes what this one says. */

#define START_TIMEOUT (60 * 1000)

static char *program;
static GPtrArray *arguments; /* that the copy gets as well */
static char *asked_for;      /* in the copy: the path of the test */

gboolean
st_test_copy_is_needed (StNamespaceType types)
{
  ST_FOREACH_KIND (kind)
    if ((types & kind->flag) && !kind->by_thread)
      return TRUE;
  return FALSE;
}

static void
receive (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) order = st_reexec_receive (&error);
  if (!order)
    g_error ("st_test_init: %s", error->message);
  g_autoptr (GVariant) brief = NULL;
  g_variant_get (order, "(smv)", &asked_for, &brief);
  if (brief)
    st_test_report_take_brief (brief);
}

/* The mode and the seed; the rest is about which tests to run, and how to tell. */
static void
remember_arguments (char **argv)
{
  arguments = g_ptr_array_new_with_free_func (g_free);
  for (char **word = argv + 1; *word; word++)
    {
      const gboolean takes_next = strcmp (*word, "-m") == 0 || strcmp (*word, "--seed") == 0;
      if (takes_next || g_str_has_prefix (*word, "-m=") || g_str_has_prefix (*word, "--seed="))
        g_ptr_array_add (arguments, g_strdup (*word));
      if (takes_next && word[1])
        g_ptr_array_add (arguments, g_strdup (*++word));
    }
}

/* Returns TRUE in the copy. Its TAP is read, and is not to be what newer GLib makes of that of a test program in another one. */
gboolean
st_test_copy_init (char **argv)
{
  program = g_strdup (argv[0]);
  remember_arguments (argv);
  if (!st_reexec_is_test ())
    return FALSE;
  g_unsetenv ("G_TEST_ROOT_PROCESS");
  receive ();
  return TRUE;
}

/* Whether this process is the copy, which is where it should be; the test may be run only if it is the one. */
gboolean
st_test_copy_is_inside (gboolean *is_asked_for)
{
  *is_asked_for = g_strcmp0 (asked_for, g_test_get_path ()) == 0;
  return asked_for != NULL;
}

/* The test has returned. */
void
st_test_copy_done (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_reexec_reply (g_variant_new ("()"), &error))
    g_test_fail_printf ("%s", error->message);
}

typedef struct
{
  StSpacer *first;
  StSpacer *below;
  StSpace *space;
} Place;

static void
place_clear (Place *self)
{
  g_clear_object (&self->space);
  if (self->below)
    st_spacer_close (self->below);
  if (self->first)
    st_spacer_close (self->first);
  g_clear_object (&self->below);
  g_clear_object (&self->first);
}

static gboolean
place_make (Place          *self,
            StNamespaceType types,
            GError        **error)
{
  guint by_process = 0;
  ST_FOREACH_KIND (kind)
    if (!kind->by_thread)
      by_process |= types & kind->flag;
  const guint others = types & ~by_process;
  self->first = st_spacer_new (NULL, error);
  self->below = self->first ? st_spacer_create_subspace (self->first, by_process, NULL, NULL, error) : NULL;
  if (!self->below)
    return FALSE;
  StSpace *home = others ? NULL : st_spacer_get_space (self->below, error);
  self->space = others ? st_spacer_create_space (self->below, others, NULL, error) : home ? g_object_ref (home) : NULL;
  return self->space != NULL;
}

typedef struct
{
  char *path;       /* as it is printed */
  gboolean is_told; /* that it has gone well, or was skipped */
  gboolean is_over; /* with another result */
} Report;

/* Where the locale has no letters for it, which is so in every program that does not call setlocale(), GLib prints something else. */
static char *
dup_printed (const char *text)
{
  const char *charset;
  g_autofree char *printed = g_get_charset (&charset) ? NULL : g_convert_with_fallback (text, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
  return g_utf8_make_valid (printed ? printed : text, -1);
}

static const char *
after (const char *line,
       const char *mark)
{
  const char *found = strstr (line, mark);
  return found ? found + strlen (mark) : NULL;
}

static const char *
after_prefix (const char *line,
              const char *prefix)
{
  return g_str_has_prefix (line, prefix) ? line + strlen (prefix) : NULL;
}

static gboolean
is_of_framework (const char *comment)
{
  return g_str_has_prefix (comment, "random seed:") || g_str_has_prefix (comment, "Start of ") || g_str_has_prefix (comment, "End of ");
}

static void
take_result (Report     *report,
             const char *line)
{
  const char *reason;
  if ((reason = after (line, "# SKIP")))
    {
      g_test_skip (reason + (*reason == ' '));
      report->is_over = TRUE;
    }
  else if ((reason = after (line, "# TO" "DO")))
    {
      g_test_incomplete (reason + (*reason == ' '));
      report->is_over = TRUE;
    }
  else if (g_str_has_prefix (line, "not ok "))
    {
      reason = after (line, " - ");
      g_test_fail_printf ("inside: %s", reason ? reason : "the test failed");
      report->is_over = TRUE;
    }
  else
    report->is_told = TRUE;
}

/* Newer GLib leaves out the number where the program ends at once. */
static gboolean
is_result (const Report *report,
           const char   *line)
{
  const char *rest = after_prefix (line, "not ok 1 ");
  if (!rest)
    rest = after_prefix (line, "not ok ");
  if (!rest)
    rest = after_prefix (line, "ok 1 ");
  const gsize length = strlen (report->path);
  return rest && strncmp (rest, report->path, length) == 0 && (rest[length] == '\0' || rest[length] == ' ');
}

static void
take_line (Report     *report,
           const char *line)
{
  if (is_result (report, line))
    take_result (report, line);
  else if (g_str_has_prefix (line, "Bail out!") && report->is_over)
    return;
  else if (g_str_has_prefix (line, "Bail out!"))
    {
      g_test_fail_printf ("inside: %s", line + strlen ("Bail out!") + (line[strlen ("Bail out!")] == ' '));
      report->is_over = TRUE;
    }
  else if (g_str_has_prefix (line, "# ") && !is_of_framework (line + 2))
    g_test_message ("%s", line + 2);
  else if (*line && *line != '#' && !g_str_has_prefix (line, "1..") && !g_str_has_prefix (line, "TAP version"))
    g_test_message ("%s", line);
}

static void
take_output (Report *report,
             int     output)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", output);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_auto (GStrv) lines = g_strsplit (valid, "\n", -1);
  for (char **line = lines; *line; line++)
    take_line (report, *line);
}

static void
judge (const Report          *report,
       const StReexecOutcome *outcome)
{
  if (report->is_over)
    return;
  g_autofree char *end = st_reexec_describe_end (outcome->status);
  if (!outcome->has_begun)
    g_test_fail_printf ("the test was not run: the copy of the program %s before it called st_test_init()", end);
  else if (!outcome->answer)
    g_test_fail_printf ("the copy of the program %s before the test was over (a test returns; _exit() and exec are for its children)", end);
  else if (!report->is_told || (outcome->status != 0 && !outcome->was_ended))
    g_test_fail_printf ("the copy of the program has run the test, and then %s", end);
}

static int
open_output (GError **error)
{
  g_autofree char *path = NULL;
  const int fd = g_file_open_tmp ("spacetest-XXXXXX", &path, error);
  if (path)
    g_unlink (path);
  return fd;
}

/* Our /proc, by which it knows what its number is here. */
static int
give_proc (StSpawnPlan *plan)
{
  const StSpawnFd entry = { open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), st_spawn_plan_get_free_fd (plan) };
  if (entry.source < 0)
    return -1;
  g_array_append_val (plan->fds, entry);
  return entry.target;
}

static gboolean
run_copy (StSpace *space,
          GError **error)
{
  Report report = { NULL };
  StReexecOutcome outcome = { 0 };
  StSpawnPlan plan;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const int output = open_output (error);
  if (output < 0)
    return FALSE;
  g_ptr_array_add (argv, program);
  g_ptr_array_extend (argv, arguments, NULL, NULL);
  for (const char *const *word = (const char *const[]) { "--tap", "-p", g_test_get_path (), NULL }; *word; word++)
    g_ptr_array_add (argv, (gpointer) *word);
  g_ptr_array_add (argv, NULL);
  st_spawn_plan_init (&plan, G_SUBPROCESS_FLAGS_NONE);
  st_spawn_plan_set_stdio (&plan, STDOUT_FILENO, output, NULL);
  g_autoptr (GVariant) brief = g_variant_ref_sink (st_test_report_brief_copy (give_proc (&plan)));
  const StReexecOrder order = {
    .space = space,
    .name = g_test_get_path (),
    .parameter = brief,
    .argv = (char **) argv->pdata,
    .is_own_program = TRUE,
    .is_test = TRUE,
    .plan = &plan,
    .start_timeout = START_TIMEOUT,
  };
  const gboolean done = st_reexec_carry_out (&order, NULL, &outcome, error);
  if (done)
    {
      report.path = dup_printed (g_test_get_path ());
      take_output (&report, output);
      judge (&report, &outcome);
      g_free (report.path);
    }
  g_clear_pointer (&outcome.answer, g_variant_unref);
  st_spawn_plan_clear (&plan);
  return done;
}

/* In new namespaces, if @space is NULL. What the test did is told to the framework; FALSE if it could not be run. */
gboolean
st_test_copy_run (StSpace        *space,
                  StNamespaceType types,
                  GError        **error)
{
  Place place = { NULL };
  if (!program)
    {
      st_error_set (error, ST_ERROR_NOT_SUPPORTED, "st_test_init() was not called, so that a copy of the program would not know what to do");
      return FALSE;
    }
  const gboolean done = (space || place_make (&place, types, error)) && run_copy (space ? space : place.space, error);
  place_clear (&place);
  return done;
}
