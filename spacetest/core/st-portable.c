/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-namespace-ref-private.h"

#include "st-clock.h"
#include "st-error-private.h"
#include "st-locate-private.h"

#include <string.h>
#include <unistd.h>

/* The portable form: what a reference is, and who holds it: a process, a file that it is bound to. */

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define MOST_TEXT 65536
#define SECOND G_GINT64_CONSTANT (1000000000)

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

/* In a time namespace, /proc has them by the clock of whoever reads; this is by the machine's, or one tick less. */
static guint64
start_time_from_proc (guint64 ticks)
{
  const gint64 tick = SECOND / sysconf (_SC_CLK_TCK);
  const gint64 offset = st_clock_get_boottime_offset ();
  const gint64 ahead = offset / tick + (offset % tick > 0);
  return (gint64) ticks > ahead ? ticks - (guint64) ahead : 0;
}

static gboolean
is_same_time (guint64 a,
              guint64 b)
{
  return MAX (a, b) - MIN (a, b) <= 1;
}

/* As /proc has it, which may be that of another PID namespace. */
static int
get_own_number (void)
{
  g_autofree char *number = g_file_read_link ("/proc/self", NULL);
  const int pid = number ? (int) g_ascii_strtoll (number, NULL, 10) : 0;
  return pid > 0 ? pid : getpid ();
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
  *start_time = start_time_from_proc (*start_time);
  return TRUE;
}

/* Numbers of one boot mean nothing in the next. NULL where nobody can tell. */
static char *
get_boot (void)
{
  g_autofree char *boot = NULL;
  return g_file_get_contents (BOOT_ID, &boot, NULL, NULL) ? g_strdup (g_strstrip (boot)) : NULL;
}

/**
 * st_namespace_ref_to_portable:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Describes the namespace for another process of this host.
 *
 * The description keeps nothing alive: it is good as long as this reference is open. It is a dictionary (`a{sv}`) of `kind` (s),
 * `device` (t), `inode` (t), `serial` (t, where the kernel has it), `boot` (s, where it is to be read), and of who holds it: `pid` (i),
 * `start-time` (t, in ticks of the machine's clock, in time namespaces too), `fd` (i), with the number that `/proc` has for this process. If
 * this reference was opened by a file that the namespace is bound to, that is `path` (ay).
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
  g_autofree char *boot = get_boot ();
  const int pid = get_own_number ();
  guint64 start_time;
  if (!handle || !get_start_time (pid, &start_time, error))
    return NULL;

  g_auto (GVariantDict) dict;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", handle->kind->name);
  g_variant_dict_insert (&dict, "device", "t", handle->identity.device);
  g_variant_dict_insert (&dict, "inode", "t", handle->identity.inode);
  if (handle->identity.serial)
    g_variant_dict_insert (&dict, "serial", "t", handle->identity.serial);
  if (boot)
    g_variant_dict_insert (&dict, "boot", "s", boot);
  g_variant_dict_insert (&dict, "pid", "i", pid);
  g_variant_dict_insert (&dict, "start-time", "t", start_time);
  g_variant_dict_insert (&dict, "fd", "i", handle->fd);
  if (self->path)
    g_variant_dict_insert (&dict, "path", "^ay", self->path);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/**
 * st_namespace_ref_to_portable_string:
 * @self: a reference
 * @error: return location for a [error@Spacetest.Error]
 *
 * Describes the namespace for another process of this host, in a line of text without its end.
 *
 * It is [method@Spacetest.NamespaceRef.to_portable] in the text format of [struct@GLib.Variant].
 *
 * Returns: (transfer full): the description, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
st_namespace_ref_to_portable_string (StNamespaceRef *self,
                                     GError        **error)
{
  g_return_val_if_fail (ST_IS_NAMESPACE_REF (self), NULL);
  g_autoptr (GVariant) portable = st_namespace_ref_to_portable (self, error);
  return portable ? g_variant_print (portable, TRUE) : NULL;
}

typedef struct
{
  const StKind *kind;
  StIdentity identity;
  const char *boot;     /* or NULL, as is the path */
  const char *path;
  gboolean has_holder;
  gint32 pid;
  guint64 start_time;
  gint32 fd;
} Portable;

/* What may be left out must be right where it is there. */
static gboolean
look_up_if_there (GVariant   *variant,
                  const char *key,
                  const char *format,
                  gpointer    value)
{
  g_autoptr (GVariant) there = g_variant_lookup_value (variant, key, NULL);
  return !there || g_variant_lookup (variant, key, format, value);
}

static gboolean
parse_holder (GVariant *variant,
              Portable *portable)
{
  const gboolean has_pid = g_variant_lookup (variant, "pid", "i", &portable->pid);
  const gboolean has_time = g_variant_lookup (variant, "start-time", "t", &portable->start_time);
  const gboolean has_fd = g_variant_lookup (variant, "fd", "i", &portable->fd);
  g_auto (GVariantDict) dict;
  g_variant_dict_init (&dict, variant);
  portable->has_holder =
    g_variant_dict_contains (&dict, "pid") || g_variant_dict_contains (&dict, "start-time") || g_variant_dict_contains (&dict, "fd");
  return !portable->has_holder || (has_pid && has_time && has_fd && portable->pid > 0 && portable->fd >= 0);
}

