/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-kind-visit-private.h"

#include "st-error-private.h"
#include "st-space-private.h"
#include "st-stay-private.h"

/* What is to be changed is never what the process has at home. */
static gboolean
check_foreign (const StHandle *target,
               const char     *what,
               GError        **error)
{
  int fd = st_thread_open_home (target->kind);
  if (fd < 0)
    {
      st_error_set_result (error, fd, "cannot find the %s namespace of the process", target->kind->name);
      return FALSE;
    }
  g_autoptr (StHandle) home = st_handle_new_take (fd, target->kind, error);
  if (!home)
    return FALSE;
  if (!st_system_is_same (&home->identity, &target->identity))
    return TRUE;
  st_error_set (error, ST_ERROR_WOULD_TOUCH_HOST, "cannot set %.256s: this %s namespace is the one that the process has at home (make a new one)",
                what, target->kind->name);
  return FALSE;
}

/* @what is read there, or with @changes set. */
gboolean
st_kind_visit (StSpace    *space,
               StKindIndex index,
               gboolean    changes,
               const char *what,
               StFunc      func,
               gpointer    user_data,
               GError    **error)
{
  g_auto (StHandleSet) all = { 0 };
  g_auto (StHandleSet) one = { 0 };
  if (!st_space_acquire (space, &all, error))
    return FALSE;
  one.of_kind[index] = g_steal_pointer (&all.of_kind[index]);
  if (!one.of_kind[index])
    {
      const char *name = st_kinds[index].name;
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "%.256s belongs to a %s namespace, and this space has none", what, name);
      return FALSE;
    }
  return (!changes || check_foreign (one.of_kind[index], what, error)) && st_stay_call (&one, func, user_data, error);
}
