/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "survey.h"

#include "st-process-fd.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*NumberFunc) (Survey *self,
                            int     pid,
                            int     number);

/* Where a process or a thread is. */
typedef struct
{
  char *directory; /* its own in /proc */
  int pid;
  int tid;
  Sighting *of_kind[ST_N_KINDS];
} Task;

/* The one of that name, NULL if no namespace can have it. */
static Sighting *
sight (Survey     *self,
       const char *name)
{
  Sighting *sighting = g_hash_table_lookup (self->by_name, name);
  if (sighting)
    return sighting;
  sighting = sighting_new (name);
  if (sighting)
    g_hash_table_insert (self->by_name, sighting->name, sighting);
  return sighting;
}

/* What is gone or hidden is left out; but where we are short of something, an answer would be wrong. */
static void
note_failure (Survey *self,
              GError *error)
{
  if (!self->failure && g_error_matches (error, ST_ERROR, ST_ERROR_EXHAUSTED))
    self->failure = error;
  else
    g_error_free (error);
}

static void
note_result (Survey     *self,
             int         result,
             const char *path)
{
  if (result == -EMFILE || result == -ENFILE || result == -ENOMEM)
    note_failure (self, g_error_new (ST_ERROR, ST_ERROR_EXHAUSTED, "cannot open %s: %s", path, g_strerror (-result)));
}

static char *
include_relative (Survey         *self,
                  StNamespaceRef *relative,
                  GError         *error)
{
  if (relative)
    return g_strdup (survey_include (self, relative)->name);
  note_failure (self, error);
  return NULL;
}

/* Asks for all there is to know, once, and so on for those that own it. */
Sighting *
survey_include (Survey         *self,
                StNamespaceRef *ref)
{
  g_autofree char *name = st_namespace_ref_to_string (ref);
  Sighting *sighting = sight (self, name);
  if (sighting->explored)
    return sighting;
  sighting->explored = TRUE;
  sighting->serial = st_namespace_ref_get_serial (ref, NULL);
  sighting->owner_uid = st_namespace_ref_get_owner_uid (ref, NULL);
  GError *no_owner = NULL, *no_parent = NULL;
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (ref, &no_owner);
  g_autoptr (StNamespaceRef) parent = st_namespace_ref_get_parent (ref, &no_parent);
  sighting->owner = include_relative (self, owner, no_owner);
  sighting->parent = include_relative (self, parent, no_parent);
  return sighting;
}

static Sighting *
include_path (Survey     *self,
              const char *path)
{
  GError *error = NULL;
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &error);
  if (ref)
    return survey_include (self, ref);
  note_failure (self, error);
  return NULL;
}

/* The namespace behind a link of /proc, which may be gone or hidden from us. */
static Sighting *
follow (Survey     *self,
        const char *directory,
        const char *entry)
{
  g_autofree char *path = g_strdup_printf ("%s/ns/%s", directory, entry);
  g_autofree char *name = g_file_read_link (path, NULL);
  Sighting *sighting = name ? sight (self, name) : NULL;
  if (sighting && !sighting->explored)
    include_path (self, path);
  return sighting;
}

/* Calls back for each number that is an entry of a directory. */
static void
foreach_number (Survey     *self,
                const char *path,
                NumberFunc  callback,
                int         pid)
{
  DIR *directory = opendir (path);
  if (!directory)
    note_result (self, -errno, path);
  for (struct dirent *entry; directory && (entry = readdir (directory));)
    if (g_ascii_isdigit (entry->d_name[0]))
      callback (self, pid, atoi (entry->d_name));
  if (directory)
    closedir (directory);
}

/* A line of mountinfo: number, parent, device, root, point ... - type; see proc(5). */
static void
survey_mount (Survey     *self,
              const Task *task,
              const char *line)
{
  g_auto (GStrv) fields = strstr (line, " - nsfs ") ? g_strsplit (line, " ", 6) : NULL;
  Sighting *sighting = fields ? sight (self, fields[3]) : NULL;
  if (!sighting || !g_hash_table_add (self->mounts, g_strdup (fields[0])))
    return;
  g_autofree char *point = g_strcompress (fields[4]);
  g_autofree char *path = g_strdup_printf ("%s/root%s", task->directory, point);
  if (!sighting->explored)
    include_path (self, path);
  const Holder holder = { .pid = task->tid, .path = g_steal_pointer (&point) };
  g_array_append_val (sighting->mounts, holder);
}

/* Each mount namespace once, and what is seen of it from each root. */
static void
survey_mounts (Survey     *self,
               const Task *task)
{
  g_autofree char *root_link = g_strdup_printf ("%s/root", task->directory);
  g_autofree char *root = g_file_read_link (root_link, NULL);
  const Sighting *table = task->of_kind[ST_KIND_MNT];
  if (!table || !root || !g_hash_table_add (self->tables, g_strdup_printf ("%s %s", table->name, root)))
    return;
  g_autofree char *path = g_strdup_printf ("%s/mountinfo", task->directory);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    survey_mount (self, task, *line);
}