static gboolean
parse (GVariant *variant,
       Portable *portable,
       GError  **error)
{
  const char *kind = "";
  *portable = (Portable) { 0 };
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_VARDICT))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a portable reference is a dictionary (a{sv}), not %.256s",
                   g_variant_get_type_string (variant));
      return FALSE;
    }
  const gboolean complete = g_variant_lookup (variant, "kind", "&s", &kind) &&
                            g_variant_lookup (variant, "device", "t", &portable->identity.device) &&
                            g_variant_lookup (variant, "inode", "t", &portable->identity.inode) &&
                            look_up_if_there (variant, "serial", "t", &portable->identity.serial) &&
                            look_up_if_there (variant, "boot", "&s", &portable->boot) &&
                            look_up_if_there (variant, "path", "^&ay", &portable->path) && parse_holder (variant, portable);
  portable->kind = st_kind_for_name (kind, strlen (kind));
  if (complete && portable->kind && (!portable->path || g_path_is_absolute (portable->path)))
    return TRUE;
  if (g_variant_get_size (variant) > MOST_TEXT)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "not a portable reference: it has %" G_GSIZE_FORMAT " bytes",
                   g_variant_get_size (variant));
      return FALSE;
    }
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

static gboolean
check_boot (const Portable *portable,
            GError        **error)
{
  g_autofree char *boot = portable->boot ? get_boot () : NULL;
  if (!boot || g_str_equal (boot, portable->boot))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_STALE, "%s:[%" G_GUINT64_FORMAT "] was described before this host was booted",
               portable->kind->name, portable->identity.inode);
  return FALSE;
}

static gboolean
check_process (const Portable *portable,
               GError        **error)
{
  guint64 start_time;
  if (!get_start_time (portable->pid, &start_time, error))
    return FALSE;
  if (is_same_time (start_time, portable->start_time))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_STALE, "process %d is gone: another one has its number", portable->pid);
  return FALSE;
}

/* Holds what is there, and compares it then; @where is who should have it. */
static StNamespaceRef *
open_there (const Portable *portable,
            const char     *path,
            const char     *where,
            GError        **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (StNamespaceRef) self = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &failure);
  if (self && is_what_was_described (self, portable))
    return g_steal_pointer (&self);
  if (!self && !is_other (failure))
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    st_error_set (error, ST_ERROR_STALE, "%.256s does not hold %s:[%" G_GUINT64_FORMAT "] any more", where, portable->kind->name,
                  portable->identity.inode);
  return NULL;
}

static StNamespaceRef *
open_of_holder (const Portable *portable,
                GError        **error)
{
  if (!check_process (portable, error))
    return NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", portable->pid, portable->fd);
  g_autofree char *where = g_strdup_printf ("process %d", portable->pid);
  StNamespaceRef *self = open_there (portable, path, where, error);
  if (self && !check_process (portable, error)) /* that was somebody else's number by then */
    g_clear_object (&self);
  return self;
}

/**
 * st_namespace_ref_new_from_portable: (constructor)
 * @portable: what [method@Spacetest.NamespaceRef.to_portable] gave, here or in another process
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens a namespace by its description.
 *
 * What is opened is held first and compared then, so that it is the described namespace or %ST_ERROR_STALE: if the host was booted since, if
 * the process that described it is gone, closed it, or has something else in its place, or if the file that it was bound to is not that any more. All that the
 * description has must be right. It takes the permission to look into that process.
 *
 * `serial`, `boot` and `path` may be left out, and so may `pid`, `start-time` and `fd` together. If nothing says where the namespace is, it is
 * searched for as [ctor@Spacetest.NamespaceRef.new_for_id] does, and what is nowhere is %ST_ERROR_NOT_FOUND.
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
  g_autoptr (StNamespaceRef) held = NULL;
  g_autoptr (StNamespaceRef) bound = NULL;
  Portable wanted;
  if (!parse (variant, &wanted, error) || !check_boot (&wanted, error))
    return NULL;
  if (wanted.has_holder && !(held = open_of_holder (&wanted, error)))
    return NULL;
  if (wanted.path && !(bound = open_there (&wanted, wanted.path, wanted.path, error)))
    return NULL;
  if (bound)
    return g_steal_pointer (&bound);
  return held ? g_steal_pointer (&held) : st_locate (&wanted.identity, wanted.kind, error);
}

/* GLib's parser has a critical and no error for strings that are not UTF-8, be it by an escape. Descriptions have no such escapes. */
static gboolean
is_parseable (const char *text)
{
  for (const char *escape = strchr (text, '\\'); escape && escape[1]; escape = strchr (escape + 2, '\\'))
    if (g_ascii_tolower (escape[1]) == 'u')
      return FALSE;
  return g_utf8_validate (text, -1, NULL);
}

/**
 * st_namespace_ref_new_from_portable_string: (constructor)
 * @text: what [method@Spacetest.NamespaceRef.to_portable_string] gave, here or in another process
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens a namespace by its description in a line of text.
 *
 * See [ctor@Spacetest.NamespaceRef.new_from_portable]. A text that is no description, or has been cut, is %ST_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_from_portable_string (const char *text,
                                           GError    **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GVariant) portable = NULL;
  if (strnlen (text, MOST_TEXT + 1) > MOST_TEXT)
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "not a portable reference: it has more than %d bytes", MOST_TEXT);
  else if (!is_parseable (text))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "not a portable reference, as it is not UTF-8 or has \\u in it: %.256s", text);
  else if (!(portable = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &failure)))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "not a portable reference: %s", failure->message);
  return portable ? st_namespace_ref_new_from_portable (portable, error) : NULL;
}
