/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "st-coverage.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

const char *
cli_hint_for_fork (int error)
{
  return error == EAGAIN ? " (too many processes: raise RLIMIT_NPROC, or pids.max of the control group)" : "";
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
  return cli_print ("spacetest " CLI_VERSION "\n");
}

static bool
is_in_directory (const char *directory,
                 size_t      length,
                 const char *command)
{
  char path[PATH_MAX];
  int size = snprintf (path, sizeof path, "%.*s%s%s", (int) length, directory, length > 0 ? "/" : "", command);
  return size > 0 && (size_t) size < sizeof path && access (path, F_OK) == 0;
}

/* A directory in PATH that may not be searched makes execvp() say EACCES for any name. */
static bool
is_there (const char *command)
{
  if (strchr (command, '/'))
    return access (command, F_OK) == 0;
  const char *path = command[0] ? getenv ("PATH") : NULL;
  while (path)
    {
      size_t length = strcspn (path, ":");
      if (is_in_directory (path, length, command))
        return true;
      path = path[length] ? path + length + 1 : NULL;
    }
  return false;
}

static int
explain (const char *command,
         int         error)
{
  bool found = is_there (command);
  if (!found && (error == ENOENT || error == ENOTDIR || error == EACCES))
    {
      cli_complain ("cannot find '%s': %s", command, strerror (strchr (command, '/') ? error : ENOENT));
      return CLI_NOT_FOUND;
    }
  cli_complain ("cannot run '%s': %s", command, found && error == ENOENT ? "its interpreter is missing" : strerror (error));
  return CLI_CANT_RUN;
}

/* Becomes the command, or says why not and gives the status for that. */
int
cli_execute (char **argv)
{
  st_coverage_save ();
  execvp (argv[0], argv);
  return explain (argv[0], errno);
}
