/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-namespace-type-private.h"

#include "st-error-private.h"
#include "st-kernel.h"

#include <string.h>

G_DEFINE_FLAGS_TYPE (StNamespaceType,
                     st_namespace_type,
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_TIME, "time"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_MNT, "mnt"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_CGROUP, "cgroup"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_UTS, "uts"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_IPC, "ipc"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_USER, "user"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_PID, "pid"),
                     G_DEFINE_ENUM_VALUE (ST_NAMESPACE_NET, "net"))

G_STATIC_ASSERT (ST_NAMESPACE_TIME == CLONE_NEWTIME);
G_STATIC_ASSERT (ST_NAMESPACE_MNT == CLONE_NEWNS);
G_STATIC_ASSERT (ST_NAMESPACE_CGROUP == CLONE_NEWCGROUP);
G_STATIC_ASSERT (ST_NAMESPACE_UTS == CLONE_NEWUTS);
G_STATIC_ASSERT (ST_NAMESPACE_IPC == CLONE_NEWIPC);
G_STATIC_ASSERT (ST_NAMESPACE_USER == CLONE_NEWUSER);
G_STATIC_ASSERT (ST_NAMESPACE_PID == CLONE_NEWPID);
G_STATIC_ASSERT (ST_NAMESPACE_NET == CLONE_NEWNET);

/**
 * st_namespace_type_get_name:
 * @type: one kind of namespace
 *
 * Gets the kernel's name of a kind: `"net"`, `"mnt"`, `"user"` ...
 *
 * Returns: (nullable): the name, or %NULL if @type is not exactly one known kind
 *
 * Since: 0.1
 */
const char *
st_namespace_type_get_name (StNamespaceType type)
{
  const StKind *kind = st_kind_for_flag (type);
  return kind ? kind->name : NULL;
}

/**
 * st_namespace_types_to_string:
 * @types: kinds of namespaces
 *
 * Writes a list of kinds: names, in alphabetical order, separated by commas.
 *
 * Bits that are no known kind are appended as a hexadecimal number.
 *
 * Returns: (transfer full): `"mnt,net"`, for example, or `""` for %ST_NAMESPACE_NONE
 *
 * Since: 0.1
 */
char *
st_namespace_types_to_string (StNamespaceType types)
{
  GString *text = g_string_new (NULL);
  guint rest = types;
  ST_FOREACH_KIND (kind)
    if (types & kind->flag)
      {
        g_string_append_printf (text, "%s%s", text->len ? "," : "", kind->name);
        rest &= ~kind->flag;
      }
  if (rest != 0)
    g_string_append_printf (text, "%s0x%x", text->len ? "," : "", rest);
  return g_string_free (text, FALSE);
}

/**
 * st_namespace_types_from_string:
 * @text: names of kinds, separated by commas
 * @error: return location for a %ST_ERROR_INVALID_ARGUMENT
 *
 * Reads a list of kinds as [func@Spacetest.namespace_types_to_string] writes it, in any order.
 *
 * An empty list, an unknown name, a name that appears twice, and white space are errors.
 *
 * Returns: the kinds, or %ST_NAMESPACE_NONE with @error set
 *
 * Since: 0.1
 */
StNamespaceType
st_namespace_types_from_string (const char *text,
                                GError    **error)
{
  g_return_val_if_fail (text != NULL, ST_NAMESPACE_NONE);

  guint types = 0;
  for (const char *name = text; name; name = strchr (name, ',') ? strchr (name, ',') + 1 : NULL)
    {
      const int length = (int) strcspn (name, ",");
      const StKind *kind = st_kind_for_name (name, (size_t) length);
      if (!kind || (types & kind->flag))
        {
          st_error_set (error, ST_ERROR_INVALID_ARGUMENT,
                        "cannot read namespace kinds \"%s\": %s \"%.*s\" (known are cgroup, ipc, mnt, net, pid, time, user, uts)",
                        text, kind ? "doubled kind" : "unknown kind", length, name);
          return ST_NAMESPACE_NONE;
        }
      types |= kind->flag;
    }
  return types;
}

/* One known kind, or an error that says what it is instead. */
const StKind *
st_namespace_type_check_one (StNamespaceType type,
                             GError        **error)
{
  const StKind *kind = st_kind_for_flag (type);
  if (type == 0)
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "no namespace kind given; it takes one");
  else if (!kind)
    {
      g_autofree char *text = st_namespace_types_to_string (type);
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "\"%s\" is not one kind of namespace", text);
    }
  return kind;
}

/* At least one kind, and only known ones. */
gboolean
st_namespace_types_check (StNamespaceType types,
                          GError        **error)
{
  guint all = 0;
  ST_FOREACH_KIND (kind)
    all |= kind->flag;
  if (types != 0 && (types & ~all) == 0)
    return TRUE;
  g_autofree char *text = st_namespace_types_to_string (types);
  g_autofree char *known = st_namespace_types_to_string (all);
  if (types == 0)
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "no namespace kinds given; there are %s", known);
  else
    g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "\"%s\" is not a list of namespace kinds (of %s)", text, known);
  return FALSE;
}
