/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "json.h"

#include "st-probe-blocker.h"
#include "st-probe-child.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOME_DO_NOT_WORK 1
#define LINE_WIDTH 80
#define TEXT_COLUMN 17
#define ALL_ROWS (ST_N_KINDS + 1)

static const char help[] =
  "Usage: spacetest check [--json] [KINDS]\n"
  "\n"
  "Finds out which kinds of new namespaces can be had here, by making them: each\n"
  "alone, and all of them together. For those that can't, says what stands in the\n"
  "way, and the cure. KINDS is a list of kinds, as in \"mnt,net\", instead of all:\n"
  "cgroup, ipc, mnt, net, pid, time, user, uts.\n"
  "\n"
  "  -J, --json           for programs\n"
  "  -h, --help           show this help\n"
  "  -V, --version        show the version\n"
  "\n"
  "The exit status is 0 if all that was asked for works, 1 if something does not,\n"
  "125 if spacetest failed.\n";

typedef struct
{
  unsigned int kinds;
  const char *name;
  bool works;
  int number;
  char step[128];
  StBlocker blocker;
  char message[640];
} Row;

static void
try_row (Row *row)
{
  StProbeReport report;
  st_probe_child_run (row->kinds, &report);
  row->works = report.step == ST_PROBE_DONE;
  if (row->works)
    return;
  const bool is_killed = report.step == ST_PROBE_KILLED;
  row->number = is_killed ? 0 : report.number;
  st_probe_child_describe (&report, row->step, sizeof row->step);
  st_probe_blocker_find (&report, &row->blocker);
  snprintf (row->message, sizeof row->message, "%s: %s (%s%s%s)", row->step,
            is_killed ? strsignal (report.number) : strerror (report.number), row->blocker.what, row->blocker.cure ? "; " : "",
            row->blocker.cure ? row->blocker.cure : "");
}

static size_t
try_all (unsigned int kinds,
         Row          rows[ALL_ROWS])
{
  size_t n = 0;
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag)
      rows[n++] = (Row){ .kinds = kind->flag, .name = kind->name };
  if (n > 1)
    rows[n++] = (Row){ .kinds = kinds, .name = "together" };
  for (size_t i = 0; i < n; i++)
    try_row (&rows[i]);
  return n;
}

/* As many bytes as go into a line, which ends between words if it can. */
static size_t
get_line_length (const char *text)
{
  const size_t room = LINE_WIDTH - TEXT_COLUMN;
  size_t length = strlen (text);
  if (length <= room)
    return length;
  for (length = room; length > 0; length--)
    if (text[length] == ' ')
      return length;
  return room;
}

static void
put_wrapped (FILE       *out,
             const char *text)
{
  while (*text)
    {
      const size_t length = get_line_length (text);
      for (size_t i = 0; i < length; i++)
        fputc ((unsigned char) text[i] < ' ' || text[i] == '\x7f' ? '?' : text[i], out);
      text += length;
      text += strspn (text, " ");
      fprintf (out, "\n%*s", *text ? TEXT_COLUMN : 0, "");
    }
}

/* Mostly there is one reason for all. */
static const Row *
find_same (const Row *rows,
           const Row *row)
{
  for (const Row *earlier = rows; earlier < row; earlier++)
    if (!earlier->works && strcmp (earlier->message, row->message) == 0)
      return earlier;
  return NULL;
}

static void
put_table (FILE      *out,
           const Row *rows,
           size_t     n)
{
  fprintf (out, "%-10s%-7s%s\n", "KIND", "WORKS", "WHAT STANDS IN THE WAY");
  for (const Row *row = rows; row < rows + n; row++)
    {
      const Row *same = row->works ? NULL : find_same (rows, row);
      if (row->works)
        fprintf (out, "%-10syes\n", row->name);
      else
        fprintf (out, "%-10s%-7s", row->name, "no");
      if (same)
        fprintf (out, "the same as for %s\n", same->name);
      else if (!row->works)
        put_wrapped (out, row->message);
    }
}

static const char *
name_sort (StBlockerSort sort)
{
  switch (sort)
    {
    case ST_BLOCKER_UNSUPPORTED:
      return "not-supported";
    case ST_BLOCKER_FORBIDDEN:
      return "permission-denied";
    case ST_BLOCKER_EXHAUSTED:
      return "exhausted";
    case ST_BLOCKER_TRANSIENT:
    default:
      return "failed";
    }
}

