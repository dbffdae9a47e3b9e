/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* User namespaces, each with those inside it and with what it owns. */
#include "survey-print.h"

/* What stands above it: the parent of a user namespace, the owner of all others. */
static Sighting *
get_above (Survey         *survey,
           const Sighting *sighting)
{
  return survey_find (survey, sighting->kind->index == ST_KIND_USER ? sighting->parent : sighting->owner);
}

static void
print_count (const GArray *holders,
             const char   *one,
             const char   *many,
             FILE         *out)
{
  if (holders->len > 0)
    fprintf (out, ", %u %s", holders->len, holders->len == 1 ? one : many);
}

static void
print_line (const Sighting *sighting,
            guint           depth,
            FILE           *out)
{
  fprintf (out, "%*s%s", (int) depth * 2, "", sighting->name);
  if (sighting->owner_uid >= 0)
    fprintf (out, " of uid %" G_GINT64_FORMAT, sighting->owner_uid);
  print_count (sighting->processes, "process", "processes", out);
  print_count (sighting->threads, "thread", "threads", out);
  print_count (sighting->for_children, "parent", "parents", out);
  print_count (sighting->fds, "fd", "fds", out);
  print_count (sighting->mounts, "mount", "mounts", out);
  print_count (sighting->sockets, "socket", "sockets", out);
  fputc ('\n', out);
}

/* Lists, by what stands above them. */
static GHashTable *
group (Survey *survey)
{
  GHashTable *below = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GPtrArray) all = survey_list (survey);
  for (guint i = 0; i < all->len; i++)
    {
      Sighting *above = get_above (survey, all->pdata[i]);
      GPtrArray *list = g_hash_table_lookup (below, above);
      if (!list)
        g_hash_table_insert (below, above, list = g_ptr_array_new ());
      g_ptr_array_add (list, all->pdata[i]);
    }
  return below;
}

static void
print_branch (GHashTable     *below,
              const Sighting *sighting,
              guint           depth,
              FILE           *out)
{
  print_line (sighting, depth, out);
  const GPtrArray *list = g_hash_table_lookup (below, sighting);
  for (guint i = 0; list && i < list->len; i++)
    print_branch (below, list->pdata[i], depth + 1, out);
}

static gboolean
has_one_above (Survey         *survey,
               GHashTable     *shown,
               const Sighting *sighting)
{
  for (sighting = get_above (survey, sighting); sighting; sighting = get_above (survey, sighting))
    if (g_hash_table_contains (shown, sighting))
      return TRUE;
  return FALSE;
}

/* Each of @shown, once, with all that is below. */
void
survey_print_tree (Survey    *survey,
                   GPtrArray *shown,
                   FILE      *out)
{
  g_autoptr (GHashTable) below = group (survey);
  g_autoptr (GHashTable) set = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < shown->len; i++)
    g_hash_table_add (set, shown->pdata[i]);
  for (guint i = 0; i < shown->len; i++)
    if (!has_one_above (survey, set, shown->pdata[i]))
      print_branch (below, shown->pdata[i], 0, out);
}
