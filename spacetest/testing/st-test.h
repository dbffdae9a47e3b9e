/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

/* For C, and for Vala by Spacetest-1-custom.vala: other languages have test frameworks of their own. */

SPACETEST_AVAILABLE_IN_ALL
void      st_test_init         (int    *argc,
                                char ***argv,
                                ...) G_GNUC_NULL_TERMINATED;

/* As g_test_init() has it: without g_assert(), tests check nothing. */
#ifdef G_DISABLE_ASSERT
#define st_test_init(argc, argv, ...)                                                                      \
  G_STMT_START                                                                                             \
  {                                                                                                        \
    g_printerr ("Tests were compiled with G_DISABLE_ASSERT and are likely no-ops. Aborting.\n");           \
    exit (1);                                                                                              \
  }                                                                                                        \
  G_STMT_END
#endif

SPACETEST_AVAILABLE_IN_ALL
gboolean  st_test_require      (StNamespaceType types);
SPACETEST_AVAILABLE_IN_ALL
StSpace  *st_test_get_space    (void);

SPACETEST_AVAILABLE_IN_ALL
void      st_test_add_in       (const char     *path,
                                StNamespaceType types,
                                GTestFunc       test);
SPACETEST_AVAILABLE_IN_ALL
void      st_test_add_in_space (const char *path,
                                StSpace    *space,
                                GTestFunc   test);
SPACETEST_AVAILABLE_IN_ALL
void      st_test_add_vtable   (const char      *path,
                                gsize            fixture_size,
                                gconstpointer    data,
                                GTestFixtureFunc set_up,
                                GTestFixtureFunc test,
                                GTestFixtureFunc tear_down);

/**
 * st_test_add: (skip)
 * @path: where the test is in the tree of tests
 * @Fixture: type of the fixture
 * @data: what the functions get, besides the fixture
 * @set_up: called before the test
 * @test: the test
 * @tear_down: called after the test
 *
 * Adds a test that may enter spaces in @set_up and leave them in @tear_down.
 *
 * The arguments are those of `g_test_add()`. Of a test that is added by that, visits that still last are found before its
 * tear-down, and fail it.
 *
 * Since: 0.1
 */
#define st_test_add(path, Fixture, data, set_up, test, tear_down)                                          \
  G_STMT_START                                                                                             \
  {                                                                                                        \
    void (*st_test_add_) (const char *, gsize, gconstpointer, void (*) (Fixture *, gconstpointer),         \
                          void (*) (Fixture *, gconstpointer), void (*) (Fixture *, gconstpointer)) =      \
      (void (*) (const char *, gsize, gconstpointer, void (*) (Fixture *, gconstpointer),                  \
                 void (*) (Fixture *, gconstpointer), void (*) (Fixture *, gconstpointer))) st_test_add_vtable; \
    st_test_add_ (path, sizeof (Fixture), data, set_up, test, tear_down);                                  \
  }                                                                                                        \
  G_STMT_END

/**
 * StTestScope: (skip)
 *
 * A visit that ends with the block it was made in, see [func@Spacetest.TEST_ENTER].
 *
 * Since: 0.1
 */
typedef void StTestScope;

SPACETEST_AVAILABLE_IN_ALL
StTestScope *st_test_scope_new  (StNamespaceType types,
                                 const char     *domain,
                                 const char     *file,
                                 int             line,
                                 const char     *func);
SPACETEST_AVAILABLE_IN_ALL
void         st_test_scope_free (StTestScope *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StTestScope, st_test_scope_free)

/**
 * ST_TEST_ENTER: (skip)
 * @types: kinds of namespaces to make
 *
 * Takes the test into new namespaces, and home again at the end of the block.
 *
 * If that can't be done the test fails like an assertion in this line: it never goes on at home. [func@Spacetest.test_require] before
 * it skips the test instead.
 *
 * ```c
 * static void
 * test_fresh_network (void)
 * {
 *   ST_TEST_ENTER (ST_NAMESPACE_NET | ST_NAMESPACE_MNT);
 *
 *   g_autoptr (GDir) interfaces = g_dir_open ("/sys/class/net", 0, NULL);
 *   g_assert_cmpstr (g_dir_read_name (interfaces), ==, "lo");
 * }
 * ```
 *
 * A test that fails before the block ends, or entered more and did not leave that, does not pass. See also
 * [func@Spacetest.enter_transient] and [func@Spacetest.test_get_space].
 *
 * Since: 0.1
 */
#define ST_TEST_ENTER(types)                                                                               \
  G_GNUC_UNUSED g_autoptr (StTestScope) G_PASTE (st_test_scope_, __LINE__) =                               \
    st_test_scope_new ((types), G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC)

SPACETEST_AVAILABLE_IN_ALL
void st_test_start_capture (StSpace    *space,
                            const char *interface,
                            const char *domain,
                            const char *file,
                            int         line,
                            const char *func);

/**
 * ST_TEST_CAPTURE: (skip)
 * @space: a space; if it has no network, the caller's is recorded
 * @interface: (nullable): the name of an interface, or %NULL for all
 *
 * Records the packets of a network until the test ends, and keeps the file only if the test failed: then standard error says where it is.
 *
 * The file is in the temporary directory, or where `SPACETEST_CAPTURES` in the environment says, and has the name of the test, the process
 * and something of its own, as in "server-port-80-4711-x2KQ0v.pcapng". A test that ends by a crash leaves it too, maybe
 * without the last packets. Until the test ends, the capture holds @space. If it can't be recorded, the test fails like an assertion in this line. See [class@Spacetest.Capture].
 *
 * ```c
 * g_autoptr (StTransientNetns) netns = st_transient_netns_new (&error);
 * g_assert_no_error (error);
 * ST_TEST_CAPTURE (ST_SPACE (netns), NULL);
 * ```
 *
 * Since: 0.1
 */
#define ST_TEST_CAPTURE(space, interface) st_test_start_capture ((space), (interface), G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC)

SPACETEST_AVAILABLE_IN_ALL
void st_test_check_nothing_leaked (const char *domain,
                                   const char *file,
                                   int         line,
                                   const char *func);

/**
 * st_test_assert_nothing_leaked: (skip)
 *
 * Fails, like an assertion in this line, if something is left behind: descriptors, child processes, threads in foreign
 * namespaces, visits.
 *
 * It looks at what is there now and was not when the test began, if that was added by [func@Spacetest.test_add], else when the
 * first test came to use this library; what [func@Spacetest.TEST_ENTER] keeps open until its block ends is left out. For a
 * namespace that is still held, the message says which object holds it and where that was made, for `addr2line` if need be.
 *
 * What is about to end gets a second for that.
 *
 * Since: 0.1
 */
#define st_test_assert_nothing_leaked() st_test_check_nothing_leaked (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC)

G_END_DECLS
