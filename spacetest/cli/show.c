/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"
#include "json.h"
#include "survey.h"

#include <string.h>

static gboolean as_json, as_tree;

static const GOptionEntry options[] = {
  { "json", 'J', 0, G_OPTION_ARG_NONE, &as_json, "Print JSON: an array of objects", NULL },
  { "tree", 't', 0, G_OPTION_ARG_NONE, &as_tree, "Print a tree: user namespaces, and what they own", NULL },
  { NULL },
};

static char *
get_command (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", pid);
  char *name = NULL;
  return g_file_get_contents (path, &name, NULL, NULL) ? g_strchomp (name) : g_strdup ("");
}

static char *
number_or_dash (gboolean known,
                guint64  number)
{
  return known ? g_strdup_printf ("%" G_GUINT64_FORMAT, number) : g_strdup ("-");
}

/* 80 columns: whole numbers, and as much of the command's name as there is room for. */
static void
print_row (Survey         *survey,
           const Sighting *sighting)
{
  const Sighting *owner = survey_find (survey, sighting->owner);
  g_autofree char *serial = number_or_dash (sighting->serial != 0, sighting->serial);
  g_autofree char *owner_inode = number_or_dash (owner != NULL, owner ? owner->inode : 0);
  g_autofree char *uid = number_or_dash (sighting->owner_uid >= 0, (guint64) sighting->owner_uid);
  const Holder *first = sighting->processes->len ? &g_array_index (sighting->processes, Holder, 0) : NULL;
  g_autofree char *pid = number_or_dash (first != NULL, first ? (guint64) first->pid : 0);
  g_autofree char *command = first ? get_command (first->pid) : g_strdup ("");
  g_print ("%-6s %10" G_GUINT64_FORMAT " %6s %10s %5s %4u %3u %3u %3u %3u %7s %.7s\n", sighting->kind->name, sighting->inode, serial,
           owner_inode, uid, sighting->processes->len, sighting->threads->len, sighting->fds->len, sighting->mounts->len,
           sighting->sockets->len, pid, command);
}

static void
print_table (Survey    *survey,
             GPtrArray *shown)
{
  g_print ("%-6s %10s %6s %10s %5s %4s %3s %3s %3s %3s %7s %s\n", "KIND", "INODE", "SERIAL", "OWNER", "UID", "PROC", "THR", "FDS", "MNT",
           "SOC", "PID", "COMMAND");
  for (guint i = 0; i < shown->len; i++)
    print_row (survey, shown->pdata[i]);
}

/* What stands above it: the parent of a user namespace, the owner of all others. */
static Sighting *
get_above (Survey         *survey,
           const Sighting *sighting)
{
  return survey_find (survey, sighting->kind->index == ST_KIND_USER ? sighting->parent : sighting->owner);
}

static void
print_branch (Survey   *survey,
              Sighting *sighting,
              guint     depth)
{
  g_print ("%*s%s", (int) depth * 2, "", sighting->name);
  if (sighting->owner_uid >= 0)
    g_print (" of uid %" G_GINT64_FORMAT, sighting->owner_uid);
  if (sighting->processes->len)
    g_print (", %u processes", sighting->processes->len);
  g_print ("\n");
  for (guint i = 0; i < survey->sorted->len; i++)
    if (get_above (survey, survey->sorted->pdata[i]) == sighting)
      print_branch (survey, survey->sorted->pdata[i], depth + 1);
}

static void
print_tree (Survey    *survey,
            GPtrArray *shown)
{
  for (guint i = 0; i < shown->len; i++)
    {
      Sighting *above = get_above (survey, shown->pdata[i]);
      if (!above || !g_ptr_array_find (shown, above, NULL))
        print_branch (survey, shown->pdata[i], 0);
    }
}

