/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A table that fits 80 columns: whole numbers as long as they go in, and as much of the command's name as there is room for. */
#include "survey-print.h"

#include <string.h>

#define LINE_WIDTH 80
#define MOST_DIGITS 11
#define SHORTEST_COMMAND 4

enum
{
  KIND,
  INODE,
  SERIAL,
  OWNER,
  UID,
  PROCESSES,
  THREADS,
  FDS,
  MOUNTS,
  SOCKETS,
  PID,
  COMMAND,
  N_COLUMNS,
};

static const char *const titles[N_COLUMNS] = { "KIND", "INODE", "SERIAL", "OWNER", "UID", "PROC", "THR", "FDS", "MNT", "SOC", "PID", "COMMAND" };

typedef char *Row[N_COLUMNS];

static void
row_clear (gpointer data)
{
  char **row = data;
  for (guint i = 0; i < N_COLUMNS; i++)
    g_free (row[i]);
}

static char *
format_number (guint64 number)
{
  char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  if (strlen (text) <= MOST_DIGITS)
    return text;
  g_free (text);
  return g_strdup_printf ("%.4e", (double) number);
}

/* Three characters: 999, 99k, .9M, 99M. */
static char *
format_count (guint count)
{
  if (count < 1000)
    return g_strdup_printf ("%u", count);
  if (count < 100 * 1000)
    return g_strdup_printf ("%uk", count / 1000);
  if (count < 1000 * 1000)
    return g_strdup_printf (".%uM", count / (100 * 1000));
  return g_strdup_printf ("%uM", count / (1000 * 1000));
}

/* What a program calls itself is not to confuse a terminal. */
static char *
get_command (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", pid);
  char *name = NULL;
  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup ("");
  g_strchomp (name);
  for (char *c = name; *c; c++)
    if (!g_ascii_isgraph (*c) && *c != ' ')
      *c = '?';
  return name;
}

/* A process in it, or else another one that keeps it alive. */
static int
get_first_pid (const Sighting *sighting)
{
  const GArray *const holders[] = { sighting->processes, sighting->threads, sighting->for_children, sighting->fds, sighting->sockets };
  for (guint i = 0; i < G_N_ELEMENTS (holders); i++)
    if (holders[i]->len > 0)
      return g_array_index (holders[i], Holder, 0).pid;
  return 0;
}

static void
fill_row (Row             row,
          Survey         *survey,
          const Sighting *sighting)
{
  const Sighting *owner = survey_find (survey, sighting->owner);
  const int pid = get_first_pid (sighting);
  row[KIND] = g_strdup (sighting->kind->name);
  row[INODE] = format_number (sighting->inode);
  row[SERIAL] = sighting->serial ? format_number (sighting->serial) : g_strdup ("-");
  row[OWNER] = owner ? format_number (owner->inode) : g_strdup ("-");
  row[UID] = sighting->owner_uid >= 0 ? format_number ((guint64) sighting->owner_uid) : g_strdup ("-");
  row[PROCESSES] = format_count (sighting->processes->len);
  row[THREADS] = format_count (sighting->threads->len);
  row[FDS] = format_count (sighting->fds->len);
  row[MOUNTS] = format_count (sighting->mounts->len);
  row[SOCKETS] = format_count (sighting->sockets->len);
  row[PID] = pid > 0 ? format_number ((guint64) pid) : g_strdup ("-");
  row[COMMAND] = pid > 0 ? get_command (pid) : g_strdup ("");
}

static GArray *
make_rows (Survey    *survey,
           GPtrArray *shown)
{
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (Row));
  g_array_set_clear_func (rows, row_clear);
  g_array_set_size (rows, shown->len + 1);
  for (guint i = 0; i < N_COLUMNS; i++)
    g_array_index (rows, Row, 0)[i] = g_strdup (titles[i]);
  for (guint i = 0; i < shown->len; i++)
    fill_row (g_array_index (rows, Row, i + 1), survey, shown->pdata[i]);
  return rows;
}

static int
measure (const GArray *rows,
         guint         column)
{
  gsize width = 0;
  for (guint i = 0; i < rows->len; i++)
    width = MAX (width, strlen (g_array_index (rows, Row, i)[column]));
  return (int) width;
}

static void
print_row (char      **row,
           const int   widths[N_COLUMNS],
           FILE       *out)
{
  fprintf (out, "%-*s", widths[KIND], row[KIND]);
  for (guint i = INODE; i <= PID; i++)
    fprintf (out, " %*s", widths[i], row[i]);
  if (widths[COMMAND] > 0 && row[COMMAND][0])
    fprintf (out, " %.*s", widths[COMMAND], row[COMMAND]);
  fputc ('\n', out);
}

void
survey_print_table (Survey    *survey,
                    GPtrArray *shown,
                    FILE      *out)
{
  g_autoptr (GArray) rows = make_rows (survey, shown);
  int widths[N_COLUMNS], room = LINE_WIDTH;
  for (guint i = KIND; i <= PID; i++)
    {
      widths[i] = measure (rows, i);
      room -= widths[i] + 1;
    }
  widths[COMMAND] = room >= SHORTEST_COMMAND ? room : 0;
  for (guint i = 0; i < rows->len; i++)
    print_row (g_array_index (rows, Row, i), widths, out);
}
