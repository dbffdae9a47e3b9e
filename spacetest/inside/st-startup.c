/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-startup.h"

#include "st-error-private.h"
#include "st-startup-switch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Written once, before main(). */
static StStartupReport startup_report;
static gint startup_is_asked_for; /* atomic */

__attribute__ ((constructor)) static void
st_startup_begin (void)
{
  st_startup_switch (&startup_report, &startup_report);
}

/* A program that never asks would run at home, and never know. */
__attribute__ ((destructor)) static void
st_startup_end (void)
{
  const StStartupReport *report = &startup_report;
  if (report->outcome != ST_STARTUP_FINE && !g_atomic_int_get (&startup_is_asked_for))
    dprintf (STDERR_FILENO, "%s: ran at home: %s%s%s\n", program_invocation_short_name, report->text, report->result < 0 ? ": " : "",
             report->result < 0 ? g_strerror (-report->result) : "");
}

/**
 * st_startup_get_status:
 * @error: return location for a [error@Spacetest.Error]
 *
 * Tells whether the program has joined the namespaces that its environment names.
 *
 * A program that is linked with this library joins them before `main()`, as long as nothing has started a thread:
 *
 * - `spacetest_cgroup`, `spacetest_ipc`, `spacetest_mnt`, `spacetest_net`, `spacetest_pid`, `spacetest_time`, `spacetest_user` and
 *   `spacetest_uts` name one namespace each: a path (`/run/netns/blue`), the process that is in it (`pid:1234`), or a descriptor
 *   that the program inherits (`fd:5`; it is closed then, unless it is 0, 1 or 2). A file called `fd:5` is `./fd:5`.
 * - `spacetest_order` lists kinds in the order to join them, as in `!user,!mnt,net`; those that are not set are left out. What has an
 *   exclamation mark is opened before anything is joined, anything else right before it is joined itself: after `mnt`, a path is
 *   looked up in the joined mount namespace. Without this variable everything is opened first, and the user namespace is
 *   joined before those that take its permissions and after those that don't.
 *
 * ```sh
 * spacetest_user=pid:1234 spacetest_net=pid:1234 ./program
 * ```
 *
 * A namespace that the program is in already is left as it is, and takes no permission. With a user namespace the program becomes its
 * root, if that is mapped. With a mount namespace its working directory becomes the root there. A PID namespace is that of children only, and a
 * program that has joined one can start no threads ([setns(2)](man:setns(2))); `spacetest enter` has no such limit. The variables are removed, so
 * that no child is switched again.
 *
 * It is all or nothing. If anything can't be joined, the program is where it was and this function has the reason: for example
 * %ST_ERROR_INVALID_ARGUMENT for an unknown kind, a doubled one in the order, an empty variable, or one that the order lacks;
 * %ST_ERROR_NOT_FOUND for a missing path or process; %ST_ERROR_WRONG_TYPE; %ST_ERROR_PERMISSION_DENIED. If it has joined something already that
 * the kernel lets nobody leave, which is a user namespace, the process ends with that message and status 125. A program that
 * doesn't ask prints the reason when it ends.
 *
 * A library that is loaded while the program runs, as [dlopen(3)](man:dlopen(3)) and every language binding do, joins nothing, with threads
 * or without: the program has looked at files, its user and its working directory by then. That is %ST_ERROR_NOT_SUPPORTED, as are threads
 * before `main()`, and the variables are left to the program's children. Start such a program with `spacetest enter`, or preload the library with
 * `LD_PRELOAD`, which is before `main()`. In programs that are setuid, setgid or have file capabilities the variables are
 * removed, and ignored.
 *
 * This function can be called from any thread.
 *
 * Returns: %TRUE if everything was joined, or nothing was to be; %FALSE with @error set
 *
 * Since: 0.1
 */
gboolean
st_startup_get_status (GError **error)
{
  const StStartupReport *report = &startup_report;
  g_atomic_int_set (&startup_is_asked_for, TRUE);
  switch (report->outcome)
    {
    case ST_STARTUP_BAD_INPUT:
      st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "%s", report->text);
      return FALSE;
    case ST_STARTUP_WRONG_KIND:
      st_error_set (error, ST_ERROR_WRONG_TYPE, "%s", report->text);
      return FALSE;
    case ST_STARTUP_TOO_LATE:
      st_error_set (error, ST_ERROR_NOT_SUPPORTED, "%s (start it with \"spacetest enter\", or preload the library)", report->text);
      return FALSE;
    case ST_STARTUP_REFUSED:
      st_error_set_result (error, report->result, "%s", report->text);
      return FALSE;
    case ST_STARTUP_FINE:
    default:
      return TRUE;
    }
}
