/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-error.h"
#include "st-stay-private.h"
#include "st-system.h"
#include "st-task-private.h"
#include "st-visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a test entered and did not leave fails it. */

static struct
{
  GThread *thread;     /* that runs the tests */
  const char *no_path; /* what GLib has for that of a test before there is one; NULL before st_test_init() */
  pid_t pid;
  StStay *base;        /* where the test began */
  gboolean is_begun;
  gboolean is_told;    /* by who runs the test, when it ends */
  GHashTable *strays;  /* that are known */
  GHashTable *guests;  /* the same */
} state;

typedef struct
{
  StVisit *visit;
  const char *file; /* NULL: the test as a whole */
  int line;
  GPtrArray *allowed; /* what it keeps open; NULL on other threads */
} Scope;

/* GLib frees the path of a test when that ends. Threads that go on meanwhile must not read it. */
gboolean
st_test_is_running (void)
{
  const char *path = g_test_get_path ();
  return path && (state.no_path ? path != state.no_path : *path != '\0');
}

const char *
st_test_get_path (void)
{
  return g_thread_self () == state.thread && st_test_is_running () ? g_test_get_path () : NULL;
}

static gboolean
is_inside (StThread *thread,
           StStay   *base)
{
  for (StStay *stay = thread->innermost; stay; stay = stay->outer)
    if (stay == base)
      return TRUE;
  return base == NULL;
}

static guint
count_visits (StThread *thread,
              StStay   *base)
{
  guint n = 0;
  for (StStay *stay = thread->innermost; stay != base; stay = stay->outer)
    n += stay->owner != NULL;
  return n;
}

/* Ends those that were begun after @base. The test goes on at home, or the process ends. */
static char *
end_inner (StStay *base)
{
  StThread *thread = st_thread_self ();
  g_autoptr (GError) failure = NULL;
  if (!is_inside (thread, base) || thread->innermost == base)
    return NULL;
  st_test_report ();
  const guint n = count_visits (thread, base);
  st_stay_end_inner (thread, base, &failure);
  if (g_error_matches (failure, ST_ERROR, ST_ERROR_NO_RETURN))
    g_error ("%s", failure->message);
  return g_strdup_printf ("%u %s not left, and would have lasted on (dropping a visit does not leave it; ST_TEST_ENTER leaves by itself)", n,
                          n == 1 ? "visit was" : "visits were");
}

static void
check_visits (void)
{
  g_autofree char *failure = end_inner (state.base);
  if (failure)
    g_test_fail_printf ("%s%s", failure, state.is_told ? "" : "; what is to be left by a tear-down is entered in a test of st_test_add()");
}

static void
check_strays (void)
{
  g_autoptr (GPtrArray) strays = st_test_leaks_wait (state.strays, st_test_leaks_collect_strays);
  if (strays->len > 0)
    g_test_fail_printf ("started on a visit, and stays there: %s", (char *) strays->pdata[0]);
}

/* Or NULL. */
static char *
find_guest (void)
{
  g_autoptr (GPtrArray) guests = st_test_leaks_wait (state.guests, st_test_guests_collect);
  if (guests->len > 0)
    return g_strdup_printf ("still on a visit that it began in a test: %s; a thread leaves before the test ends", (char *) guests->pdata[0]);
  g_autofree char *ended = st_test_guests_take_ended ();
  return ended ? g_strdup_printf ("ended on a visit that it began in a test: %s; a thread leaves before it ends", ended) : NULL;
}

static void
check_guests (void)
{
  g_autofree char *failure = find_guest ();
  if (failure)
    g_test_fail_printf ("%s", failure);
}

static void
end (gpointer unused)
{
  st_test_end_if_forked ();
  check_visits ();
  check_guests ();
  check_strays ();
  state.is_begun = FALSE;
}

/* The first stay of a test brings its end to our notice. */
static void
note_stay (StStay *stay)
{
  if (g_thread_self () != state.thread)
    {
      st_test_guests_note ();
      return;
    }
  if (state.is_begun || !st_test_is_running () || getpid () != state.pid)
    return;
  state.is_begun = TRUE;
  state.base = stay->outer;
  st_test_leaks_begin_tests ();
  if (!state.is_told)
    g_test_queue_destroy (end, NULL);
}

void
st_test_visits_begin (void)
{
  state.is_told = TRUE;
}

void
st_test_visits_end (void)
{
  if (state.is_begun)
    end (NULL);
  state.is_told = FALSE;
}

static void
find_main (StThread *thread,
           gpointer  data)
{
  if (thread->tid == state.pid)
    *(gboolean *) data = thread->innermost != NULL;
}

static G_NORETURN void
refuse_exit (const char *why)
{
  g_autofree char *text = g_strdup_printf ("Bail out! spacetest: %s\n", why);
  fflush (NULL);
  st_system_write_all (STDOUT_FILENO, text, strlen (text)); /* what is printed in a test is a comment to newer GLib */
  g_printerr ("spacetest: %s\n", why);
  fflush (NULL);
  _exit (1);
}

/* What a callback would have asserted was not. */
static char *
find_unheard (void)
{
  g_autofree char *call = st_task_find_unheard ();
  if (!call)
    return NULL;
  return g_strdup_printf ("%s was under way when the program ended, and its callback was never called: iterate the main context until it "
                          "was, or cancel it, or give no callback if nobody needs to know",
                          call);
}

