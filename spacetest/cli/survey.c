/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "survey.h"

#include "st-process-fd.h"
#include "st-system.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
sighting_free (gpointer data)
{
  Sighting *self = data;
  g_free (self->name);
  g_free (self->owner);
  g_free (self->parent);
  g_array_unref (self->processes);
  g_array_unref (self->threads);
  g_array_unref (self->fds);
  g_array_unref (self->sockets);
  g_ptr_array_unref (self->mounts);
  g_free (self);
}

static Sighting *
sighting_new (const char *name)
{
  const char *colon = strchr (name, ':');
  const StKind *kind = colon ? st_kind_for_name (name, (gsize) (colon - name)) : NULL;
  if (!kind || colon[1] != '[')
    return NULL;
  Sighting *self = g_new0 (Sighting, 1);
  self->name = g_strdup (name);
  self->kind = kind;
  self->inode = g_ascii_strtoull (colon + 2, NULL, 10);
  self->owner_uid = -1;
  self->processes = g_array_new (FALSE, FALSE, sizeof (Holder));
  self->threads = g_array_new (FALSE, FALSE, sizeof (Holder));
  self->fds = g_array_new (FALSE, FALSE, sizeof (Holder));
  self->sockets = g_array_new (FALSE, FALSE, sizeof (Holder));
  self->mounts = g_ptr_array_new_with_free_func (g_free);
  return self;
}

/* NULL if @name is not the name of a namespace. */
static Sighting *
sight (Survey     *self,
       const char *name)
{
  Sighting *sighting = g_hash_table_lookup (self->by_name, name);
  if (!sighting)
    sighting = sighting_new (name);
  if (sighting && !g_hash_table_contains (self->by_name, name))
    g_hash_table_insert (self->by_name, sighting->name, sighting);
  return sighting;
}

static void
hold (GArray *holders,
      int     pid,
      int     number)
{
  const Holder holder = { pid, number };
  g_array_append_val (holders, holder);
}

static void explore (Survey         *self,
                     StNamespaceRef *ref);

static char *
explore_relative (Survey         *self,
                  StNamespaceRef *relative)
{
  if (!relative)
    return NULL;
  explore (self, relative);
  return st_namespace_ref_to_string (relative);
}

/* Asks for all there is to know, once, and so on for those that own it. */
static void
explore (Survey         *self,
         StNamespaceRef *ref)
{
  g_autofree char *name = st_namespace_ref_to_string (ref);
  Sighting *sighting = sight (self, name);
  if (sighting->explored)
    return;
  sighting->explored = TRUE;
  sighting->serial = st_namespace_ref_get_serial (ref, NULL);
  sighting->owner_uid = st_namespace_ref_get_owner_uid (ref, NULL);
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (ref, NULL);
  g_autoptr (StNamespaceRef) parent = st_namespace_ref_get_parent (ref, NULL);
  sighting->owner = explore_relative (self, owner);
  sighting->parent = explore_relative (self, parent);
}

static void
explore_path (Survey     *self,
              Sighting   *sighting,
              const char *path)
{
  if (sighting->explored)
    return;
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, NULL);
  if (ref)
    explore (self, ref);
}

/* The namespace behind a link of /proc, which may be gone or hidden from us. */
static Sighting *
follow (Survey *self,
        char   *path)
{
  g_autofree char *name = g_file_read_link (path, NULL);
  Sighting *sighting = name ? sight (self, name) : NULL;
  if (sighting)
    explore_path (self, sighting, path);
  return sighting;
}

/* Calls back for each number that is an entry of a directory. */
static void
foreach_number (const char *path,
                void      (*callback) (Survey *self,
                                       int     pid,
                                       int     number),
                Survey     *self,
                int         pid)
{
  DIR *directory = opendir (path);
  for (struct dirent *entry; directory && (entry = readdir (directory));)
    if (g_ascii_isdigit (entry->d_name[0]))
      callback (self, pid, atoi (entry->d_name));
  if (directory)
    closedir (directory);
}

static void
survey_thread (Survey *self,
               int     pid,
               int     tid)
{
  ST_FOREACH_KIND (kind)
    {
      g_autofree char *of_process = g_strdup_printf ("/proc/%d/ns/%s", pid, kind->proc_entry);
      g_autofree char *of_thread = g_strdup_printf ("/proc/%d/task/%d/ns/%s", pid, tid, kind->proc_entry);
      g_autofree char *there = tid == pid ? NULL : g_file_read_link (of_process, NULL);
      Sighting *sighting = there ? follow (self, of_thread) : NULL;
      if (sighting && strcmp (sighting->name, there) != 0)
        hold (sighting->threads, pid, tid);
    }
}