static void
put_kinds (FILE        *out,
           unsigned int kinds)
{
  const char *separator = "";
  fputs ("\"kinds\": [", out);
  ST_FOREACH_KIND (kind)
    if (kinds & kind->flag)
      {
        fprintf (out, "%s\"%s\"", separator, kind->name);
        separator = ", ";
      }
  fputs ("]", out);
}

static void
put_row (FILE      *out,
         const Row *row)
{
  fputs ("{ ", out);
  put_kinds (out, row->kinds);
  fprintf (out, ", \"works\": %s", row->works ? "true" : "false");
  if (!row->works)
    {
      json_put_member (out, "code", name_sort (row->blocker.sort));
      fprintf (out, ", \"errno\": %d", row->number);
      json_put_member (out, "step", row->step);
      json_put_member (out, "blocker", row->blocker.what);
      json_put_member (out, "cure", row->blocker.cure);
      json_put_member (out, "message", row->message);
    }
  fputs (" }", out);
}

/* A single kind has one row, which is for both. */
static void
put_json (FILE      *out,
          const Row *rows,
          size_t     n)
{
  const size_t n_kinds = n > 1 ? n - 1 : n;
  fputs ("{\n  \"alone\": [\n", out);
  for (size_t i = 0; i < n_kinds; i++)
    {
      fputs ("    ", out);
      put_row (out, &rows[i]);
      fputs (i + 1 < n_kinds ? ",\n" : "\n", out);
    }
  fputs ("  ],\n  \"together\": ", out);
  put_row (out, &rows[n - 1]);
  fputs ("\n}\n", out);
}

static int
print (bool       as_json,
       const Row *rows,
       size_t     n)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream (&text, &size);
  if (out)
    (as_json ? put_json : put_table) (out, rows, n);
  if (!out || fclose (out) != 0)
    {
      cli_complain ("cannot write the answer: %s", strerror (errno));
      return CLI_FAILED;
    }
  int status = cli_print (text);
  free (text);
  for (size_t i = 0; i < n && status == CLI_OK; i++)
    if (!rows[i].works)
      status = SOME_DO_NOT_WORK;
  return status;
}

/* 0 after saying what is wrong. */
static unsigned int
parse_kinds (const char *text)
{
  unsigned int kinds = 0;
  for (const char *name = text; name;)
    {
      const size_t length = strcspn (name, ",");
      const StKind *kind = st_kind_for_name (name, length);
      if (!kind || kinds & kind->flag)
        {
          cli_complain ("%s kind '%.*s' in '%s' (known are cgroup, ipc, mnt, net, pid, time, user, uts)",
                        kind ? "doubled" : "unknown", (int) length, name, text);
          return 0;
        }
      kinds |= kind->flag;
      name = name[length] ? name + length + 1 : NULL;
    }
  return kinds;
}

static unsigned int
get_all_kinds (void)
{
  unsigned int kinds = 0;
  ST_FOREACH_KIND (kind)
    kinds |= kind->flag;
  return kinds;
}

static int
check_kinds (unsigned int kinds,
             bool         as_json)
{
  static Row rows[ALL_ROWS];
  return kinds == 0 ? CLI_FAILED : print (as_json, rows, try_all (kinds, rows));
}

int
cli_check (int    argc,
           char **argv)
{
  static const struct option options[] = {
    { "json", no_argument, NULL, 'J' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { 0 },
  };
  bool as_json = false;
  for (int option; (option = getopt_long (argc, argv, "JhV", options, NULL)) != -1;)
    switch (option)
      {
      case 'J':
        as_json = true;
        break;
      case 'h':
        return cli_print (help);
      case 'V':
        return cli_print_version ();
      default:
        return CLI_FAILED;
      }
  if (argc - optind > 1)
    {
      cli_complain ("more than one list of kinds: '%s' (separate kinds by commas)", argv[optind + 1]);
      return CLI_FAILED;
    }
  return check_kinds (optind < argc ? parse_kinds (argv[optind]) : get_all_kinds (), as_json);
}
