/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-locate-private.h"

#include "st-error-private.h"
#include "st-mount-table.h"

#include <string.h>

/* A search for a namespace of which nothing but its numbers is known. The names that the kernel gives to namespaces
 * ("net:[4026531833]") say where it is worth to look; what is opened is compared. */

typedef struct
{
  const StIdentity *identity;
  const StKind *kind;         /* NULL for any */
  char *number;               /* ":[4026531833]" */
  GHashTable *tables;         /* the mount namespaces whose tables were read */
  const char *root;           /* of the process whose table is read, or "" */
  StNamespaceRef *found;
  gboolean is_hidden;         /* there was something that is not for us to look into */
  GError *failure;            /* there is nothing left to open with */
} Search;

static void
search_clear (Search *self)
{
  g_free (self->number);
  g_hash_table_unref (self->tables);
  g_clear_object (&self->found);
  g_clear_error (&self->failure);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static gboolean
is_over (const Search *self)
{
  return self->found || self->failure;
}

static gboolean
is_wanted_name (const Search *self,
                const char   *name)
{
  const char *number = strstr (name, ":[");
  return number && g_str_equal (number, self->number) &&
         (!self->kind || (strlen (self->kind->name) == (gsize) (number - name) && g_str_has_prefix (name, self->kind->name)));
}

static gboolean
is_wanted (const Search         *self,
           const StNamespaceRef *ref)
{
  StIdentity wanted = *self->identity;
  if (wanted.serial == 0)
    wanted.serial = ref->identity.serial;
  return st_system_is_same (&ref->identity, &wanted) && (!self->kind || self->kind == ref->kind);
}

static void
try_path (Search     *self,
          const char *path)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &failure);
  if (ref && is_wanted (self, ref))
    self->found = g_steal_pointer (&ref);
  else if (g_error_matches (failure, ST_ERROR, ST_ERROR_EXHAUSTED))
    self->failure = g_steal_pointer (&failure);
  else if (g_error_matches (failure, ST_ERROR, ST_ERROR_PERMISSION_DENIED))
    self->is_hidden = TRUE;
}

static GDir *
open_directory (Search     *self,
                const char *path)
{
  g_autoptr (GError) failure = NULL;
  GDir *directory = g_dir_open (path, 0, &failure);
  if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_MFILE) || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NFILE))
    g_set_error (&self->failure, ST_ERROR, ST_ERROR_EXHAUSTED, "cannot look for a namespace: %s", failure->message);
  else if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_ACCES) || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_PERM))
    self->is_hidden = TRUE;
  return directory;
}

/* The links in a folder "ns" or "fd". */
static void
look_at_links (Search     *self,
               const char *folder)
{
  g_autoptr (GDir) links = is_over (self) ? NULL : open_directory (self, folder);
  for (const char *name; links && !is_over (self) && (name = g_dir_read_name (links));)
    {
      g_autoptr (GError) failure = NULL;
      g_autofree char *link = g_build_filename (folder, name, NULL);
      g_autofree char *target = g_file_read_link (link, &failure);
      if (target && is_wanted_name (self, target))
        try_path (self, link);
      else if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_ACCES) || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_PERM))
        self->is_hidden = TRUE;
    }
}

static int
try_mount (const StMount *mount,
           void          *data)
{
  Search *self = data;
  if (!g_str_equal (mount->type, "nsfs") || !is_wanted_name (self, mount->root))
    return 0;
  st_mount_table_unescape (mount->point);
  g_autofree char *path = g_strconcat (self->root, mount->point, NULL);
  try_path (self, path);
  return is_over (self);
}

