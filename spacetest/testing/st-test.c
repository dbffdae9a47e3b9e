/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-error.h"
#include "st-probe.h"
#include "st-startup.h"
#include "st-stay-private.h"
#include "st-visit.h"

#define MOST_OPTIONS 8

/* The macro for programs without assertions is not for us. */
#undef st_test_init

/* No test is to pass at home that was told to run elsewhere. */
static void
check_startup (void)
{
  g_autoptr (GError) error = NULL;
  if (!st_startup_get_status (&error))
    g_error ("st_test_init: %s", error->message);
}

/**
 * st_test_init: (skip)
 * @argc: (inout): number of arguments
 * @argv: (inout): arguments
 * @...: options of `g_test_init()`, ended by %NULL
 *
 * Initialises GLib's test framework as `g_test_init()` does, and takes a program that may not make namespaces to where it may.
 *
 * Who has no `CAP_SYS_ADMIN` becomes root in a user namespace of his own, as `spacetest run` would make it: his own user and group
 * are root in there, and the mount table, network, host name, IPC and control groups are new, too, so that a visit can come home. The
 * kernel allows this to single-threaded processes only, so this had better be the first line of `main()`. If there are threads all the same
 * (a sanitizer's, or those of a preloaded library), the program is started anew by `spacetest run`, from the PATH.
 *
 * Where that is refused, everything goes on as it is: [func@Spacetest.test_require] skips a test with the reason, and
 * [func@Spacetest.TEST_ENTER] fails with it. `SPACETEST_NO_USERNS=1` in the environment forbids it.
 *
 * A program that could not join what its environment names ([func@Spacetest.startup_get_status]) ends here, with the reason.
 *
 * The program goes on in a child, with a process number of its own. The process that was called becomes its witness: it passes signals
 * on, stops and ends as the program does, but not with status 0 or 77 if the program did not come to its end by returning from `main()` or
 * by `exit()`. `_exit()` and `exec` in a test would pass by their status otherwise. There is no witness if the process has threads or
 * children already, for who traces it (a debugger, `strace`), or with `SPACETEST_NO_WITNESS=1` in the environment.
 *
 * From here on no test passes that does not leave what it entered, starts a thread that stays on a visit, calls `exit()`, `_exit()` or
 * `exec`, or is left by a child that was forked in it. If a test fails on a visit, or holds other namespaces, a command to get there is
 * written to standard error.
 * `SPACETEST_ON_FAILURE` says what happens then: `report` is nothing else, `keep` stops the process, so that the namespaces
 * can be looked at from outside, and `shell` starts a shell in there on the terminal. For this there are handlers for
 * `SIGABRT`, `SIGTRAP` and the signals of the processor's, which leave it to those of before them how the process ends.
 *
 * ```c
 * int
 * main (int    argc,
 *       char **argv)
 * {
 *   st_test_init (&argc, &argv, NULL);
 *   g_test_add_func ("/ports/80", test_port_80);
 *   return g_test_run ();
 * }
 * ```
 *
 * Since: 0.1
 */
void
st_test_init (int    *argc,
              char ***argv,
              ...)
{
  const char *options[MOST_OPTIONS + 1] = { NULL };
  if (!argc || !argv || !*argv)
    g_error ("st_test_init: it takes the arguments of main(): st_test_init (&argc, &argv, NULL)");
  if (g_test_initialized ())
    g_error ("st_test_init: the test framework is initialised already; it is called once, and instead of g_test_init()");
  gsize n = 0;
  va_list args;
  va_start (args, argv);
  for (const char *option; (option = va_arg (args, const char *));)
    if (n < MOST_OPTIONS)
      options[n++] = option;
    else
      g_error ("st_test_init: more than %d options", MOST_OPTIONS);
  va_end (args);

  check_startup ();
  st_test_report_look_outside ();
  const gboolean is_copy = st_test_copy_init (*argv);
  if (!is_copy)
    st_test_home_make (*argv);
  st_test_end_init (*argv, is_copy);
  g_test_init (argc, argv, options[0], options[1], options[2], options[3], options[4], options[5], options[6], options[7], NULL);
  st_test_report_init ((*argv)[0]);
  st_test_leaks_begin ();
  st_test_holders_init ();
  st_test_visits_init ();
}

static void
skip (const char *why)
{
  if (g_strcmp0 (g_getenv ("SPACETEST_REQUIRE"), "1") == 0)
    g_test_fail_printf ("skipped, but SPACETEST_REQUIRE=1: %s", why);
  else if (g_test_failed ()) /* GLib would take the skip for the result */
    g_test_message ("skipped: %s", why);
  else
    g_test_skip (why);
}

