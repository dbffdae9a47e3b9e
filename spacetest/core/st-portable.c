/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-namespace-ref-private.h"

#include "st-error-private.h"

#include <string.h>
#include <unistd.h>

/* The portable form: what a reference is, and a process that holds it. */

/* Only what shows that the process is gone makes a description stale. */
static void
set_unreadable (int           pid,
                const GError *failure,
                GError      **error)
{
  int code;
  if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_MFILE) || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NFILE) ||
      g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOMEM))
    code = ST_ERROR_EXHAUSTED;
  else if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_ACCES) || g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_PERM))
    code = ST_ERROR_PERMISSION_DENIED;
  else if (!g_file_test ("/proc/self/stat", G_FILE_TEST_EXISTS))
    code = ST_ERROR_NOT_FOUND;
  else
    code = ST_ERROR_STALE;
  g_set_error (error, ST_ERROR, code, "%s %d%s: %s", code == ST_ERROR_STALE ? "process" : "cannot look for process", pid,
               code == ST_ERROR_STALE ? " is gone" : "", failure->message);
}

static gboolean
get_start_time (int      pid,
                guint64 *start_time,
                GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *stat = NULL;
  g_autoptr (GError) failure = NULL;
  if (!g_file_get_contents (path, &stat, NULL, &failure))
    {
      set_unreadable (pid, failure, error);
      return FALSE;
    }
  /* proc(5): fields 3 and 22; the name in field 2 may have spaces in it */
  const char *after_name = strrchr (stat, ')');
  g_auto (GStrv) fields = g_strsplit (after_name ? after_name : "", " ", 0);
  if (g_strv_length (fields) < 21 || !g_ascii_string_to_unsigned (fields[20], 10, 0, G_MAXUINT64, start_time, NULL))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_FAILED, "cannot read %s", path);
      return FALSE;
    }
  if (fields[1][0] == 'Z' || fields[1][0] == 'X')
    {
      g_set_error (error, ST_ERROR, ST_ERROR_STALE, "process %d is gone: nobody has waited for it yet", pid);
      return FALSE;
    }
  return TRUE;
}

/**
 * st_namespace_ref_to_portable:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Describes the namespace for another process of this host.
 *
 * The description keeps nothing alive: it is good as long as this reference is open. It is a dictionary (`a{sv}`) of `kind` (s),
 * `device` (t), `inode` (t), `serial` (t, where the kernel has it), and of who holds it: `pid` (i), `start-time` (t), `fd` (i).
 *
 * Returns: (transfer full): the description, or %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
st_namespace_ref_to_portable (StNamespaceRef *self,
                              GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (self, error);
  guint64 start_time;
  if (!handle || !get_start_time (getpid (), &start_time, error))
    return NULL;

  g_auto (GVariantDict) dict;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", handle->kind->name);
  g_variant_dict_insert (&dict, "device", "t", handle->identity.device);
  g_variant_dict_insert (&dict, "inode", "t", handle->identity.inode);
  if (handle->identity.serial)
    g_variant_dict_insert (&dict, "serial", "t", handle->identity.serial);
  g_variant_dict_insert (&dict, "pid", "i", getpid ());
  g_variant_dict_insert (&dict, "start-time", "t", start_time);
  g_variant_dict_insert (&dict, "fd", "i", handle->fd);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

typedef struct
{
  const StKind *kind;
  StIdentity identity;
  gint32 pid;
  guint64 start_time;
  gint32 fd;
} Portable;

static gboolean
parse (GVariant *variant,
       Portable *portable,
       GError  **error)
{
  const char *kind = "";
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_VARDICT))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a portable reference is a dictionary (a{sv}), not %s",
                   g_variant_get_type_string (variant));
      return FALSE;
    }
  gboolean complete = g_variant_lookup (variant, "kind", "&s", &kind) &&
                      g_variant_lookup (variant, "device", "t", &portable->identity.device) &&
                      g_variant_lookup (variant, "inode", "t", &portable->identity.inode) &&
                      g_variant_lookup (variant, "pid", "i", &portable->pid) &&
                      g_variant_lookup (variant, "start-time", "t", &portable->start_time) &&
                      g_variant_lookup (variant, "fd", "i", &portable->fd);
  portable->kind = st_kind_for_name (kind, strlen (kind));
  portable->identity.serial = 0;
  g_autoptr (GVariant) serial = g_variant_lookup_value (variant, "serial", NULL);
  complete = complete && (!serial || g_variant_lookup (variant, "serial", "t", &portable->identity.serial));
  if (complete && portable->kind && portable->pid > 0 && portable->fd >= 0)
    return TRUE;
  g_autofree char *text = g_variant_print (variant, FALSE);
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "not a portable reference: %.256s", text);
  return FALSE;
}

static gboolean
is_other (const GError *failure)
{
  return g_error_matches (failure, ST_ERROR, ST_ERROR_NOT_FOUND) || g_error_matches (failure, ST_ERROR, ST_ERROR_NOT_A_NAMESPACE);
}

static gboolean
is_what_was_described (StNamespaceRef *self,
                       const Portable *portable)
{
  StIdentity wanted = portable->identity;
  if (wanted.serial == 0)
    wanted.serial = self->identity.serial;
  return self->kind == portable->kind && st_system_is_same (&self->identity, &wanted);
}

/**
 * st_namespace_ref_new_from_portable: (constructor)
 * @portable: what [method@Spacetest.NamespaceRef.to_portable] gave, here or in another process
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens a namespace by its description.
 *
 * What is opened is held first and compared then, so that it is the described namespace or %ST_ERROR_STALE: if the process that
 * described it is gone, closed it, or has something else in its place. It takes the permission to look into that process.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_from_portable (GVariant *portable,
                                    GError  **error)
{
  g_return_val_if_fail (portable != NULL, NULL);
  g_autoptr (GVariant) variant = g_variant_ref_sink (portable);
  g_autoptr (StNamespaceRef) self = NULL;
  g_autoptr (GError) failure = NULL;
  Portable wanted;
  guint64 start_time;
  if (!parse (variant, &wanted, error) || !get_start_time (wanted.pid, &start_time, error))
    return NULL;
  if (start_time != wanted.start_time)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_STALE, "process %d is gone: another one has its number", wanted.pid);
      return NULL;
    }

  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", wanted.pid, wanted.fd);
  self = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &failure);
  if (!self && !is_other (failure))
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (!self || !is_what_was_described (self, &wanted))
    g_set_error (error, ST_ERROR, ST_ERROR_STALE, "process %d does not hold %s:[%" G_GUINT64_FORMAT "] any more", wanted.pid,
                 wanted.kind->name, wanted.identity.inode);
  else
    return g_steal_pointer (&self);
  return NULL;
}