/* A program that ends before its tests do has not passed, whatever status it wants to end with. */
static void
check_exit (int   status,
            void *unused)
{
  gboolean is_elsewhere = FALSE;
  if (getpid () != state.pid)
    return;
  st_thread_foreach (find_main, &is_elsewhere);
  if (is_elsewhere)
    {
      st_test_report ();
      refuse_exit ("the program ended on a visit that it had not left");
    }
  if (st_test_is_running () && !g_test_subprocess ())
    refuse_exit ("the program ended in the middle of a test");
  g_autofree char *guest = find_guest ();
  if (guest)
    refuse_exit (guest);
  const char *unrun = status == 0 ? st_test_end_get_unrun () : NULL;
  g_autofree char *why = unrun ? g_strdup_printf ("%s was added, and never run: g_test_run() runs what was added before it", unrun) : NULL;
  if (why)
    refuse_exit (why);
  g_autofree char *unheard = status == 0 ? find_unheard () : NULL;
  if (unheard)
    refuse_exit (unheard);
}

void
st_test_visits_init (void)
{
  state.thread = g_thread_self ();
  state.no_path = g_test_get_path ();
  state.pid = getpid ();
  state.strays = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  state.guests = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_ptr_array_unref (st_test_leaks_wait (state.strays, st_test_leaks_collect_strays));
  st_stay_set_hook (note_stay);
  st_stay_set_end_hook (st_test_guests_note_end);
  st_task_watch ();
  on_exit (check_exit, NULL);
}

StTestScope *
st_test_scope_enter (StSpace        *space,
                     StNamespaceType types,
                     GError        **error)
{
  const gboolean counts = g_thread_self () == state.thread;
  if (counts && st_test_is_running ())
    st_test_leaks_begin_tests ();
  g_autoptr (GHashTable) before = counts ? st_test_leaks_collect_visit () : NULL;
  StVisit *visit = space ? st_space_enter (space, error) : st_enter_transient (types, error);
  if (!visit)
    return NULL;
  Scope *self = g_new0 (Scope, 1);
  self->visit = visit;
  self->allowed = counts ? st_test_leaks_allow (before) : NULL;
  return self;
}

/* What failed, and why tests can't do it here; or only that, if it names the cure. */
static char *
explain (StNamespaceType types,
         const GError   *error)
{
  g_autoptr (GError) why = NULL;
  if (!g_error_matches (error, ST_ERROR, ST_ERROR_PERMISSION_DENIED) || st_test_home_check (types, &why))
    return g_strdup (error->message);
  if (g_error_matches (why, ST_ERROR, ST_ERROR_INVALID_ARGUMENT))
    return g_strdup (why->message);
  return g_strconcat (error->message, "; ", why->message, NULL);
}

/**
 * st_test_scope_new: (skip)
 * @types: kinds of namespaces to make
 * @domain: (nullable): log domain
 * @file: source file
 * @line: line in it
 * @func: function in it
 *
 * Takes the calling thread into new namespaces until `st_test_scope_free()`, which [func@Spacetest.TEST_ENTER] calls at the end of
 * the block. If that can't be done, the test fails at the given place, and the process ends.
 *
 * Returns: (transfer full): the scope
 *
 * Since: 0.1
 */
StTestScope *
st_test_scope_new (StNamespaceType types,
                   const char     *domain,
                   const char     *file,
                   int             line,
                   const char     *func)
{
  g_autoptr (GError) error = NULL;
  Scope *self = st_test_scope_enter (NULL, types, &error);
  if (self)
    {
      self->file = file;
      self->line = line;
      return self;
    }
  g_autofree char *reasons = explain (types, error);
  g_autofree char *message =
    g_strconcat ("ST_TEST_ENTER: ", reasons, st_test_copy_is_needed (types) ? "; a test in there is added by st_test_add_in()" : "", NULL);
  g_assertion_message (domain, file, line, func, message);
  abort (); /* where assertions are not fatal: the test must not go on at home */
}

static StStay *
find_stay (StVisit *visit)
{
  StStay *stay = st_thread_self ()->innermost;
  while (stay && stay->owner != (GObject *) visit)
    stay = stay->outer;
  return stay;
}

static void
fail (const Scope *self,
      const char  *message)
{
  if (self->file)
    g_test_fail_printf ("%s:%d: ST_TEST_ENTER: %s", self->file, self->line, message);
  else
    g_test_fail_printf ("%s", message);
}

/**
 * st_test_scope_free: (skip)
 * @self: (transfer full) (nullable): the scope
 *
 * Leaves, together with all that was entered since, which fails the test. If the thread can't come home, the process ends with the
 * message.
 *
 * Since: 0.1
 */
void
st_test_scope_free (StTestScope *self)
{
  Scope *scope = self;
  g_autoptr (GError) error = NULL;
  if (!self)
    return;
  StStay *stay = find_stay (scope->visit);
  g_autofree char *failure = stay ? end_inner (stay) : NULL;
  if (failure)
    fail (scope, failure);
  else if (st_test_is_running () && g_test_failed ())
    st_test_report ();
  if (!st_visit_leave (scope->visit, &error))
    g_error ("%s:%d: ST_TEST_ENTER: %s", scope->file ? scope->file : "test", scope->line, error->message);
  if (scope->allowed)
    st_test_leaks_forbid (scope->allowed);
  g_clear_pointer (&scope->allowed, g_ptr_array_unref);
  g_object_unref (scope->visit);
  g_free (scope);
}
