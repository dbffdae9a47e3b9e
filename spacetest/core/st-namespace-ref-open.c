/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Where references come from: paths, descriptors, processes, the calling thread. */
#include "st-namespace-ref-private.h"

#include "st-error-private.h"
#include "st-kernel.h"

#include <errno.h>
#include <unistd.h>

static gboolean
is_kind_or_none (StNamespaceType type,
                 GError        **error)
{
  return type == ST_NAMESPACE_NONE || st_namespace_type_check_one (type, error);
}

/* Takes @handle, which may be NULL; @what was opened. */
StNamespaceRef *
st_namespace_ref_new_of_type (StHandle       *handle,
                              StNamespaceType type,
                              const char     *what,
                              GError        **error)
{
  if (!handle || type == ST_NAMESPACE_NONE || handle->kind->flag == type)
    return st_namespace_ref_new_take_handle (handle);
  st_error_set (error, ST_ERROR_WRONG_TYPE, "cannot use %.256s as a %s namespace: it is a %s namespace", what,
                st_namespace_type_get_name (type), handle->kind->name);
  st_handle_unref (handle);
  return NULL;
}

/**
 * st_namespace_ref_new_for_path: (constructor)
 * @path: (type filename): a file in `/proc/PID/ns`, or one that a namespace is bound to
 * @type: the kind to expect, or %ST_NAMESPACE_NONE for any
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the namespace behind a path.
 *
 * For the calling thread, ask `/proc/thread-self`: `/proc/self` is the main thread. A file of something else is
 * %ST_ERROR_NOT_A_NAMESPACE, a namespace of another kind %ST_ERROR_WRONG_TYPE.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_path (const char     *path,
                               StNamespaceType type,
                               GError        **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  if (!is_kind_or_none (type, error))
    return NULL;

  const StKind *kind = NULL;
  int fd = st_system_open_path (path);
  int result = fd < 0 ? fd : st_system_get_kind (fd, &kind);
  if (result == 0)
    {
      StNamespaceRef *self = st_namespace_ref_new_of_type (st_handle_new_take (fd, kind, error), type, path, error);
      if (self && st_system_is_bound (path))
        self->path = g_canonicalize_filename (path, NULL);
      return self;
    }
  st_error_set_result (error, result, "cannot open namespace %.256s", path);
  if (fd >= 0)
    close (fd);
  return NULL;
}

/**
 * st_namespace_ref_new_for_fd: (constructor)
 * @fd: an open descriptor of a namespace, which stays the caller's
 * @type: the kind to expect, or %ST_NAMESPACE_NONE for any
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a reference of a duplicate of a descriptor.
 *
 * A descriptor of something else is %ST_ERROR_NOT_A_NAMESPACE, a namespace of another kind %ST_ERROR_WRONG_TYPE.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_fd (int             fd,
                             StNamespaceType type,
                             GError        **error)
{
  if (!is_kind_or_none (type, error))
    return NULL;
  const StKind *kind;
  const int result = st_system_get_kind (fd, &kind);
  const int copy = result < 0 ? result : st_system_dup (fd);
  if (copy >= 0)
    return st_namespace_ref_new_of_type (st_handle_new_take (copy, NULL, error), type, "this descriptor", error);
  st_error_set_result (error, copy, "cannot use descriptor %d as a namespace", fd);
  return NULL;
}

/**
 * st_namespace_ref_new_take_fd: (constructor)
 * @fd: an open descriptor of a namespace; it is the reference's now, or closed if it is not such a namespace
 * @type: the kind to expect, or %ST_NAMESPACE_NONE for any
 * @error: return location for a [error@Spacetest.Error]
 *
 * Makes a reference of a descriptor.
 *
 * A descriptor of something else is %ST_ERROR_NOT_A_NAMESPACE, a namespace of another kind %ST_ERROR_WRONG_TYPE.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_take_fd (int             fd,
                              StNamespaceType type,
                              GError        **error)
{
  int result = st_system_close_on_exec (fd);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot use descriptor %d as a namespace", fd);
      return NULL;
    }
  StHandle *handle = st_handle_new_take (fd, NULL, error);
  if (!handle || is_kind_or_none (type, error))
    return st_namespace_ref_new_of_type (handle, type, "this descriptor", error);
  st_handle_unref (handle);
  return NULL;
}

static StNamespaceRef *
new_of_process (int           pidfd,
                const StKind *kind,
                GError      **error)
{
  int fd = st_system_open_process (pidfd, kind);
  if (fd >= 0)
    return st_namespace_ref_new_take_handle (st_handle_new_take (fd, kind, error));
  st_error_set_result (error, fd, "cannot open the %s namespace of a process", kind->name);
  return NULL;
}

/* Appends references to @refs. One pidfd for all, so that they are of one process. */
gboolean
st_namespace_ref_collect_for_pid (int             pid,
                                  StNamespaceType types,
                                  GPtrArray      *refs,
                                  GError        **error)
{
  int pidfd = st_kernel_pidfd_open (pid);
  if (pidfd == -EINVAL && pid > 0) /* the number of a thread that is not the first of its process */
    pidfd = -ESRCH;
  if (pidfd < 0)
    {
      st_error_set_result (error, pidfd, "cannot open process %d", pid);
      return FALSE;
    }
  gboolean collected = TRUE;
  ST_FOREACH_KIND (kind)
    if (collected && (types & kind->flag))
      {
        StNamespaceRef *ref = new_of_process (pidfd, kind, error);
        collected = ref != NULL;
        if (ref)
          g_ptr_array_add (refs, ref);
      }
  close (pidfd);
  if (!collected)
    g_prefix_error (error, "process %d: ", pid);
  return collected;
}

/**
 * st_namespace_ref_new_for_pid: (constructor)
 * @pid: a process
 * @type: one kind of namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the namespace that a process is in.
 *
 * See [ctor@Spacetest.Space.new_for_pid].
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_pid (int             pid,
                              StNamespaceType type,
                              GError        **error)
{
  g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_object_unref);
  if (!st_namespace_type_check_one (type, error) || !st_namespace_ref_collect_for_pid (pid, type, refs, error))
    return NULL;
  return g_ptr_array_steal_index (refs, 0);
}

/**
 * st_namespace_ref_new_for_pidfd: (constructor)
 * @pidfd: a descriptor of a process, see [pidfd_open(2)](man:pidfd_open(2)); it stays the caller's
 * @type: one kind of namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the namespace that a process is in.
 *
 * Before Linux 6.11 this needs the `/proc` of the caller's PID namespace.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_for_pidfd (int             pidfd,
                                StNamespaceType type,
                                GError        **error)
{
  const StKind *kind = st_namespace_type_check_one (type, error);
  return kind ? new_of_process (pidfd, kind, error) : NULL;
}

/**
 * st_namespace_ref_new_current: (constructor)
 * @type: one kind of namespace
 * @error: return location for a [error@Spacetest.Error]
 *
 * Opens the namespace that the calling thread is in, on a visit that of the visit. It takes `/proc`.
 *
 * Returns: (transfer full): a new reference, or %NULL with @error set
 *
 * Since: 0.1
 */
StNamespaceRef *
st_namespace_ref_new_current (StNamespaceType type,
                              GError        **error)
{
  const StKind *kind = st_namespace_type_check_one (type, error);
  return kind ? st_namespace_ref_new_take_handle (st_handle_new_current (kind, error)) : NULL;
}