/* Why there can be no test in these, or NULL. */
static GError *
find_obstacle (StNamespaceType types)
{
  GError *error = NULL;
  if (st_probe (types, NULL, &error))
    st_test_home_check (types, &error);
  return error;
}

/**
 * st_test_require: (skip)
 * @types: kinds of namespaces
 *
 * Skips the test, with the reason, if there can be no new namespaces of these kinds.
 *
 * It tries, as [func@Spacetest.probe] does. With `SPACETEST_REQUIRE=1` in the environment, the test fails instead: for machines where all
 * tests are expected to run.
 *
 * ```c
 * if (!st_test_require (ST_NAMESPACE_NET))
 *   return;
 * ```
 *
 * Returns: %TRUE if the test can go on
 *
 * Since: 0.1
 */
gboolean
st_test_require (StNamespaceType types)
{
  if (!st_test_is_running ())
    g_error ("st_test_require: there is no test that could be skipped; call it in a test or its set-up, or ask st_probe()");
  st_test_leaks_begin_tests ();
  g_autoptr (GError) obstacle = find_obstacle (types);
  if (!obstacle)
    return TRUE;
  if (g_error_matches (obstacle, ST_ERROR, ST_ERROR_INVALID_ARGUMENT))
    g_test_fail_printf ("%s", obstacle->message);
  else
    skip (obstacle->message);
  return FALSE;
}

/**
 * st_test_get_space: (skip)
 *
 * Gets the space of the innermost visit that the calling thread is on: after [func@Spacetest.TEST_ENTER], the new namespaces.
 *
 * ```c
 * ST_TEST_ENTER (ST_NAMESPACE_MNT);
 * StNamespaceRef *mntns = st_space_get_ref (st_test_get_space (), ST_NAMESPACE_MNT, &error);
 * st_transient_mntns_mount_tmpfs (ST_TRANSIENT_MNTNS (mntns), "/etc", 0, &error);
 * ```
 *
 * Returns: (transfer none) (nullable): the space, %NULL at home
 *
 * Since: 0.1
 */
StSpace *
st_test_get_space (void)
{
  for (StStay *stay = st_thread_self ()->innermost; stay; stay = stay->outer)
    if (stay->owner)
      return st_visit_get_space ((StVisit *) stay->owner);
  return NULL;
}

typedef struct
{
  char *path;
  StSpace *space; /* or NULL: new namespaces */
  StNamespaceType types;
  GTestFunc test;
} TestIn;

/* GLib frees what a test is given only after it was run. */
static GSList *added_in;

static void
test_in_free (gpointer data)
{
  TestIn *self = data;
  added_in = g_slist_remove (added_in, self);
  g_clear_object (&self->space);
  g_free (self->path);
  g_free (self);
}

/* What GLib would pass over without a word, or say in words of its own. */
static void
check_addition (const char *adder,
                const char *path,
                gboolean    has_test)
{
  if (!path || *path != '/')
    g_error ("%s: \"%s\" is no path of a test; that begins with a slash", adder, path ? path : "NULL");
  if (!has_test)
    g_error ("%s: %s has no function", adder, path);
  if (st_test_is_running () || st_test_end_has_run ())
    g_error ("%s: %s would not be run; tests are added before g_test_run()", adder, path);
  st_test_end_expect (path);
}

/* Kinds that no thread can enter end up here as well. */
static void
explain (const TestIn *self,
         const GError *error)
{
  g_autoptr (GError) obstacle = self->space ? NULL : find_obstacle (self->types);
  if (!obstacle || g_error_matches (obstacle, ST_ERROR, ST_ERROR_INVALID_ARGUMENT))
    g_test_fail_printf ("the test was not run: %s", error->message);
  else
    skip (obstacle->message);
}

/* Where the program is the copy, it is in the namespaces already. */
static gboolean
run_in_copy (const TestIn *self)
{
  g_autoptr (GError) error = NULL;
  gboolean is_asked_for;
  if (st_test_copy_is_inside (&is_asked_for))
    {
      if (is_asked_for)
        {
          self->test ();
          st_test_end_if_forked ();
          if (g_test_failed ())
            st_test_report ();
          st_test_copy_done ();
        }
      return TRUE;
    }
  if (!st_test_copy_is_needed (self->space ? st_space_get_types (self->space) : self->types))
    return FALSE;
  if (!st_test_copy_run (self->space, self->types, &error))
    explain (self, error);
  return TRUE;
}

