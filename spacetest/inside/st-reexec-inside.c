/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-reexec-private.h"

#include "st-error-private.h"
#include "st-own-program.h"
#include "st-stay-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In the process that was started for an action. Written once, before main() or when the library is loaded. */
static int connection = -1;
static pid_t process;
static gboolean is_inside;
static gboolean is_test;
static gint is_received;    /* atomic */
static gint is_answered;    /* atomic */

/* A mark that was left over from somebody else is none. */
static int
find_connection (const char *mark)
{
  char *end = NULL;
  const gint64 number = g_ascii_strtoll (mark, &end, 10);
  if (*end != ':' || number <= STDERR_FILENO || number > G_MAXINT)
    return -1;
  const guint64 identity = g_ascii_strtoull (end + 1, &end, 10);
  is_test = g_str_equal (end, ST_REEXEC_TEST);
  return (is_test || *end == '\0') && identity != 0 && st_parcel_get_identity ((int) number) == identity ? (int) number : -1;
}

/* The mark is used up: what the action starts is no action. */
__attribute__ ((constructor)) static void
st_reexec_begin (void)
{
  const char *mark = secure_getenv (ST_REEXEC_MARK);
  if (!mark)
    return;
  connection = find_connection (mark);
  unsetenv (ST_REEXEC_MARK);
  if (connection < 0)
    return;
  is_inside = TRUE;
  process = getpid ();
  st_parcel_keep (connection);
  st_own_program_restore_name ();
}

/**
 * st_reexec_is_inside:
 *
 * Tells whether this process was started to run an action.
 *
 * Returns: %TRUE in an action, and in processes forked from it
 *
 * Since: 0.1
 */
gboolean
st_reexec_is_inside (void)
{
  return is_inside;
}

gboolean
st_reexec_is_test (void)
{
  return is_inside && is_test;
}

static gboolean
refuse (GError    **error,
        const char *why)
{
  g_set_error_literal (error, ST_ERROR, ST_ERROR_NOT_SUPPORTED, why);
  return FALSE;
}

static gboolean
check_inside (GError **error)
{
  if (!is_inside)
    return refuse (error, "this process was not started to run an action");
  return getpid () == process || refuse (error, "this process was forked by an action, which is the one that answers");
}

/**
 * st_reexec_receive:
 * @error: return location for a [error@Spacetest.Error]
 *
 * In a process that was started to run an action, gets which one, once.
 *
 * This is for interpreters, whose actions are not in the table of [func@Spacetest.reexec_register]. They answer with
 * [func@Spacetest.reexec_reply] or [func@Spacetest.reexec_reply_error], and then end. In any other process, and the second
 * time, it is %ST_ERROR_NOT_SUPPORTED.
 *
 * Returns: (transfer full): a value of type `(smv)`: the name, and the parameter, if there is one; or %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
st_reexec_receive (GError **error)
{
  StParcel parcel = { 0, -1 };
  if (!check_inside (error))
    return NULL;
  if (!g_atomic_int_compare_and_exchange (&is_received, FALSE, TRUE))
    {
      refuse (error, "the action of this process was asked for already");
      return NULL;
    }
  int result = st_reexec_send (connection, ST_PARCEL_HELLO, NULL);
  if (result == 0)
    result = st_parcel_receive (connection, &parcel);
  if (result > 0 && parcel.kind == ST_PARCEL_ORDER)
    return st_reexec_read (&parcel, G_VARIANT_TYPE ("(smv)"), error);
  if (parcel.content >= 0)
    close (parcel.content);
  st_error_set (error, ST_ERROR_PROTOCOL, "cannot read which action to run: %s", result < 0 ? g_strerror (-result) : "nobody says so");
  return NULL;
}

static gboolean
answer (GVariant     *value,
        const GError *failure,
        GError      **error)
{
  g_autoptr (GVariant) packed = g_variant_ref_sink (st_reexec_pack (value, failure));
  if (!check_inside (error))
    return FALSE;
  if (!g_atomic_int_compare_and_exchange (&is_answered, FALSE, TRUE))
    return refuse (error, "this action has answered already");
  const int result = st_reexec_send (connection, ST_PARCEL_ANSWER, packed);
  if (result < 0)
    st_error_set_result (error, result, "cannot send the result of an action");
  return result == 0;
}

/**
 * st_reexec_reply:
 * @result: a value, which is taken if it is floating
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gives the result of the action that this process was started for.
 *
 * From then on, the process has three seconds to end by itself. Visits that the calling thread has not left are left, and the caller of the
 * action gets %ST_ERROR_WRONG_ORDER instead of the value.
 *
 * Returns: %TRUE if it was sent; %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_reexec_reply (GVariant *result,
                 GError  **error)
{
  g_return_val_if_fail (result != NULL, FALSE);
  g_autoptr (GVariant) kept = g_variant_ref_sink (result);
  g_autoptr (GError) forgotten = NULL;
  if (!check_inside (error) || !st_reexec_check_value (kept, error))
    return FALSE;
  st_stay_end_inner (st_thread_self (), NULL, &forgotten);
  return answer (forgotten ? NULL : kept, forgotten, error);
}

/**
 * st_reexec_reply_error:
 * @domain: name of an error domain
 * @code: error code
 * @message: error message
 * @error: return location for a [error@Spacetest.Error]
 *
 * Fails the action that this process was started for: its caller gets this error.
 *
 * See [func@Spacetest.reexec_reply].
 *
 * Returns: %TRUE if it was sent; %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_reexec_reply_error (const char *domain,
                       int         code,
                       const char *message,
                       GError    **error)
{
  g_return_val_if_fail (domain != NULL, FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_autoptr (GError) failure = g_error_new_literal (g_quark_from_string (domain), code, message);
  return answer (NULL, failure, error);
}

/* One of both comes of it, whatever the function does. */
static GVariant *
call (const char  *name,
      GVariant    *parameter,
      GError     **error)
{
  const StActionFunc func = st_reexec_find (name);
  if (!func)
    {
      st_error_set (error, ST_ERROR_NOT_FOUND, "action \"%.256s\" is not registered in the copy of the program that is to run it", name);
      return NULL;
    }
  GError *failure = NULL;
  StThread *thread = st_thread_self ();
  StStay *outer = thread->innermost;
  GVariant *value = func (parameter, &failure);
  if (value)
    g_variant_take_ref (value);
  if (getpid () == process)
    st_stay_end_inner (thread, outer, &failure);
  if (failure)
    {
      g_clear_pointer (&value, g_variant_unref);
      g_propagate_error (error, failure);
    }
  else if (value && !st_reexec_check_value (value, error))
    g_clear_pointer (&value, g_variant_unref);
  else if (!value)
    st_error_set (error, ST_ERROR_CALLBACK_FAILED,
                  "action \"%.256s\" returned neither a value nor an error (g_variant_new (\"()\") is for actions with nothing to say)", name);
  return value;
}

