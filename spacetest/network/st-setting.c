/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-setting-private.h"

#include "st-broker-private.h"
#include "st-error-private.h"
#include "st-proc-sys.h"
#include "st-space-private.h"
#include "st-stay-private.h"

#include <errno.h>
#include <string.h>

/* What is to be changed is never what the process has at home. */
static gboolean
check_foreign (const StSetting *self,
               const StHandle  *target,
               GError         **error)
{
  g_autoptr (StHandle) home = st_thread_get_home (target->kind, error);
  if (!home)
    return FALSE;
  if (!st_system_is_same (&home->identity, &target->identity))
    return TRUE;
  st_error_set (error, ST_ERROR_WOULD_TOUCH_HOST, "cannot set %.256s: this %s namespace is the one that the process has at home (make a new one)",
                self->label, target->kind->name);
  return FALSE;
}

typedef struct
{
  const StSetting *setting;
  GBytes *answer; /* what was read, or nothing */
} Visit;

static gboolean
report (const StSetting *self,
        int              result,
        GError         **error)
{
  const char *kind = st_kinds[self->kind].name;
  const char *step = self->to_set ? "set" : "read";
  if (result == -EROFS)
    st_error_set (error, ST_ERROR_PERMISSION_DENIED, "cannot %s %.256s of a %s namespace: %s (/proc/sys is mounted read-only)", step,
                  self->label, kind, g_strerror (-result));
  else if (result == -EACCES)
    st_error_set_hinted (error, result, ST_ERROR_HINT_SYSCTL, "cannot %s %.256s of a %s namespace", step, self->label, kind);
  else if (result < 0)
    st_error_set_result (error, result, "cannot %s %.256s of a %s namespace", step, self->label, kind);
  return result >= 0;
}

static gboolean
use_inside (gpointer data,
            GError **error)
{
  Visit *visit = data;
  const StSetting *self = visit->setting;
  char *value = NULL;
  size_t length = 0;
  int result = self->to_set ? st_proc_sys_write (self->name, self->to_set, strlen (self->to_set))
                            : st_proc_sys_read (self->name, &value, &length);
  if (result >= 0)
    visit->answer = g_bytes_new_with_free_func (value, length, free, value);
  return report (self, result, error);
}

static GBytes *
use_through_broker (const StSetting *self,
                    StHandle        *target,
                    GError         **error)
{
  g_autoptr (GBytes) content = self->to_set ? g_bytes_new (self->to_set, strlen (self->to_set)) : NULL;
  GBytes *answer = st_broker_use_sysctl (target, self->name, content, error);
  if (!answer)
    st_error_specify_step (error, "cannot read or set it", "cannot %s %.256s of a %s namespace", self->to_set ? "set" : "read",
                           self->label, st_kinds[self->kind].name);
  return answer;
}

static GBytes *
use (const StSetting   *self,
     const StHandleSet *target,
     GError           **error)
{
  Visit visit = { self, NULL };
  GError *refusal = NULL;
  if (st_stay_call (target, use_inside, &visit, &refusal))
    return visit.answer;
  g_clear_pointer (&visit.answer, g_bytes_unref);
  if (st_broker_takes_over (target->of_kind[self->kind], &refusal))
    return use_through_broker (self, target->of_kind[self->kind], error);
  g_propagate_error (error, refusal);
  return NULL;
}

static char *
to_text (GBytes *answer)
{
  gsize length;
  const char *value = g_bytes_get_data (answer, &length);
  if (length > 0 && value[length - 1] == '\n')
    length--;
  return length > 0 ? g_utf8_make_valid (value, (gssize) length) : g_strdup ("");
}

/* On the calling thread, which goes there for a moment. What was read comes without the end of line. */
char *
st_setting_use (const StSetting *self,
                StSpace         *space,
                GError         **error)
{
  g_auto (StHandleSet) all = { 0 };
  g_auto (StHandleSet) target = { 0 };
  if (!st_space_acquire (space, &all, error))
    return NULL;
  StHandle *handle = target.of_kind[self->kind] = g_steal_pointer (&all.of_kind[self->kind]);
  if (!handle)
    {
      const char *name = st_kinds[self->kind].name;
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "%.256s belongs to a namespace of the kind %s, and this space has none", self->label, name);
      return NULL;
    }
  if (self->to_set && !check_foreign (self, handle, error))
    return NULL;
  g_autoptr (GBytes) answer = use (self, &target, error);
  return answer ? to_text (answer) : NULL;
}