static void
survey_socket (Survey *self,
               int     pid,
               int     number)
{
  g_autoptr (StNamespaceRef) ref = NULL;
  int fd = st_process_fd_open_network (pid, number);
  if (fd < 0 || !(ref = st_namespace_ref_new_take_fd (fd, ST_NAMESPACE_NET, NULL)))
    return;
  g_autofree char *name = st_namespace_ref_to_string (ref);
  explore (self, ref);
  hold (sight (self, name)->sockets, pid, number);
}

static void
survey_fd (Survey *self,
           int     pid,
           int     number)
{
  if (pid == getpid ()) /* ours are of this very survey */
    return;
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", pid, number);
  g_autofree char *name = g_file_read_link (path, NULL);
  if (!name)
    return;
  if (g_str_has_prefix (name, "socket:["))
    {
      survey_socket (self, pid, number);
      return;
    }
  Sighting *sighting = sight (self, name);
  if (!sighting)
    return;
  explore_path (self, sighting, path);
  hold (sighting->fds, pid, number);
}

static void
survey_mounts (Survey *self,
               int     pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/mountinfo", pid);
  g_autofree char *table = NULL;
  if (!g_file_get_contents (path, &table, NULL, NULL))
    return;
  g_auto (GStrv) lines = g_strsplit (table, "\n", -1);
  for (char **line = lines; *line; line++)
    {
      /* id parent device root point ... - type; see proc(5) */
      g_auto (GStrv) fields = g_strsplit (*line, " ", -1);
      Sighting *sighting = strstr (*line, " - nsfs ") && g_strv_length (fields) > 4 ? sight (self, fields[3]) : NULL;
      if (!sighting)
        continue;
      g_autofree char *point = g_strcompress (fields[4]);
      g_autofree char *reachable = g_strdup_printf ("/proc/%d/root%s", pid, point);
      explore_path (self, sighting, reachable);
      if (!g_ptr_array_find_with_equal_func (sighting->mounts, point, g_str_equal, NULL))
        g_ptr_array_add (sighting->mounts, g_steal_pointer (&point));
    }
}

static void
survey_process (Survey *self,
                int     unused,
                int     pid)
{
  ST_FOREACH_KIND (kind)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", pid, kind->proc_entry);
      g_autofree char *for_children = g_strdup_printf ("/proc/%d/ns/%s", pid, kind->children_proc_entry);
      Sighting *sighting = follow (self, path);
      if (!sighting)
        continue;
      hold (sighting->processes, pid, pid);
      follow (self, for_children);
      if (kind->index == ST_KIND_MNT && sighting->processes->len == 1) /* the first in it tells for all */
        survey_mounts (self, pid);
    }
  g_autofree char *tasks = g_strdup_printf ("/proc/%d/task", pid);
  g_autofree char *fds = g_strdup_printf ("/proc/%d/fd", pid);
  foreach_number (tasks, survey_thread, self, pid);
  foreach_number (fds, survey_fd, self, pid);
}

static int
compare_sightings (gconstpointer a,
                   gconstpointer b)
{
  const Sighting *first = *(const Sighting *const *) a, *second = *(const Sighting *const *) b;
  if (first->kind != second->kind)
    return first->kind < second->kind ? -1 : 1;
  return (first->inode > second->inode) - (first->inode < second->inode);
}

static GPtrArray *
sorted_values (GHashTable *by_name)
{
  GPtrArray *values = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, by_name);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (values, value);
  g_ptr_array_sort (values, compare_sightings);
  return values;
}

Survey *
survey_new (GError **error)
{
  if (!g_file_test ("/proc/thread-self/ns", G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_NOT_FOUND, "cannot look around: there is no /proc");
      return NULL;
    }
  Survey *self = g_new0 (Survey, 1);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, sighting_free);
  foreach_number ("/proc", survey_process, self, 0);

  self->sorted = sorted_values (self->by_name);
  return self;
}

void
survey_free (Survey *self)
{
  g_ptr_array_unref (self->sorted);
  g_hash_table_unref (self->by_name);
  g_free (self);
}

Sighting *
survey_find (Survey     *self,
             const char *name)
{
  return name ? g_hash_table_lookup (self->by_name, name) : NULL;
}
