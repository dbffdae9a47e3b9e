/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What options come to in the order for a new helper process. */
#include "st-spacer-options-private.h"

#include "st-error-private.h"
#include "st-system.h"

#include <string.h>

#define NANOSECONDS_PER_MICROSECOND 1000
/* The kernel has no clocks beyond half of what fits in nanoseconds. */
#define MOST_MICROSECONDS (G_MAXINT64 / NANOSECONDS_PER_MICROSECOND / 2)

int
st_spacer_options_peek_stdout (StSpacerOptions *self)
{
  return self ? self->stdout_fd : -1;
}

int
st_spacer_options_peek_stderr (StSpacerOptions *self)
{
  return self ? self->stderr_fd : -1;
}

/* For the first helper, which has no namespaces of its own. */
gboolean
st_spacer_options_check_first (StSpacerOptions *self,
                               GError         **error)
{
  if (!self || (self->monotonic_offset == 0 && self->boottime_offset == 0 && !self->host_name))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT,
               "the first helper has the clocks and the host name of its maker: give such options to a subspace");
  return FALSE;
}

static gboolean
check_offset (gint64      microseconds,
              const char *clock,
              GError    **error)
{
  if (microseconds >= -MOST_MICROSECONDS && microseconds <= MOST_MICROSECONDS)
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT,
               "cannot set the %s clock off by %" G_GINT64_FORMAT " microseconds: out of range", clock, microseconds);
  return FALSE;
}

static gboolean
check (StSpacerOptions *self,
       StNamespaceType  kinds,
       GError         **error)
{
  if (!check_offset (self->monotonic_offset, "monotonic", error) || !check_offset (self->boottime_offset, "boottime", error))
    return FALSE;
  if ((self->monotonic_offset || self->boottime_offset) && !(kinds & ST_NAMESPACE_TIME))
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot set clocks off without a new time namespace");
      return FALSE;
    }
  if (self->id_map != ST_ID_MAP_ROOT && self->id_map != ST_ID_MAP_SELF)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "%d is no way to map ids", self->id_map);
      return FALSE;
    }
  const gsize length = self->host_name ? strlen (self->host_name) : 1;
  if (length == 0 || length >= ST_WIRE_HOST_NAME)
    {
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "cannot set the host name \"%.80s\": it must have 1 to %d bytes",
                    self->host_name, ST_WIRE_HOST_NAME - 1);
      return FALSE;
    }
  return TRUE;
}

static gboolean
add_copy (StWireMessage *request,
          int            fd,
          uint32_t      *has_it,
          GError       **error)
{
  *has_it = fd >= 0;
  int copy = fd < 0 ? 0 : st_system_dup (fd);
  if (fd >= 0 && copy >= 0)
    st_wire_add_fd (request, copy);
  if (copy < 0)
    st_error_set_result (error, copy, "cannot duplicate descriptor %d for the helper process", fd);
  return copy >= 0;
}

/* What @self, or NULL, says of a new subspace. Duplicates of the descriptors are added last. */
gboolean
st_spacer_options_fill (StSpacerOptions *self,
                        StNamespaceType  kinds,
                        StWireMessage   *request,
                        GError         **error)
{
  StWireSubspace *subspace = &request->record.subspace;
  if (!self)
    return TRUE;
  if (!check (self, kinds, error))
    return FALSE;
  subspace->map = self->id_map == ST_ID_MAP_SELF ? ST_WIRE_MAP_SELF : ST_WIRE_MAP_ROOT;
  subspace->monotonic_offset = self->monotonic_offset * NANOSECONDS_PER_MICROSECOND;
  subspace->boottime_offset = self->boottime_offset * NANOSECONDS_PER_MICROSECOND;
  if (self->host_name)
    memcpy (subspace->host_name, self->host_name, strlen (self->host_name));
  return add_copy (request, self->stdout_fd, &subspace->has_stdout, error) &&
         add_copy (request, self->stderr_fd, &subspace->has_stderr, error);
}