/* What a process has bound to files, if nobody in the same mount namespace was asked before. */
static void
look_at_mounts (Search     *self,
                const char *process)
{
  g_autofree char *link = g_build_filename (process, "ns", "mnt", NULL);
  g_autofree char *name = g_file_read_link (link, NULL);
  g_autofree char *table = g_build_filename (process, "mountinfo", NULL);
  g_autofree char *root = g_build_filename (process, "root", NULL);
  if (is_over (self) || !name || !g_hash_table_add (self->tables, g_steal_pointer (&name)))
    return;
  self->root = g_str_equal (process, "/proc/thread-self") ? "" : root;
  st_mount_table_foreach_of (table, try_mount, self);
}

static void
look_at_namespaces (Search     *self,
                    const char *process)
{
  g_autofree char *folder = g_build_filename (process, "ns", NULL);
  look_at_links (self, folder);
}

static void
look_at_descriptors (Search     *self,
                     const char *process)
{
  g_autofree char *folder = g_build_filename (process, "fd", NULL);
  look_at_links (self, folder);
}

static void
look_at_threads (Search     *self,
                 const char *process)
{
  g_autofree char *folder = g_build_filename (process, "task", NULL);
  g_autoptr (GDir) threads = open_directory (self, folder);
  for (const char *tid; threads && !is_over (self) && (tid = g_dir_read_name (threads));)
    {
      g_autofree char *thread = g_build_filename (folder, tid, NULL);
      look_at_namespaces (self, thread);
    }
}

static void
look_at_all (Search *self,
             void  (*look) (Search     *self,
                            const char *process))
{
  g_autoptr (GDir) processes = is_over (self) ? NULL : open_directory (self, "/proc");
  for (const char *name; processes && !is_over (self) && (name = g_dir_read_name (processes));)
    if (g_ascii_isdigit (*name))
      {
        g_autofree char *process = g_build_filename ("/proc", name, NULL);
        look (self, process);
      }
}

/* The cheap and likely places first. */
StNamespaceRef *
st_locate (const StIdentity *identity,
           const StKind     *kind,
           GError          **error)
{
  g_auto (Search) search = { .identity = identity, .kind = kind };
  search.number = g_strdup_printf (":[%" G_GUINT64_FORMAT "]", identity->inode);
  search.tables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  look_at_namespaces (&search, "/proc/thread-self");
  look_at_descriptors (&search, "/proc/thread-self");
  look_at_all (&search, look_at_namespaces);
  look_at_mounts (&search, "/proc/thread-self");
  look_at_all (&search, look_at_descriptors);
  look_at_all (&search, look_at_threads);
  look_at_all (&search, look_at_mounts);
  if (search.found)
    return g_steal_pointer (&search.found);
  if (search.failure)
    g_propagate_error (error, g_steal_pointer (&search.failure));
  else
    g_set_error (error, ST_ERROR, ST_ERROR_NOT_FOUND, "there is no %s namespace with number %" G_GUINT64_FORMAT " to be found%s",
                 kind ? kind->name : "", identity->inode, search.is_hidden ? " (some processes are not for this user to look into)" : "");
  return NULL;
}

/**
 * st_namespace_ref_new_for_id: (constructor)
 * @id: an identity
 * @type: the kind to expect, or %ST_NAMESPACE_NONE for any
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finds a namespace by its identity, and opens it.
 *
 * All processes and threads that `/proc` shows are asked for where they are and what they hold open, and all mount tables for what is bound
 * to a file. That takes milliseconds, and more with many processes; who is not root can't look into those of others. What is
 * nowhere is %ST_ERROR_NOT_FOUND. A number is given to another namespace once the first one is gone: a portable description
 * knows better ([method@Spacetest.NamespaceRef.to_portable]).
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_id (const StNamespaceId *id,
                             StNamespaceType      type,
                             GError             **error)
{
  g_return_val_if_fail (id != NULL, NULL);
  const StKind *kind = type == ST_NAMESPACE_NONE ? NULL : st_namespace_type_check_one (type, error);
  const StIdentity identity = { .device = id->device, .inode = id->inode };
  return kind || type == ST_NAMESPACE_NONE ? st_locate (&identity, kind, error) : NULL;
}
