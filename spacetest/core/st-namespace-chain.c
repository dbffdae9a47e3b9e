/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* References that are found in one mount namespace after the other. */
#include "st-namespace-ref-private.h"

#include "st-error-private.h"
#include "st-view-root-private.h"

#include <string.h>

/* The namespace is gone to, but not to stay: a view has all that is needed to look around there. */
static StViewRoot *
go_into (StNamespaceRef *mntns,
         GError        **error)
{
  g_autoptr (StHandle) handle = st_namespace_ref_dup_handle (mntns, error);
  return handle ? st_view_root_new (g_steal_pointer (&handle), error) : NULL;
}

static StNamespaceRef *
open_link (StViewRoot     *inside,
           const char     *path,
           StNamespaceType type,
           GError        **error)
{
  if (!inside)
    return st_namespace_ref_new_for_path (path, type, error);
  return st_namespace_ref_new_of_type (st_view_root_open_namespace (inside, path, error), type, path, error);
}

static void
explain_link (guint    i,
              guint    n,
              GError **error)
{
  g_prefix_error (error, "link %u of %u: ", i + 1, n);
}

static gboolean
check_chain (const char *const *paths,
             guint              n,
             GError           **error)
{
  if (n == 0)
    g_set_error_literal (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a chain has at least one path");
  for (guint i = 0; i < n; i++)
    if (paths[i][0] != '/')
      {
        st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is not an absolute path", paths[i]);
        explain_link (i, n, error);
        return FALSE;
      }
  return n > 0;
}

/**
 * st_namespace_ref_new_for_chain: (constructor)
 * @paths: (array zero-terminated=1) (element-type filename): absolute paths, at least one
 * @type: the kind to expect, or %ST_NAMESPACE_NONE for any
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens a namespace that can be found only inside of another mount namespace.
 *
 * The first path is looked up where the calling thread is, as by [ctor@Spacetest.NamespaceRef.new_for_path]. All but the last lead to mount
 * namespaces, and each is looked up in the one that the path before led to: a file there that a namespace is bound to, or one in
 * `/proc/PID/ns`, with PID as the `/proc` there has it. Links, absolute ones too, are followed inside and never lead out. The
 * number of paths is not limited; nothing but the last namespace is kept, and it needs no process to live on.
 *
 * To look around in a mount namespace takes what [ctor@Spacetest.MountView.new] takes. An error says which link of the chain it
 * is about: %ST_ERROR_NOT_FOUND, %ST_ERROR_NOT_A_NAMESPACE, %ST_ERROR_WRONG_TYPE, which all but the last are with another kind than mnt, or
 * %ST_ERROR_PERMISSION_DENIED. A path that is not absolute is %ST_ERROR_INVALID_ARGUMENT, as is a chain of none and links in a circle.
 *
 * ```c
 * const char *const chain[] = { "/run/containers/outer-mnt", "/run/inner-mnt", NULL };
 * g_autoptr (StNamespaceRef) mntns = st_namespace_ref_new_for_chain (chain, ST_NAMESPACE_MNT, &error);
 * g_autoptr (StMountView) view = mntns != NULL ? st_mount_view_new (mntns, &error) : NULL;
 * g_autoptr (GBytes) hosts = view != NULL ? st_mount_view_load (view, "/etc/hosts", &error) : NULL;
 * ```
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_chain (const char *const *paths,
                                StNamespaceType    type,
                                GError           **error)
{
  const guint n = paths ? g_strv_length ((char **) paths) : 0;
  g_autoptr (StViewRoot) inside = NULL;
  if ((type != ST_NAMESPACE_NONE && !st_namespace_type_check_one (type, error)) || !check_chain (paths, n, error))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      const gboolean is_last = i == n - 1;
      g_autoptr (StNamespaceRef) ref = open_link (inside, paths[i], is_last ? type : ST_NAMESPACE_MNT, error);
      if (ref && is_last)
        return g_steal_pointer (&ref);
      g_clear_pointer (&inside, st_view_root_unref);
      inside = ref ? go_into (ref, error) : NULL;
      if (!inside)
        {
          explain_link (i, n, error);
          return NULL;
        }
    }
  g_assert_not_reached ();
}
