/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "st-process.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct
{
  const char *name;
  CliFunc func;
  const char *purpose;
} commands[] = {
  { "run", cli_run, "run a program in new namespaces" },
  { "enter", cli_enter, "run a program in existing namespaces" },
  { "show", cli_show, "show namespaces, and who holds them" },
  { "check", cli_check, "find out which namespaces can be had here, and what stands in the way" },
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static int
print_help (void)
{
  char text[2048];
  int used = snprintf (text, sizeof text,
                       "Usage: spacetest [--help] [--version] COMMAND ...\n"
                       "\n"
                       "Linux namespaces for tests, from the command line.\n"
                       "\n"
                       "Commands:\n");
  for (size_t i = 0; i < N_COMMANDS; i++)
    used += snprintf (text + used, sizeof text - (size_t) used, "  %-8s %s\n", commands[i].name, commands[i].purpose);
  snprintf (text + used, sizeof text - (size_t) used,
            "\n"
            "\"spacetest COMMAND --help\" tells more; so does spacetest(1).\n");
  return cli_print (text);
}

static int
call_command (size_t index,
              int    argc,
              char **argv)
{
  char title[64];
  snprintf (title, sizeof title, "spacetest %s", commands[index].name);
  argv[0] = title; /* getopt_long() begins its messages with it */
  cli_set_name (title);
  optind = 0;
  return commands[index].func (argc, argv);
}

int
main (int    argc,
      char **argv)
{
  static const struct option options[] = {
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { 0 },
  };
  static char name[] = "spacetest";

  int result = st_process_fill_stdio ();
  if (result < 0)
    {
      cli_complain ("cannot open /dev/null: %s", strerror (-result));
      return CLI_FAILED;
    }
  if (argc < 1)
    return CLI_FAILED;
  argv[0] = name;
  switch (getopt_long (argc, argv, "+hV", options, NULL))
    {
    case -1:
      break;
    case 'h':
      return print_help ();
    case 'V':
      return cli_print_version ();
    default:
      return CLI_FAILED;
    }

  if (optind == argc)
    {
      cli_complain ("no command given (see 'spacetest --help')");
      return CLI_FAILED;
    }
  for (size_t i = 0; i < N_COMMANDS; i++)
    if (strcmp (argv[optind], commands[i].name) == 0)
      return call_command (i, argc - optind, argv + optind);
  cli_complain ("unknown command '%s' (see 'spacetest --help')", argv[optind]);
  return CLI_FAILED;
}
