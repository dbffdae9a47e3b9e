/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-hosts.h"

#include "st-error-private.h"
#include "st-mount-view.h"

#include <string.h>

#define MAX_NAME_SERVERS 3 /* of which the C library takes notice */
#define SOURCES "hosts: files dns"
#define CACHE "/run/nscd"

static gboolean
refuse (const char *entry,
        const char *reason,
        GError    **error)
{
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" %s", entry, reason);
  return FALSE;
}

static gboolean
is_word (const char *text)
{
  for (const char *c = text; *c; c++)
    if (g_ascii_isspace (*c) || g_ascii_iscntrl (*c) || *c == '#')
      return FALSE;
  return *text != '\0';
}

/* With the scope of a link-local one, maybe, which makes sense inside only. */
static gboolean
is_address (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "%", 2);
  g_autoptr (GInetAddress) address = parts[0] ? g_inet_address_new_from_string (parts[0]) : NULL;
  return address && (!parts[1] || (is_word (parts[1]) && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6));
}

/* An address and at least one name. */
static gboolean
append_host (GString    *content,
             const char *entry,
             GError    **error)
{
  guint n_words = 0;
  g_auto (GStrv) words = g_strsplit_set (entry, " \t", -1);
  const gsize start = content->len;
  for (char **word = words; *word; word++)
    {
      if (!**word)
        continue;
      if (n_words == 0 && !is_address (*word))
        return refuse (entry, "does not begin with an address", error);
      if (!is_word (*word))
        return refuse (entry, "has a host name that is none", error);
      g_string_append_printf (content, "%s%s", content->len > start ? " " : "", *word);
      n_words++;
    }
  g_string_append_c (content, '\n');
  return n_words >= 2 || refuse (entry, "is not an address and a host name", error);
}

static gboolean
cover (StTransientMntns *self,
       const char       *path,
       const GString    *content,
       GError          **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (content->str, content->len);
  return st_transient_mntns_overlay_file (self, path, bytes, error);
}

/* The same with one way to find hosts: other services would ask outside. */
static GString *
with_these_sources (GBytes *content)
{
  GString *result = g_string_new (NULL);
  gsize size;
  const char *data = g_bytes_get_data (content, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    {
      const char *begin = *line + strspn (*line, " \t");
      g_string_append_printf (result, "%s%s", g_str_has_prefix (begin, "hosts:") ? SOURCES : *line, line[1] ? "\n" : "");
    }
  return result;
}

static gboolean
is_there (gpointer     found,
          GError      *failure,
          GError     **error)
{
  if (found || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
    {
      g_clear_error (&failure);
      return TRUE;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
correct_sources (StTransientMntns *self,
                 StMountView      *view,
                 GError          **error)
{
  const char *path = "/etc/nsswitch.conf";
  GError *failure = NULL;
  g_autoptr (GBytes) old = st_mount_view_load (view, path, &failure);
  if (!is_there (old, failure, error))
    return FALSE;
  g_autoptr (GString) new = old ? with_these_sources (old) : NULL;
  if (!old || (new->len == g_bytes_get_size (old) && memcmp (new->str, g_bytes_get_data (old, NULL), new->len) == 0))
    return TRUE;
  return cover (self, path, new, error);
}

/* A cache that runs outside answers as outside. */
static gboolean
hide_cache (StTransientMntns *self,
            StMountView      *view,
            GError          **error)
{
  GError *failure = NULL;
  g_auto (GStrv) entries = st_mount_view_list (view, CACHE, &failure);
  if (!is_there (entries, failure, error))
    return FALSE;
  return !entries || !*entries || st_transient_mntns_mount_tmpfs (self, CACHE, 0, error);
}

static gboolean
resolve_inside (StTransientMntns *self,
                GError          **error)
{
  g_autoptr (StMountView) view = st_mount_view_new (ST_NAMESPACE_REF (self), error);
  return view && correct_sources (self, view, error) && hide_cache (self, view, error);
}

/**
 * st_transient_mntns_set_hosts:
 * @self: a mount namespace
 * @hosts: (array zero-terminated=1): an address and its names in each, as in `"10.0.0.1 server www.example"`
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of a file that can not be read
 *
 * Says which hosts are known by name in a mount namespace: these and `localhost`, and no others.
 *
 * `/etc/hosts` is covered with a new one, see [method@Spacetest.TransientMntns.overlay_file]; where there is none, it is
 * %ST_ERROR_NOT_FOUND. `/etc/nsswitch.conf` is covered if it names anything but files and name servers for hosts, and
 * `/run/nscd` if somebody serves there, since they would answer as outside.
 *
 * Whoever has read the files already, as this very process, does not read them again for each name.
 *
 * ```c
 * const char *hosts[] = { "10.0.0.1 alice", "10.0.0.2 bob bob.example", NULL };
 * if (!st_transient_mntns_set_hosts (mntns, hosts, &error))
 *   return FALSE;
 * ```
 *
 * Returns: %TRUE if they are known
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_set_hosts (StTransientMntns   *self,
                              const char * const *hosts,
                              GError            **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  g_return_val_if_fail (hosts != NULL, FALSE);
  g_autoptr (GString) content = g_string_new ("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
  for (; *hosts; hosts++)
    if (!append_host (content, *hosts, error))
      return FALSE;
  return cover (self, "/etc/hosts", content, error) && resolve_inside (self, error);
}

/**
 * st_transient_mntns_set_name_servers:
 * @self: a mount namespace
 * @addresses: (array zero-terminated=1): addresses of name servers, at most three; none for none but one on `localhost`
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of a file that can not be read
 *
 * Says which name servers are asked in a mount namespace.
 *
 * `/etc/resolv.conf` is covered with a new one that has nothing else in it, as [method@Spacetest.TransientMntns.set_hosts] covers
 * `/etc/hosts`. A fourth one is %ST_ERROR_INVALID_ARGUMENT, as nobody would ever ask it, see [resolv.conf(5)](man:resolv.conf(5)).
 *
 * Returns: %TRUE if they will be asked
 *
 * Since: 0.1
 */
gboolean
st_transient_mntns_set_name_servers (StTransientMntns   *self,
                                     const char * const *addresses,
                                     GError            **error)
{
  g_return_val_if_fail (ST_IS_TRANSIENT_MNTNS (self), FALSE);
  g_return_val_if_fail (addresses != NULL, FALSE);
  g_autoptr (GString) content = g_string_new (NULL);
  for (guint n = 0; addresses[n]; n++)
    {
      if (n == MAX_NAME_SERVERS)
        return refuse (addresses[n], "would be the fourth name server, and only three are ever asked", error);
      if (!is_address (addresses[n]))
        return refuse (addresses[n], "is not an address", error);
      g_string_append_printf (content, "nameserver %s\n", addresses[n]);
    }
  return cover (self, "/etc/resolv.conf", content, error) && resolve_inside (self, error);
}
