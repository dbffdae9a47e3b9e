/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-probe.h"

#include "st-error.h"
#include "st-namespace-type-private.h"
#include "st-probe-blocker.h"
#include "st-probe-child.h"
#include "st-task-private.h"

static StError
code_for (StBlockerSort sort)
{
  switch (sort)
    {
    case ST_BLOCKER_UNSUPPORTED:
      return ST_ERROR_NOT_SUPPORTED;
    case ST_BLOCKER_FORBIDDEN:
      return ST_ERROR_PERMISSION_DENIED;
    case ST_BLOCKER_EXHAUSTED:
      return ST_ERROR_EXHAUSTED;
    case ST_BLOCKER_TRANSIENT:
    default:
      return ST_ERROR_FAILED;
    }
}

static void
explain (const StProbeReport *report,
         GError             **error)
{
  char step[128];
  StBlocker blocker;
  st_probe_blocker_find (report, &blocker);
  st_probe_child_describe (report, step, sizeof step);
  g_autofree char *what = g_utf8_make_valid (blocker.what, -1);
  const char *answer = report->step == ST_PROBE_KILLED ? g_strsignal (report->number) : g_strerror (report->number);
  g_set_error (error, ST_ERROR, code_for (blocker.sort), "%s: %s (%s%s%s)", step, answer, what, blocker.cure ? "; " : "",
               blocker.cure ? blocker.cure : "");
}

/**
 * st_probe:
 * @types: kinds of namespaces
 * @cancellable: (nullable): not to begin at all
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finds out whether the calling thread can have new namespaces of these kinds, all of them together.
 *
 * It makes them in a child process that is thrown away, with what belongs to them: ids mapped, mounts private, `/sys` and `/proc`
 * fresh, `lo` up, clocks set. A thread that has `CAP_SYS_ADMIN` is tried as it is; any other in a user namespace that is made
 * first, as `spacetest run` does. That a kind works does not mean that a thread can enter it: user, PID and time
 * namespaces are for new processes only. And without `CAP_SYS_ADMIN` the answer is what `spacetest run` can have: a thread of the
 * program itself still may not go there, [func@Spacetest.enter_transient] is %ST_ERROR_PERMISSION_DENIED until the program is
 * started by `spacetest run`.
 *
 * Nothing is remembered: limits come and go. It takes some milliseconds, and the same however big the process is. The kernel
 * takes its time to clear namespaces away, up to a tenth of a second or so: where a limit allows for one more only, what this
 * call made may be in the way of what comes next, but for another probe, which waits for it.
 *
 * The code of the error says what it was:
 *
 * - %ST_ERROR_NOT_SUPPORTED: this kernel has no such namespaces
 * - %ST_ERROR_PERMISSION_DENIED: not for this process
 * - %ST_ERROR_EXHAUSTED: a limit is reached
 * - %ST_ERROR_FAILED: it went wrong in a way that may pass
 *
 * The message names the step, what stands in the way, and the cure:
 * `cannot create net namespace: No space left on device (user.max_net_namespaces is 0; raise it with sysctl)`.
 *
 * So this starts the tests where they work, or has them skipped, which 77 means to Meson and Automake:
 *
 * ```c
 * g_autoptr (GError) error = NULL;
 * if (!st_probe (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL, &error))
 *   {
 *     g_printerr ("%s\n", error->message);
 *     return 77;
 *   }
 * execlp ("spacetest", "spacetest", "run", "--net", "--mount", "--", "./my-tests", NULL);
 * ```
 *
 * Returns: %TRUE if they work, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_probe (StNamespaceType types,
          GCancellable   *cancellable,
          GError        **error)
{
  StProbeReport report;
  if (!st_namespace_types_check (types, error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  st_probe_child_run (types, &report);
  if (report.step == ST_PROBE_DONE)
    return TRUE;
  explain (&report, error);
  return FALSE;
}

static gboolean
probe_for_task (GTask   *task,
                GError **error)
{
  return st_probe (GPOINTER_TO_UINT (g_task_get_task_data (task)), g_task_get_cancellable (task), error);
}

/**
 * st_probe_async:
 * @types: kinds of namespaces
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when it is known
 * @user_data: for @callback
 *
 * Finds out whether new namespaces of these kinds can be had, on a thread of its own that stands where the caller does.
 *
 * See [func@Spacetest.probe].
 *
 * Since: 0.1
 */
void
st_probe_async (StNamespaceType     types,
                GCancellable       *cancellable,
                GAsyncReadyCallback callback,
                gpointer            user_data)
{
  GTask *task = st_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, st_probe_async);
  g_task_set_task_data (task, GUINT_TO_POINTER (types), NULL);
  st_task_check (task, probe_for_task);
}

/**
 * st_probe_finish:
 * @result: what the callback got
 * @error: return location for a [error@Spacetest.Error]
 *
 * Finishes [func@Spacetest.probe_async].
 *
 * Returns: %TRUE if they work, or %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_probe_finish (GAsyncResult *result,
                 GError      **error)
{
  return st_task_finish_boolean (result, NULL, st_probe_async, error);
}
