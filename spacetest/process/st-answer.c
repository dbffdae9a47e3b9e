/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-answer-private.h"

#include "st-error-private.h"
#include "st-failure-private.h"
#include "st-mount-sysfs.h"
#include "st-namespace-ref-private.h"
#include "st-transient-private.h"

#include <errno.h>

gboolean
st_answer_set_nonsense (GError    **error,
                        const char *what)
{
  g_set_error (error, ST_ERROR, ST_ERROR_PROTOCOL, "the helper process answers what makes no sense: %s", what);
  return FALSE;
}

static void
set_unreadable (const StWireHeader *header,
                int                 received,
                GError            **error)
{
  if (received == -EPROTONOSUPPORT)
    g_set_error (error, ST_ERROR, ST_ERROR_PROTOCOL,
                 "the helper process speaks version %u of the protocol, this library version %d (see SPACETEST_LIBEXECDIR)",
                 header->version, ST_WIRE_VERSION);
  else if (received == -EPROTO)
    st_answer_set_nonsense (error, header->magic == ST_WIRE_MAGIC ? "a malformed record" : "no record");
  else
    st_error_set_result (error, received, "cannot receive what the helper process answered");
}

static gboolean
check_received (StWireMessage *answer,
                guint32        serial,
                StChannel     *channel,
                GError       **error)
{
  const StWireHeader *header = &answer->record.header;
  if (header->type != ST_WIRE_DONE && header->type != ST_WIRE_FAILED)
    return st_answer_set_nonsense (error, "a request");
  if (header->serial != serial)
    return st_answer_set_nonsense (error, "the answer to something else");
  if (header->type == ST_WIRE_DONE)
    return TRUE;
  st_failure_set (error, &answer->record.failed, st_channel_get_level (channel));
  return FALSE;
}

/* @received is what st_wire_receive() gave. Closes the descriptors that came along if it gives FALSE. */
gboolean
st_answer_check (StWireMessage *answer,
                 int            received,
                 guint32        serial,
                 StChannel     *channel,
                 GError       **error)
{
  if (received == 0 || received == -ECONNRESET)
    st_channel_set_gone (channel, error);
  else if (received < 0)
    set_unreadable (&answer->record.header, received, error);
  if (received <= 0)
    return FALSE;
  if (check_received (answer, serial, channel, error))
    return TRUE;
  st_wire_close_fds (answer);
  return FALSE;
}

/* Whether a namespace came along for each of @wanted, after @n_before other descriptors. */
gboolean
st_answer_check_kinds (const StWireMessage *answer,
                       StNamespaceType      wanted,
                       gboolean             may_bring_more,
                       gsize                n_before,
                       GError             **error)
{
  const guint kinds = answer->record.done.kinds;
  if ((kinds & wanted) != wanted || (!may_bring_more && kinds != wanted))
    return st_answer_set_nonsense (error, "other kinds of namespaces than were asked for");
  if (answer->n_fds != n_before + (gsize) __builtin_popcount (kinds))
    return st_answer_set_nonsense (error, "another number of descriptors than it says");
  return TRUE;
}

/* After st_answer_check_kinds(). Every descriptor is looked at. */
gboolean
st_answer_take_handles (StWireMessage *answer,
                        gsize          n_before,
                        StHandleSet   *handles,
                        GError       **error)
{
  gsize i = n_before;
  ST_FOREACH_KIND (kind)
    if (answer->record.done.kinds & kind->flag)
      {
        const StKind *found = NULL;
        if (st_system_get_kind (answer->fds[i], &found) < 0 || found != kind)
          return st_answer_set_nonsense (error, "a descriptor of something else");
        handles->of_kind[kind->index] = st_handle_new_take (st_wire_take_fd (answer, i++), kind, error);
        if (!handles->of_kind[kind->index])
          return FALSE;
      }
  return TRUE;
}

static void
set_broker (StHandleSet *handles,
            StChannel   *channel)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (handles->of_kind[i])
      st_handle_set_broker (handles->of_kind[i], G_OBJECT (channel));
}

StSysfs
st_answer_get_sysfs (const StWireMessage *answer)
{
  switch (answer->record.done.sysfs)
    {
    case ST_MOUNT_SYSFS_FRESH:
      return ST_SYSFS_FRESH;
    case ST_MOUNT_SYSFS_COVERED:
      return ST_SYSFS_COVERED;
    default:
      return ST_SYSFS_KEPT;
    }
}

/* Handles of new namespaces that know whom to ask. */
gboolean
st_answer_take_made (StWireMessage *answer,
                     StHandleSet   *made,
                     StSysfs       *sysfs,
                     StChannel     *channel,
                     GError       **error)
{
  if (!st_answer_take_handles (answer, 0, made, error))
    return FALSE;
  set_broker (made, channel);
  *sysfs = st_answer_get_sysfs (answer);
  return TRUE;
}

/* References of where a helper lives, which know whom to ask. The set is empty afterwards. */
GPtrArray *
st_answer_wrap_home (StHandleSet *home,
                     StChannel   *channel)
{
  GPtrArray *refs = g_ptr_array_new_with_free_func (g_object_unref);
  set_broker (home, channel);
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (home->of_kind[i])
      g_ptr_array_add (refs, st_namespace_ref_new_take_handle (g_steal_pointer (&home->of_kind[i])));
  return refs;
}
