/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-sysctl.h"

#include "st-error-private.h"
#include "st-kind-visit-private.h"
#include "st-proc-sys.h"

#include <errno.h>
#include <string.h>

/* Whose they are. Everything else in /proc/sys belongs to the whole machine, or to what no thread can enter. */
static const struct
{
  const char *name; /* of a directory, if it ends in a slash */
  StKindIndex kind;
} owners[] = {
  { "net/", ST_KIND_NET },
  { "fs/mqueue/", ST_KIND_IPC },
  { "kernel/auto_msgmni", ST_KIND_IPC },
  { "kernel/msg_next_id", ST_KIND_IPC },
  { "kernel/msgmax", ST_KIND_IPC },
  { "kernel/msgmnb", ST_KIND_IPC },
  { "kernel/msgmni", ST_KIND_IPC },
  { "kernel/sem", ST_KIND_IPC },
  { "kernel/sem_next_id", ST_KIND_IPC },
  { "kernel/shm_next_id", ST_KIND_IPC },
  { "kernel/shm_rmid_forced", ST_KIND_IPC },
  { "kernel/shmall", ST_KIND_IPC },
  { "kernel/shmmax", ST_KIND_IPC },
  { "kernel/shmmni", ST_KIND_IPC },
  { "kernel/domainname", ST_KIND_UTS },
  { "kernel/hostname", ST_KIND_UTS },
};

/* As sysctl(8) has it: the separator that comes first is the one, and the other is part of a name. */
static char *
to_path (const char *name)
{
  char *path = g_strdup (name);
  const char *first = strpbrk (path, "./");
  if (first && *first == '.')
    for (char *c = path; *c; c++)
      *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
  return path;
}

static gboolean
is_inside (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  for (char **part = parts; *part; part++)
    if (!**part || strcmp (*part, ".") == 0 || strcmp (*part, "..") == 0)
      return FALSE;
  return *parts != NULL;
}

static gboolean
find_owner (const char  *path,
            StKindIndex *kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (owners); i++)
    {
      const char *name = owners[i].name;
      if (g_str_has_suffix (name, "/") ? g_str_has_prefix (path, name) : strcmp (path, name) == 0)
        {
          *kind = owners[i].kind;
          return TRUE;
        }
    }
  return FALSE;
}

typedef struct
{
  char *path;
  StKindIndex kind;
  const char *to_set;
  char *value; /* for free() */
  gsize length;
} Entry;

static void
entry_clear (Entry *self)
{
  g_free (self->path);
  free (self->value);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entry, entry_clear)

static gboolean
entry_init (Entry      *self,
            const char *name,
            GError    **error)
{
  self->path = to_path (name);
  if (!is_inside (self->path))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is not the name of a sysctl", name);
  else if (!find_owner (self->path, &self->kind))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT,
                  "the sysctl %.256s belongs to no net, uts or ipc namespace: it would be that of the whole machine", self->path);
  else
    return TRUE;
  return FALSE;
}

static gboolean
report (const Entry *entry,
        int          result,
        GError     **error)
{
  const char *kind = st_kinds[entry->kind].name;
  const char *step = entry->to_set ? "set" : "read";
  if (result == -EROFS)
    st_error_set (error, ST_ERROR_PERMISSION_DENIED, "cannot %s sysctl %.256s of a %s namespace: %s (/proc/sys is mounted read-only)",
                  step, entry->path, kind, g_strerror (-result));
  else if (result < 0)
    st_error_set_result (error, result == -ERANGE ? -EINVAL : result, "cannot %s sysctl %.256s of a %s namespace", step, entry->path,
                         kind);
  return result >= 0;
}

static gboolean
read_inside (gpointer data,
             GError **error)
{
  Entry *entry = data;
  return report (entry, st_proc_sys_read (entry->path, &entry->value, &entry->length), error);
}

static gboolean
write_inside (gpointer data,
              GError **error)
{
  const Entry *entry = data;
  const char *value = *entry->to_set ? entry->to_set : "\n"; /* the kernel never sees a write of nothing */
  return report (entry, st_proc_sys_write (entry->path, value, strlen (value)), error);
}

/**
 * st_space_get_sysctl:
 * @self: a space
 * @name: which one, as `net/ipv4/ip_forward` or `net.ipv4.ip_forward`
 * @error: return location for a [error@Spacetest.Error]
 *
 * Reads a sysctl of a space: one of those that each network, UTS or IPC namespace has for itself.
 *
 * With slashes, a dot is part of a name, and the other way round, as in [sysctl(8)](man:sysctl(8)): `net/ipv4/conf/eth0.100/forwarding`
 * is `net.ipv4.conf.eth0/100.forwarding`. [proc_sys_net(5)](man:proc_sys_net(5)) and its neighbours describe them.
 *
 * One that is not there is %ST_ERROR_NOT_FOUND, one that is of no kind of namespace in this space %ST_ERROR_INVALID_ARGUMENT.
 *
 * It works from any thread, and takes `/proc`.
 *
 * Returns: (transfer full): the value, without the end of line, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
st_space_get_sysctl (StSpace    *self,
                     const char *name,
                     GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_auto (Entry) entry = { 0 };
  if (!entry_init (&entry, name, error) || !st_kind_visit (self, entry.kind, FALSE, entry.path, read_inside, &entry, error))
    return NULL;
  if (entry.length > 0 && entry.value[entry.length - 1] == '\n')
    entry.length--;
  return g_utf8_make_valid (entry.value, (gssize) entry.length);
}

/**
 * st_space_set_sysctl:
 * @self: a space
 * @name: which one, as for [method@Spacetest.Space.get_sysctl]
 * @value: what to write
 * @error: return location for a [error@Spacetest.Error]
 *
 * Sets a sysctl of a space.
 *
 * What the process has at home is never changed: that is %ST_ERROR_WOULD_TOUCH_HOST. A value that the kernel does not take is
 * %ST_ERROR_INVALID_ARGUMENT, without the capability it is %ST_ERROR_PERMISSION_DENIED.
 *
 * ```c
 * if (!st_space_set_sysctl (ST_SPACE (router), "net/ipv4/ip_forward", "1", &error))
 *   return FALSE;
 * ```
 *
 * Returns: %TRUE if it is set
 *
 * Since: 0.1
 */
gboolean
st_space_set_sysctl (StSpace    *self,
                     const char *name,
                     const char *value,
                     GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (self), FALSE);
  g_return_val_if_fail (name != NULL && value != NULL, FALSE);
  g_auto (Entry) entry = { 0 };
  entry.to_set = value;
  return entry_init (&entry, name, error) && st_kind_visit (self, entry.kind, TRUE, entry.path, write_inside, &entry, error);
}