/* Gives the exit status. All is freed before the process ends: a leak checker would have it fail. */
static int
run (void)
{
  g_autoptr (GError) error = NULL, unsaid = NULL;
  g_autoptr (GVariant) parameter = NULL;
  g_autoptr (GVariant) value = NULL;
  const char *name;
  g_autoptr (GVariant) order = st_reexec_receive (&error);
  if (order)
    {
      g_variant_get (order, "(&smv)", &name, &parameter);
      value = call (name, parameter, &error);
    }
  if (getpid () != process) /* forked by the action: what is in the buffers is its parent's to write */
    _exit (EXIT_SUCCESS);
  fflush (NULL);
  if (answer (value, error, &unsaid))
    return EXIT_SUCCESS;
  g_printerr ("%s: %s\n", g_get_prgname () ? g_get_prgname () : "spacetest", unsaid->message);
  return EXIT_FAILURE;
}

static char *program_name;
static gboolean is_enabled;

const char *
st_reexec_get_program_name (void)
{
  return program_name;
}

/**
 * st_reexec_init: (skip)
 * @argc: (inout): as in `main()`
 * @argv: (inout): as in `main()`
 *
 * Makes a program one that can run actions in spaces.
 *
 * It comes first in `main()`, right after the actions are registered. In a process that was started to run an action, it
 * runs that and ends the process; in any other it returns at once.
 *
 * The fresh copy of the program gets its name, but none of its arguments.
 *
 * ```c
 * st_reexec_register ("who", who, NULL);
 * st_reexec_init (&argc, &argv);
 * ```
 *
 * Since: 0.1
 */
void
st_reexec_init (int    *argc,
                char ***argv)
{
  if (is_inside && !is_test)
    exit (run ());
  is_enabled = TRUE;
  if (!program_name)
    program_name = g_strdup (argv && *argv && **argv ? **argv : program_invocation_name);
}

gboolean
st_reexec_check (const char *name,
                 GError    **error)
{
  if (is_inside)
    return refuse (error, "an action, and whatever runs before it in the same process, can't run actions");
  if (!name)
    return TRUE;
  if (!is_enabled)
    return refuse (error, "this program does not run actions: it has not called st_reexec_init()");
  if (st_reexec_find (name))
    return TRUE;
  st_error_set (error, ST_ERROR_NOT_FOUND, "action \"%.256s\" is not registered", name);
  return FALSE;
}
