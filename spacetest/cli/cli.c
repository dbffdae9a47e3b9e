/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include <spacetest/spacetest.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char *name = "spacetest";

/* What messages begin with. */
void
cli_set_name (const char *new_name)
{
  name = new_name;
}

/* Makes sure that a message is one line, whatever names are in it. */
static void
hide_control_characters (char *text)
{
  for (; *text; text++)
    if ((unsigned char) *text < ' ' || *text == '\x7f')
      *text = '?';
}

void
cli_complain (const char *format,
              ...)
{
  char text[LINE_MAX_BYTES];
  va_list args;
  va_start (args, format);
  vsnprintf (text, sizeof text, format, args);
  va_end (args);
  hide_control_characters (text);
  dprintf (STDERR_FILENO, "%s: %s\n", name, text);
}

int
cli_print (const char *text)
{
  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return CLI_OK;
  cli_complain ("cannot write to standard output: %s", strerror (errno));
  return CLI_FAILED;
}

int
cli_print_version (void)
{
  return cli_print ("spacetest " ST_VERSION_S "\n");
}

/* Says why a command could not be executed, and gives the status for that. */
int
cli_explain_exec (const char *command,
                  int         error)
{
  bool is_there = strchr (command, '/') && access (command, F_OK) == 0;
  if (error == ENOENT && is_there)
    {
      cli_complain ("cannot run '%s': its interpreter is missing", command);
      return CLI_CANT_RUN;
    }
  if (error == ENOENT || error == ENOTDIR)
    {
      cli_complain ("cannot find '%s': %s", command, strerror (error));
      return CLI_NOT_FOUND;
    }
  cli_complain ("cannot run '%s': %s", command, strerror (error));
  return CLI_CANT_RUN;
}
