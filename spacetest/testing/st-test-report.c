/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-last-words.h"
#include "st-way-in.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Says how to get to where a test failed. Most of it runs in a signal handler, maybe with GLib's locks held: no GLib there, but
 * for g_test_get_path(), which reads a pointer. */

#define MOST_HELD 8

typedef enum
{
  REPORT,
  KEEP,
  SHELL,
} Mode;

static const char *const mode_names[] = { "report", "keep", "shell" };

static struct
{
  pid_t pid;
  Mode mode;
  char program[512]; /* quoted */
  char last[512];    /* the test that was reported: more would be told of it by what follows, its end at home */
  char *shell;
  StWhereabouts outside;
  StWhereabouts home;
  StWhereabouts own; /* where the tests begin: another place than home in a copy */
  gboolean is_copy;
  int proc;          /* in a copy, that of outside; else -1 */
  char way_home[ST_WAY_IN_SIZE]; /* in a copy, a command and a blank: home is where those are that it is a copy of */
} report = { .proc = -1 };

static Mode
find_mode (void)
{
  const char *name = g_getenv ("SPACETEST_ON_FAILURE");
  if (!name || !*name)
    return REPORT;
  for (gsize i = 0; i < G_N_ELEMENTS (mode_names); i++)
    if (strcmp (name, mode_names[i]) == 0)
      return i;
  g_error ("SPACETEST_ON_FAILURE is \"%s\": it can be \"report\", \"keep\" or \"shell\"", name);
}

/* For a shell. */
static const char *
quote (const char *path,
       char       *quoted,
       gsize       size)
{
  gsize used = 0;
  if (strspn (path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-+:@%,=") == strlen (path))
    return path;
  quoted[used++] = '\'';
  for (; *path && used + 6 < size; path++)
    if (*path == '\'')
      {
        memcpy (quoted + used, "'\\''", 4);
        used += 4;
      }
    else
      quoted[used++] = *path;
  quoted[used++] = '\'';
  quoted[used] = '\0';
  return quoted;
}

static gboolean
is_in_first_user_namespace (void)
{
  g_autofree char *map = NULL;
  guint count = 0;
  return !g_file_get_contents ("/proc/self/uid_map", &map, NULL, NULL) || (sscanf (map, "%*u %*u %u", &count) == 1 && count == G_MAXUINT32);
}

static GVariant *
pack (const StWhereabouts *places)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("as"));
  for (gsize i = 0; i < ST_N_KINDS; i++)
    g_variant_builder_add (&builder, "s", places->of_kind[i]);
  return g_variant_builder_end (&builder);
}

static void
unpack (StWhereabouts *places,
        GVariant      *list)
{
  for (gsize i = 0; i < MIN (g_variant_n_children (list), ST_N_KINDS); i++)
    {
      g_autoptr (GVariant) name = g_variant_get_child_value (list, i);
      g_strlcpy (places->of_kind[i], g_variant_get_string (name, NULL), sizeof places->of_kind[i]);
    }
}

/* What a copy has to know to report like us, who have @proc at that number there. */
GVariant *
st_test_report_brief_copy (int proc)
{
  char places[ST_WAY_IN_SIZE], number[ST_WAY_IN_NUMBER_SIZE], command[ST_WAY_IN_SIZE] = "";
  st_way_in_number (-1, false, number);
  if (st_way_in_list (&report.home, &report.outside, places))
    st_way_in_describe (&report.home, &report.outside, number, command);
  return g_variant_new ("(is@as)", proc, command, pack (&report.home));
}

void
st_test_report_take_brief (GVariant *brief)
{
  g_autoptr (GVariant) home = NULL;
  const char *command;
  if (!g_variant_is_of_type (brief, G_VARIANT_TYPE ("(isas)")))
    return;
  g_variant_get (brief, "(i&s@as)", &report.proc, &command, &home);
  unpack (&report.home, home);
  report.outside = report.home;
  g_snprintf (report.way_home, sizeof report.way_home, "%s%s", command, *command ? " " : "");
  report.is_copy = TRUE;
  fcntl (report.proc, F_SETFD, FD_CLOEXEC);
}

/* Where whoever started us is: there he would type a command. From a user namespace of our own we would not see it any more. Who started
 * us in one, and can't be seen, may be anywhere. */
void
st_test_report_look_outside (void)
{
  st_way_in_find (&report.outside, getppid ());
  if (!report.outside.of_kind[ST_KIND_USER][0] && is_in_first_user_namespace ())
    st_way_in_find (&report.outside, 0);
}

