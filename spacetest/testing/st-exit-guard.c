/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-exit-guard.h"

#include "st-stay-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Languages whose interpreter ends with status 0 although something failed: GJS does, after exceptions in callbacks of the main loop and
 * promises that nobody handles. */

#define LEVELS (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION)

static struct
{
  GMutex lock;
  pid_t pid;
  char *log_domain; /* NULL: not on guard */
  char **prefixes;
  guint handler;
  guint n_failures;
  int n_pending;
} guard;

static gboolean
is_failure (const char *message)
{
  if (!guard.prefixes)
    return TRUE;
  for (char **prefix = guard.prefixes; message && *prefix; prefix++)
    if (g_str_has_prefix (message, *prefix))
      return TRUE;
  return FALSE;
}

static void
note_message (const char    *log_domain,
              GLogLevelFlags level,
              const char    *message,
              gpointer       unused)
{
  g_mutex_lock (&guard.lock);
  guard.n_failures += is_failure (message);
  g_mutex_unlock (&guard.lock);
  g_log_default_handler (log_domain, level, message, NULL);
}

static void
find_main (StThread *thread,
           gpointer  data)
{
  if (thread->tid == guard.pid)
    *(gboolean *) data = thread->innermost != NULL;
}

static gboolean
refuse (gboolean    is_so,
        const char *why)
{
  if (is_so)
    fprintf (stderr, "spacetest: exit status 1, not 0: %s\n", why);
  return is_so;
}

/* exit() from here goes on with the handlers that are left, see atexit(3). */
static void
check (int   status,
       void *unused)
{
  gboolean is_inside = FALSE;
  if (status != 0 || getpid () != guard.pid)
    return;
  g_mutex_lock (&guard.lock);
  const gboolean is_on = guard.log_domain != NULL;
  const guint n_failures = guard.n_failures;
  const int n_pending = guard.n_pending;
  g_mutex_unlock (&guard.lock);
  if (!is_on)
    return;
  st_thread_foreach (find_main, &is_inside);
  is_inside |= st_stay_count_visits () > 0;
  gboolean is_refused = refuse (is_inside, "the program ended on a visit that it had not left "
                                           "(dropping a visit does not leave it; leave() does)");
  is_refused |= refuse (n_failures > 0, "something failed that nobody handled, see the messages above");
  is_refused |= refuse (n_pending > 0, "the program ended while something asynchronous was under way "
                                       "(await it, or let the main loop run until it is done)");
  if (is_refused)
    exit (EXIT_FAILURE);
}

/* With the lock held. */
static void
forget (void)
{
  if (guard.handler)
    g_log_remove_handler (guard.log_domain, guard.handler);
  guard.handler = 0;
  guard.n_failures = 0;
  g_clear_pointer (&guard.log_domain, g_free);
  g_clear_pointer (&guard.prefixes, g_strfreev);
}

/**
 * st_exit_guard_start:
 * @log_domain: (nullable): the log domain of a language's interpreter, %NULL for messages without one
 * @prefixes: (nullable) (array zero-terminated=1): what those messages begin with that are failures, or %NULL for all
 *
 * Makes an exit status of 0 one of 1, with a message to standard error, if the process ends
 *
 * - on a visit that a thread has not left, those that have ended among them,
 * - after a warning or critical message in @log_domain that begins with one of @prefixes, or [func@Spacetest.exit_guard_fail],
 * - while something that was announced with [func@Spacetest.exit_guard_hold] is under way.
 *
 * For the overrides of languages: those of GJS and Python call it, as these end with status 0 after exceptions in callbacks; GJS also after
 * rejected promises that nobody handles. Messages are logged as before. Other exit statuses, processes that a signal ends and children stay as
 * they are.
 * May be called again, with other arguments.
 *
 * Any thread may call it.
 *
 * Since: 0.1
 */
void
st_exit_guard_start (const char        *log_domain,
                     const char *const *prefixes)
{
  static gsize is_installed = 0;
  if (g_once_init_enter (&is_installed))
    {
      on_exit (check, NULL);
      g_once_init_leave (&is_installed, 1);
    }
  g_mutex_lock (&guard.lock);
  forget ();
  guard.pid = getpid ();
  guard.log_domain = g_strdup (log_domain ? log_domain : "");
  guard.prefixes = g_strdupv ((char **) prefixes);
  guard.handler = g_log_set_handler (guard.log_domain, LEVELS, note_message, NULL);
  g_mutex_unlock (&guard.lock);
}

/**
 * st_exit_guard_stop:
 *
 * Ends what [func@Spacetest.exit_guard_start] began: the exit status is left alone, and the messages that were logged are forgiven. For
 * programs that are no tests, and log errors that they live with.
 *
 * Any thread may call it.
 *
 * Since: 0.1
 */
void
st_exit_guard_stop (void)
{
  g_mutex_lock (&guard.lock);
  forget ();
  g_mutex_unlock (&guard.lock);
}

/**
 * st_exit_guard_hold:
 *
 * Announces something asynchronous that must be done before the process ends, until [func@Spacetest.exit_guard_drop]. For the
 * overrides of languages.
 *
 * Any thread may call it.
 *
 * Since: 0.1
 */
void
st_exit_guard_hold (void)
{
  g_mutex_lock (&guard.lock);
  guard.n_pending++;
  g_mutex_unlock (&guard.lock);
}

/**
 * st_exit_guard_drop:
 *
 * Says that what [func@Spacetest.exit_guard_hold] announced is done. More than were announced are ignored.
 *
 * Any thread may call it.
 *
 * Since: 0.1
 */
void
st_exit_guard_drop (void)
{
  g_mutex_lock (&guard.lock);
  guard.n_pending -= guard.n_pending > 0;
  g_mutex_unlock (&guard.lock);
}

/**
 * st_exit_guard_fail:
 *
 * Says that something failed that nobody handled, as a message in the log domain of [func@Spacetest.exit_guard_start] does. For the
 * overrides of languages, after they have told what it was.
 *
 * Any thread may call it.
 *
 * Since: 0.1
 */
void
st_exit_guard_fail (void)
{
  g_mutex_lock (&guard.lock);
  guard.n_failures++;
  g_mutex_unlock (&guard.lock);
}

/**
 * st_exit_guard_count_visits:
 *
 * Counts the visits of this process that were not left: those under way, and those on which their thread ended. Visits that functions make
 * on threads of this library are left out, as those functions fail. For the overrides of languages.
 *
 * Any thread may call it.
 *
 * Returns: how many
 *
 * Since: 0.1
 */
guint
st_exit_guard_count_visits (void)
{
  return st_stay_count_visits ();
}