static void
print_json_holders (const char   *key,
                    const GArray *holders,
                    const char   *number_key)
{
  g_print (", \"%s\": [", key);
  for (guint i = 0; i < holders->len; i++)
    {
      const Holder *holder = &g_array_index (holders, Holder, i);
      if (number_key)
        g_print ("%s{\"pid\": %d, \"%s\": %d}", i ? ", " : "", holder->pid, number_key, holder->number);
      else
        g_print ("%s%d", i ? ", " : "", holder->pid);
    }
  g_print ("]");
}

static void
print_json_one (const Sighting *sighting)
{
  g_autofree char *owner = json_string (sighting->owner);
  g_autofree char *parent = json_string (sighting->parent);
  g_autofree char *serial = sighting->serial ? g_strdup_printf ("%" G_GUINT64_FORMAT, sighting->serial) : g_strdup ("null");
  g_autofree char *uid = sighting->owner_uid >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, sighting->owner_uid) : g_strdup ("null");
  g_print ("{\"name\": \"%s\", \"kind\": \"%s\", \"inode\": %" G_GUINT64_FORMAT ", \"serial\": %s, \"owner\": %s, \"parent\": %s, \"owner_uid\": %s",
           sighting->name, sighting->kind->name, sighting->inode, serial, owner, parent, uid);
  print_json_holders ("processes", sighting->processes, NULL);
  print_json_holders ("threads", sighting->threads, "tid");
  print_json_holders ("fds", sighting->fds, "fd");
  print_json_holders ("sockets", sighting->sockets, "fd");
  g_print (", \"mounts\": [");
  for (guint i = 0; i < sighting->mounts->len; i++)
    {
      g_autofree char *point = json_string (sighting->mounts->pdata[i]);
      g_print ("%s%s", i ? ", " : "", point);
    }
  g_print ("]}");
}

static void
print_json (GPtrArray *shown)
{
  g_print ("[");
  for (guint i = 0; i < shown->len; i++)
    {
      g_print ("%s", i ? ",\n " : "");
      print_json_one (shown->pdata[i]);
    }
  g_print ("]\n");
}

static gboolean
choose (Survey         *survey,
        GPtrArray      *shown,
        StNamespaceRef *ref)
{
  g_autofree char *name = st_namespace_ref_to_string (ref);
  Sighting *sighting = survey_find (survey, name);
  if (sighting && !g_ptr_array_find (shown, sighting, NULL))
    g_ptr_array_add (shown, sighting);
  return sighting != NULL;
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
  gboolean chosen = TRUE;
  ST_FOREACH_KIND (kind)
    if (st_space_get_types (space) & kind->flag)
      chosen = choose (survey, shown, st_space_get_ref (space, kind->flag, NULL)) && chosen;
  if (!chosen)
    g_set_error (error, ST_ERROR, ST_ERROR_STALE, "the namespaces of %s changed meanwhile", argument);
  return chosen;
}

static GPtrArray *
choose_arguments (Survey  *survey,
                  char   **arguments,
                  GError **error)
{
  if (!arguments[0])
    return g_ptr_array_ref (survey->sorted);
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  for (char **argument = arguments; *argument; argument++)
    if (!choose_argument (survey, shown, *argument, error))
      return NULL;
  return g_steal_pointer (&shown);
}

int
cli_show (int    argc,
              char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new ("[PID|PATH...] - show namespaces, and who holds them");
  g_option_context_add_main_entries (context, options, NULL);
  g_autoptr (Survey) survey = NULL;
  g_autoptr (GPtrArray) shown = NULL;
  if (g_option_context_parse (context, &argc, &argv, &error))
    survey = survey_new (&error);
  if (survey)
    shown = choose_arguments (survey, argv + 1, &error);
  if (!shown)
    {
      cli_complain ("%s", error->message);
      return CLI_FAILED;
    }
  if (as_json)
    print_json (shown);
  else if (as_tree)
    print_tree (survey, shown);
  else
    print_table (survey, shown);
  return CLI_OK;
}