void
st_test_report_init (const char *program)
{
  const char *shell = g_getenv ("SHELL");
  const Mode mode = find_mode ();
  if (g_test_subprocess ()) /* which may fail on purpose */
    return;
  report.mode = mode;
  report.pid = getpid ();
  g_strlcpy (report.program, quote (program ? program : "", report.program, sizeof report.program), sizeof report.program);
  report.shell = g_strdup (shell && *shell == '/' ? shell : "/bin/sh");
  st_way_in_find (&report.own, 0);
  if (!report.is_copy)
    report.home = report.own;
  st_last_words_install (st_test_report);
}

static const char *
find_path (void)
{
  const char *path = g_test_get_path ();
  return path ? path : "";
}

static void
say_how_to_repeat (Mode mode)
{
  char quoted[512];
  st_last_words_say ("  SPACETEST_ON_FAILURE=", mode_names[mode], " ", report.program, " -p ", quote (find_path (), quoted, sizeof quoted), "\n", NULL);
}

static void
stop (void)
{
  char number[ST_WAY_IN_NUMBER_SIZE];
  st_way_in_number (report.proc, false, number);
  st_last_words_say ("spacetest: process ", number, " is stopped; to let it go on: kill -CONT ", number, "\n", NULL);
  st_last_words_stop ();
}

static void
be_shell (void)
{
  if (!st_last_words_have_terminal ())
    {
      st_last_words_say ("spacetest: there is no terminal for a shell; a process waits without one with SPACETEST_ON_FAILURE=keep\n", NULL);
      return;
    }
  st_last_words_say ("spacetest: a shell is started here; the test goes on when it ends\n", NULL);
  if (st_last_words_be_shell (report.shell) < 0)
    st_last_words_say ("spacetest: but ", report.shell, " can't be started\n", NULL);
}

static void
wait_for_visitors (void)
{
  if (report.mode == KEEP)
    stop ();
  else if (report.mode == SHELL)
    be_shell ();
}

static void
say_what_failed (const char *where)
{
  st_last_words_say ("spacetest: ", *find_path () ? find_path () : "the program", " did not pass; ", where, NULL);
}

static void
report_place (const StWhereabouts *here,
              const char          *places)
{
  char command[ST_WAY_IN_SIZE], number[ST_WAY_IN_NUMBER_SIZE];
  say_what_failed ("it was in ");
  st_last_words_say (places, "\n", NULL);
  if (report.mode == REPORT)
    {
      st_last_words_say ("spacetest: they end with it. For a shell in there, or with \"keep\" for a process that waits:\n", NULL);
      say_how_to_repeat (SHELL);
      return;
    }
  st_way_in_number (report.proc, true, number);
  st_way_in_describe (here, &report.outside, number, command);
  st_last_words_say ("spacetest: to look around there, from outside:\n  ", report.way_home, command, "\n", NULL);
}

/* A test that is at home may have been about others, on whom it holds a hand. */
static gboolean
report_held (void)
{
  const StKind *kind;
  char name[ST_WAY_IN_NAME_SIZE], command[ST_WAY_IN_SIZE], number[ST_WAY_IN_NUMBER_SIZE];
  guint n = 0;
  st_way_in_number (report.proc, false, number);
  for (int fd = -1; n < MOST_HELD && (fd = st_way_in_next_held (&report.home, fd, &kind, name)) >= 0; n++)
    {
      if (n == 0)
        say_what_failed ("it held these:\n");
      st_way_in_describe_held (&report.own, &report.outside, number, kind, fd, command);
      if (report.mode == REPORT)
        st_last_words_say ("  ", name, "\n", NULL);
      else
        st_last_words_say ("  ", report.way_home, command, "\n", NULL);
    }
  if (n > 0 && report.mode == REPORT)
    {
      st_last_words_say ("spacetest: they end with it. For a process that waits:\n", NULL);
      say_how_to_repeat (KEEP);
    }
  return n > 0;
}

static gboolean
is_reported (void)
{
  const char *path = find_path ();
  if (*path && strncmp (path, report.last, sizeof report.last - 1) == 0)
    return TRUE;
  strncpy (report.last, path, sizeof report.last - 1);
  return FALSE;
}

/* On the thread that failed. Children that were forked fail for reasons of their own. */
void
st_test_report (void)
{
  StWhereabouts here;
  char places[ST_WAY_IN_SIZE];
  if (getpid () != report.pid || is_reported ())
    return;
  st_test_capture_report ();
  st_way_in_find (&here, 0);
  gboolean has_something = st_way_in_list (&here, &report.home, places);
  if (has_something)
    report_place (&here, places);
  else
    has_something = report_held ();
  if (has_something)
    wait_for_visitors ();
}
