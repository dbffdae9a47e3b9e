/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

/* What the sub-commands share. They stay single threaded, as only such a process can make or enter a user namespace, and start
 * fast: no GLib here. What needs it is a program of its own, which shares this as well. */

enum
{
  CLI_OK = 0,
  CLI_FAILED = 125,     /* we, not the command */
  CLI_CANT_RUN = 126,   /* the command is there, but can't be run */
  CLI_NOT_FOUND = 127,  /* the command is not there */
};

/* A sub-command is called with its own arguments, argv[0] being "spacetest NAME". Gives the exit status. */
typedef int (*CliFunc) (int    argc,
                        char **argv);

int  cli_run           (int    argc,
                        char **argv);
int  cli_enter         (int    argc,
                        char **argv);
int  cli_show          (int    argc,
                        char **argv);
int  cli_check         (int    argc,
                        char **argv);

void cli_set_name      (const char *name);
void cli_complain      (const char *format,
                        ...) __attribute__ ((format (printf, 1, 2)));
const char *cli_hint_for_fork (int error); /* what to do where no process can be started; may be empty */
int  cli_print         (const char *text);
int  cli_print_version (void);
int  cli_execute       (char **argv);
