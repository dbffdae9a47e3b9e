/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "survey-print.h"

#include "st-process.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
  "Usage: spacetest show [--json|--tree] [PID|PATH]...\n"
  "\n"
  "Shows the namespaces that can be seen from here, who owns them, and who keeps\n"
  "them alive: processes, threads that are not where their process is, open file\n"
  "descriptors, mounts and sockets. With PID those that a process is in, with PATH\n"
  "the one behind a file, as in /run/netns/blue, instead of all.\n"
  "\n"
  "  -J, --json           for programs\n"
  "  -t, --tree           user namespaces, and below each what it owns\n"
  "  -h, --help           show this help\n"
  "  -V, --version        show the version\n"
  "\n"
  "The exit status is 0, or 125 if spacetest failed.\n";

static void
choose (Survey         *survey,
        GPtrArray      *shown,
        StNamespaceRef *ref)
{
  Sighting *sighting = survey_include (survey, ref);
  if (!g_ptr_array_find (shown, sighting, NULL))
    g_ptr_array_add (shown, sighting);
}

static StSpace *
open_argument (const char *argument,
               GError    **error)
{
  const StNamespaceType all = ST_NAMESPACE_CGROUP | ST_NAMESPACE_IPC | ST_NAMESPACE_MNT | ST_NAMESPACE_NET | ST_NAMESPACE_PID |
                              ST_NAMESPACE_TIME | ST_NAMESPACE_USER | ST_NAMESPACE_UTS;
  guint64 pid;
  if (g_ascii_string_to_unsigned (argument, 10, 1, G_MAXINT, &pid, NULL))
    return st_space_new_for_pid ((int) pid, all, error);
  return (StSpace *) st_namespace_ref_new_for_path (argument, ST_NAMESPACE_NONE, error);
}

/* Those of a process, or the one behind a path. */
static gboolean
choose_argument (Survey     *survey,
                 GPtrArray  *shown,
                 const char *argument,
                 GError    **error)
{
  g_autoptr (StSpace) space = open_argument (argument, error);
  if (!space)
    return FALSE;
  ST_FOREACH_KIND (kind)
    if (st_space_get_types (space) & kind->flag)
      choose (survey, shown, st_space_get_ref (space, kind->flag, NULL));
  return TRUE;
}

/* What is asked for is opened first: it may end meanwhile, and still be told of. */
static GPtrArray *
look_around (Survey  *survey,
             char   **arguments,
             GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  for (char **argument = arguments; *argument; argument++)
    if (!choose_argument (survey, chosen, *argument, error))
      return NULL;
  if (!survey_look_around (survey, error))
    return NULL;
  return arguments[0] ? g_steal_pointer (&chosen) : survey_list (survey);
}

static int
print (Survey         *survey,
       GPtrArray      *shown,
       SurveyPrintFunc print_survey)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream (&text, &size);
  if (out)
    print_survey (survey, shown, out);
  if (!out || fclose (out) != 0)
    {
      cli_complain ("cannot write the answer: %s", strerror (errno));
      return CLI_FAILED;
    }
  const int status = cli_print (text);
  free (text);
  return status;
}

static int
show (char          **arguments,
      SurveyPrintFunc print_survey)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Survey) survey = survey_new (&error);
  g_autoptr (GPtrArray) shown = survey ? look_around (survey, arguments, &error) : NULL;
  if (shown)
    return print (survey, shown, print_survey);
  cli_complain ("%s", error->message);
  return CLI_FAILED;
}

static int
parse_and_show (int    argc,
                char **argv)
{
  static const struct option options[] = {
    { "json", no_argument, NULL, 'J' },
    { "tree", no_argument, NULL, 't' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { 0 },
  };
  bool as_json = false, as_tree = false;
  for (int option; (option = getopt_long (argc, argv, "JthV", options, NULL)) != -1;)
    switch (option)
      {
      case 'J':
        as_json = true;
        break;
      case 't':
        as_tree = true;
        break;
      case 'h':
        return cli_print (help);
      case 'V':
        return cli_print_version ();
      default:
        return CLI_FAILED;
      }
  if (as_json && as_tree)
    {
      cli_complain ("--json and --tree don't go together: --json has the owner and the parent of each");
      return CLI_FAILED;
    }
  return show (argv + optind, as_json ? survey_print_json : as_tree ? survey_print_tree : survey_print_table);
}

/* Started by cli_show(). */
int
main (int    argc,
      char **argv)
{
  static char title[] = "spacetest show";
  cli_set_name (title);
  const int result = st_process_fill_stdio ();
  if (result < 0)
    {
      cli_complain ("cannot open /dev/null: %s", strerror (-result));
      return CLI_FAILED;
    }
  if (argc < 1)
    return CLI_FAILED;
  argv[0] = title; /* getopt_long() begins its messages with it */
  return parse_and_show (argc, argv);
}
