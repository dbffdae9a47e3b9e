/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-sysctl.h"

#include "st-error-private.h"
#include "st-setting-private.h"

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

static char *
use (StSpace    *space,
     const char *name,
     const char *to_set,
     GError    **error)
{
  StSetting setting = { .to_set = to_set };
  g_autofree char *path = to_path (name);
  g_autofree char *label = g_strdup_printf ("sysctl %.256s", path);
  setting.name = path;
  setting.label = label;
  if (!is_inside (path))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is not the name of a sysctl", name);
  else if (!find_owner (path, &setting.kind))
    st_error_set (error, ST_ERROR_INVALID_ARGUMENT,
                  "the sysctl %.256s belongs to no net, uts or ipc namespace: it would be that of the whole machine", path);
  else
    return st_setting_use (&setting, space, error);
  return NULL;
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
  return use (self, name, NULL, error);
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
  g_autofree char *nothing = use (self, name, *value ? value : "\n", error); /* the kernel never sees a write of nothing */
  return nothing != NULL;
}