static void
run_in (gconstpointer data)
{
  const TestIn *self = data;
  st_test_end_forget (self->path);
  if (run_in_copy (self))
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StTestScope) scope = st_test_scope_enter (self->space, self->types, &error);
  if (scope)
    self->test ();
  else
    explain (self, error);
}

static void
add_in (const char     *path,
        StSpace        *space,
        StNamespaceType types,
        GTestFunc       test)
{
  TestIn *self = g_new0 (TestIn, 1);
  added_in = g_slist_prepend (added_in, self);
  self->path = g_strdup (path);
  self->space = space;
  self->types = types;
  self->test = test;
  g_test_add_data_func_full (path, self, run_in, test_in_free);
}

/**
 * st_test_add_in: (skip)
 * @path: where the test is in the tree of tests
 * @types: kinds of namespaces to make
 * @test: the test
 *
 * Adds a test that is run in new namespaces.
 *
 * Where there can be none, the test is skipped with the reason, or fails if `SPACETEST_REQUIRE=1`.
 *
 * User, PID and time namespaces can't be entered by a thread. A test in them, and in others together with them, is run by a copy of
 * the program that starts in there, and does what comes before [func@GLib.test_run] once more, with the name of the test as its only argument. Its result,
 * messages and reasons for being skipped are then those of the test here. Whatever `main()` does before [func@Spacetest.test_init] is done at the copy's place
 * as well.
 *
 * Since: 0.1
 */
void
st_test_add_in (const char     *path,
                StNamespaceType types,
                GTestFunc       test)
{
  check_addition ("st_test_add_in", path, test != NULL);
  add_in (path, NULL, types, test);
}

/**
 * st_test_add_in_space: (skip)
 * @path: where the test is in the tree of tests
 * @space: a space
 * @test: the test
 *
 * Adds a test that is run in a space, which may be shared by several tests. If it can't be entered, the test fails.
 *
 * With a user, PID or time namespace, it is run by a copy of the program, see [func@Spacetest.test_add_in].
 *
 * Since: 0.1
 */
void
st_test_add_in_space (const char *path,
                      StSpace    *space,
                      GTestFunc   test)
{
  check_addition ("st_test_add_in_space", path, test != NULL);
  if (!ST_IS_SPACE (space))
    g_error ("st_test_add_in_space: %s has no space; what makes one sets an error when it can't", path);
  add_in (path, g_object_ref (space), ST_NAMESPACE_NONE, test);
}

typedef struct
{
  char *path;
  gsize size;
  gconstpointer data;
  GTestFixtureFunc set_up;
  GTestFixtureFunc test;
  GTestFixtureFunc tear_down;
} TestWith;

static void
call (GTestFixtureFunc func,
      gpointer        *fixture,
      const TestWith  *self)
{
  if (func)
    func (*fixture, self->data);
}

static void
set_up_with (gpointer      fixture,
             gconstpointer data)
{
  const TestWith *self = data;
  st_test_end_forget (self->path);
  *(gpointer *) fixture = self->size ? g_malloc0 (self->size) : NULL;
  st_test_leaks_begin ();
  st_test_visits_begin ();
  call (self->set_up, fixture, self);
}

static void
run_with (gpointer      fixture,
          gconstpointer data)
{
  const TestWith *self = data;
  call (self->test, fixture, self);
}

static void
tear_down_with (gpointer      fixture,
                gconstpointer data)
{
  const TestWith *self = data;
  call (self->tear_down, fixture, self);
  st_test_visits_end ();
  g_free (*(gpointer *) fixture);
}

/**
 * st_test_add_vtable: (skip)
 * @path: where the test is in the tree of tests
 * @fixture_size: size of the fixture
 * @data: what the functions get, besides the fixture
 * @set_up: called before the test
 * @test: the test
 * @tear_down: called after the test
 *
 * What [func@Spacetest.test_add] calls.
 *
 * Since: 0.1
 */
void
st_test_add_vtable (const char      *path,
                    gsize            fixture_size,
                    gconstpointer    data,
                    GTestFixtureFunc set_up,
                    GTestFixtureFunc test,
                    GTestFixtureFunc tear_down)
{
  static GSList *added; /* GLib does not free what a test with a fixture is given */
  check_addition ("st_test_add", path, test != NULL);
  TestWith *self = g_new0 (TestWith, 1);
  added = g_slist_prepend (added, self);
  *self = (TestWith) { g_strdup (path), fixture_size, data, set_up, test, tear_down };
  g_test_add_vtable (path, sizeof (gpointer), self, set_up_with, run_with, tear_down_with);
}
