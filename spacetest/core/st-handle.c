/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-handle-private.h"

#include "st-error-private.h"

#include <unistd.h>

/* Takes @fd in any case. @kind is what it is known to be, or NULL to find out. */
StHandle *
st_handle_new_take (int           fd,
                    const StKind *kind,
                    GError      **error)
{
  StIdentity identity;
  int result = kind ? 0 : st_system_get_kind (fd, &kind);
  if (result == 0)
    result = st_system_identify (fd, &identity);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot use descriptor %d as a namespace", fd);
      if (fd >= 0)
        close (fd);
      return NULL;
    }

  StHandle *self = g_new (StHandle, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->fd = fd;
  self->kind = kind;
  self->identity = identity;
  self->broker = NULL;
  return self;
}

/* Where the calling thread is. */
StHandle *
st_handle_new_current (const StKind *kind,
                       GError      **error)
{
  int fd = st_system_open_current (kind);
  if (fd < 0)
    {
      st_error_set_result (error, fd, "cannot find the calling thread's %s namespace", kind->name);
      return NULL;
    }
  return st_handle_new_take (fd, kind, error);
}

/* Once, before anybody else knows of @self. */
void
st_handle_set_broker (StHandle *self,
                      GObject  *broker)
{
  self->broker = g_object_ref (broker);
}

StHandle *
st_handle_ref (StHandle *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
st_handle_unref (StHandle *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  close (self->fd);
  g_clear_object (&self->broker);
  g_free (self);
}

void
st_handle_set_clear (StHandleSet *self)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    g_clear_pointer (&self->of_kind[i], st_handle_unref);
}

StNamespaceType
st_handle_set_get_types (const StHandleSet *self)
{
  guint types = 0;
  ST_FOREACH_KIND (kind)
    if (self->of_kind[kind->index])
      types |= kind->flag;
  return types;
}
