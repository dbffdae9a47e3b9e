/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-error-private.h"

#include <errno.h>
#include <string.h>

G_DEFINE_ENUM_TYPE (StError,
                    st_error,
                    G_DEFINE_ENUM_VALUE (ST_ERROR_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_PERMISSION_DENIED, "permission-denied"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_NOT_FOUND, "not-found"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_NOT_A_NAMESPACE, "not-a-namespace"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_WRONG_TYPE, "wrong-type"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_WRONG_THREAD, "wrong-thread"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_WRONG_ORDER, "wrong-order"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_STALE, "stale"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_INVALID_ARGUMENT, "invalid-argument"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_EXHAUSTED, "exhausted"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_WOULD_TOUCH_HOST, "would-touch-host"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_CALLBACK_FAILED, "callback-failed"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_HELPER_FAILED, "helper-failed"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_PROTOCOL, "protocol"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_NO_RETURN, "no-return"),
                    G_DEFINE_ENUM_VALUE (ST_ERROR_EXISTS, "exists"))

/**
 * st_error_quark:
 *
 * Gets the error domain of the library.
 *
 * Returns: the quark behind %ST_ERROR
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (st-error-quark, st_error)

static const StErrorMeaning meanings[] = {
  { EPERM, ST_ERROR_PERMISSION_DENIED, "no CAP_SYS_ADMIN; run under \"spacetest run\", or see docs: privileges" },
  { EACCES, ST_ERROR_PERMISSION_DENIED, "see docs: privileges" },
  { ENOENT, ST_ERROR_NOT_FOUND, NULL },
  { ENOTDIR, ST_ERROR_NOT_FOUND, NULL },
  { ESRCH, ST_ERROR_NOT_FOUND, "the process is gone" },
  { ENOTTY, ST_ERROR_NOT_A_NAMESPACE, "not a namespace" },
  { EBADF, ST_ERROR_INVALID_ARGUMENT, "not an open descriptor" },
  { EINVAL, ST_ERROR_INVALID_ARGUMENT, NULL },
  { EISDIR, ST_ERROR_INVALID_ARGUMENT, NULL },
  { ELOOP, ST_ERROR_INVALID_ARGUMENT, NULL },
  { ENAMETOOLONG, ST_ERROR_INVALID_ARGUMENT, NULL },
  { ERANGE, ST_ERROR_INVALID_ARGUMENT, NULL },
  { E2BIG, ST_ERROR_INVALID_ARGUMENT, "an argument may have 128 KiB, all of them a quarter of RLIMIT_STACK" },
  { ENOSYS, ST_ERROR_NOT_SUPPORTED, NULL },
  { EOPNOTSUPP, ST_ERROR_NOT_SUPPORTED, NULL },
  { EUSERS, ST_ERROR_NOT_SUPPORTED, "not in a threaded process" },
  { ENODEV, ST_ERROR_NOT_SUPPORTED, "not in this kernel" },
  { EMFILE, ST_ERROR_EXHAUSTED, "raise RLIMIT_NOFILE" },
  { ENFILE, ST_ERROR_EXHAUSTED, "raise /proc/sys/fs/file-max" },
  { ENOMEM, ST_ERROR_EXHAUSTED, NULL },
  { EAGAIN, ST_ERROR_EXHAUSTED, "too many processes: raise RLIMIT_NPROC, or pids.max of the control group" },
  { ENOSPC, ST_ERROR_EXHAUSTED, "nested too deep, or see the limits in /proc/sys/user/ and /proc/sys/fs/mount-max" },
  { EDQUOT, ST_ERROR_EXHAUSTED, NULL },
  { ENOBUFS, ST_ERROR_EXHAUSTED, NULL },
  { ETOOMANYREFS, ST_ERROR_EXHAUSTED, "too many descriptors under way; raise RLIMIT_NOFILE" },
};

const StErrorMeaning *
st_error_find_meaning (const StErrorMeaning *among,
                       gsize                 n_meanings,
                       int                   number)
{
  static const StErrorMeaning other = { 0, ST_ERROR_FAILED, NULL };
  for (gsize i = 0; i < n_meanings; i++)
    if (among[i].number == number)
      return &among[i];
  return &other;
}

static void
set_valid (GError    **error,
           StError     code,
           const char *message)
{
  g_autofree char *text = g_utf8_make_valid (message, -1);
  g_set_error_literal (error, ST_ERROR, code, text);
}

void
st_error_set (GError    **error,
              StError     code,
              const char *format,
              ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  set_valid (error, code, message);
}

static const StErrorMeaning *
find_meaning (int result)
{
  return st_error_find_meaning (meanings, G_N_ELEMENTS (meanings), -result);
}

static void
set_result (GError    **error,
            int         result,
            const char *hint,
            const char *what)
{
  g_autofree char *cure = hint ? g_strdup_printf (" (%s)", hint) : g_strdup ("");
  g_autofree char *message = g_strdup_printf ("%s: %s%s", what, g_strerror (-result), cure);
  set_valid (error, find_meaning (result)->code, message);
}

void
st_error_set_result (GError    **error,
                     int         result,
                     const char *step,
                     ...)
{
  va_list args;
  va_start (args, step);
  g_autofree char *what = g_strdup_vprintf (step, args);
  va_end (args);
  set_result (error, result, find_meaning (result)->hint, what);
}

void
st_error_set_hinted (GError    **error,
                     int         result,
                     const char *hint,
                     const char *step,
                     ...)
{
  va_list args;
  va_start (args, step);
  g_autofree char *what = g_strdup_vprintf (step, args);
  va_end (args);
  set_result (error, result, hint, what);
}

/* What a helper could not do, in the words of who knows what that was: instead of @step, or before what else went wrong. */
void
st_error_specify_step (GError    **error,
                       const char *step,
                       const char *format,
                       ...)
{
  va_list args;
  if (!error || !*error)
    return;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *message = g_steal_pointer (&(*error)->message);
  g_autofree char *text = NULL;
  if (g_str_has_prefix (message, step) && message[strlen (step)] == ':')
    text = g_strconcat (what, message + strlen (step), NULL);
  else if (!g_str_has_prefix (message, what))
    text = g_strconcat (what, ": ", message, NULL);
  (*error)->message = g_utf8_make_valid (text ? text : message, -1);
}

gboolean
st_error_set_closed (GError    **error,
                     const char *what)
{
  g_set_error (error, ST_ERROR, ST_ERROR_CLOSED, "the %s is closed, or was made without its constructor", what);
  return FALSE;
}