static void
survey_task (Survey *self,
             Task   *task)
{
  ST_FOREACH_KIND (kind)
    {
      Sighting *sighting = follow (self, task->directory, kind->proc_entry);
      task->of_kind[kind->index] = sighting;
      if (!sighting || strcmp (kind->proc_entry, kind->children_proc_entry) == 0)
        continue;
      Sighting *elsewhere = follow (self, task->directory, kind->children_proc_entry);
      if (elsewhere && elsewhere != sighting)
        sighting_hold (elsewhere->for_children, task->pid, task->tid);
    }
  survey_mounts (self, task);
}

/* Where the first thread is, the process is: but it may have ended before the others. */
static void
survey_threads (Survey     *self,
                const Task *process)
{
  g_autofree char *tasks = g_strdup_printf ("%s/task", process->directory);
  DIR *directory = opendir (tasks);
  if (!directory)
    note_result (self, -errno, tasks);
  for (struct dirent *entry; directory && (entry = readdir (directory));)
    {
      const int tid = atoi (entry->d_name);
      g_autofree char *path = g_strdup_printf ("%s/%d", tasks, tid);
      Task thread = { .directory = path, .pid = process->pid, .tid = tid };
      if (tid <= 0 || tid == process->pid)
        continue;
      survey_task (self, &thread);
      ST_FOREACH_KIND (kind)
        if (thread.of_kind[kind->index] && thread.of_kind[kind->index] != process->of_kind[kind->index])
          sighting_hold (thread.of_kind[kind->index]->threads, process->pid, tid);
    }
  if (directory)
    closedir (directory);
}

static void
survey_socket (Survey     *self,
               int         pid,
               int         number,
               const char *path)
{
  GError *error = NULL;
  int fd = st_process_fd_open_network (pid, number);
  g_autoptr (StNamespaceRef) ref = fd < 0 ? NULL : st_namespace_ref_new_take_fd (fd, ST_NAMESPACE_NET, &error);
  if (ref)
    sighting_hold (survey_include (self, ref)->sockets, pid, number);
  else if (error)
    note_failure (self, error);
  else
    note_result (self, fd, path);
}

/* One that was opened where it is mounted has the name of that place. */
static void
survey_fd (Survey *self,
           int     pid,
           int     number)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", pid, number);
  g_autofree char *name = g_file_read_link (path, NULL);
  if (!name)
    return;
  if (g_str_has_prefix (name, "socket:["))
    {
      survey_socket (self, pid, number, path);
      return;
    }
  Sighting *sighting = sight (self, name);
  if (sighting && !sighting->explored)
    include_path (self, path);
  if (!sighting && name[0] == '/' && self->nsfs != 0 && st_process_fd_get_device (path) == self->nsfs)
    sighting = include_path (self, path);
  if (sighting)
    sighting_hold (sighting->fds, pid, number);
}

static void
survey_process (Survey *self,
                int     unused,
                int     pid)
{
  g_autofree char *directory = g_strdup_printf ("/proc/%d", pid);
  g_autofree char *fds = g_strdup_printf ("/proc/%d/fd", pid);
  Task process = { .directory = directory, .pid = pid, .tid = pid };
  survey_task (self, &process);
  ST_FOREACH_KIND (kind)
    if (process.of_kind[kind->index])
      sighting_hold (process.of_kind[kind->index]->processes, pid, pid);
  survey_threads (self, &process);
  foreach_number (self, fds, survey_fd, pid);
}

/* That of another pid namespace would have us ask the wrong processes. */
static gboolean
is_proc_ours (GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self", NULL);
  if (self && atoi (self) == getpid ())
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_NOT_FOUND, "cannot look around: %s (mount a fresh one: mount -t proc proc /proc)",
               self ? "/proc is that of another pid namespace" : "there is no /proc, or it is that of another pid namespace");
  return FALSE;
}

/* Of nothing yet. */
Survey *
survey_new (GError **error)
{
  if (!is_proc_ours (error))
    return NULL;
  Survey *self = g_new0 (Survey, 1);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) sighting_free);
  self->tables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->mounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->nsfs = st_process_fd_get_device ("/proc/thread-self/ns/mnt");
  return self;
}

/* Finds what the processes that may be looked at hold. */
gboolean
survey_look_around (Survey  *self,
                    GError **error)
{
  foreach_number (self, "/proc", survey_process, 0);
  if (!self->failure)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

void
survey_free (Survey *self)
{
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->tables);
  g_hash_table_unref (self->mounts);
  g_clear_error (&self->failure);
  g_free (self);
}

Sighting *
survey_find (Survey     *self,
             const char *name)
{
  return name ? g_hash_table_lookup (self->by_name, name) : NULL;
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

/* All there are, by kind, then by number. */
GPtrArray *
survey_list (Survey *self)
{
  GPtrArray *values = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (values, value);
  g_ptr_array_sort (values, compare_sightings);
  return values;
}
