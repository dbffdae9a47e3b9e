/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/spacetest.h>

/* What the C suites share. Each test is checked for what it leaves behind: descriptors, threads and where they are, child
 * processes, mounts, and the namespaces, working directory and root of the thread that ran it. What may not be made is refused,
 * unless the test asks for the policy that lets the default spacer make it. */

void     test_init          (int    *argc,
                             char ***argv);
/* The same for suites about namespaces that need no visit: who may not make them has the default spacer make them. */
void     test_init_with_spacer (int    *argc,
                                char ***argv);
void     test_add           (const char *path,
                             GTestFunc   test);

/* What this run may do. A test that needs more is skipped with the reason, or fails if SPACETEST_REQUIRE=1. */
gboolean test_is_privileged (void);               /* CAP_SYS_ADMIN in the user namespace it is in */
gboolean test_is_real_root  (void);               /* ... which is one where all user ids are mapped */
gboolean test_needs_privilege (void);             /* TRUE if it has it; FALSE after skipping the test */
gboolean test_needs_spaces (void);                /* ... or a default spacer, after test_init_with_spacer() */
gboolean test_needs_real_root (void);
gboolean test_needs_no_privilege (void);
void     test_skip          (const char *reason);

/* What must work. */
StNamespaceRef   *test_open_current (StNamespaceType type);
StSpace          *test_new_space    (StNamespaceType types);
StTransientNetns *test_new_netns    (void);
StTransientMntns *test_new_mntns    (void);
StVisit          *test_enter_new    (StNamespaceType types);
void              test_leave        (StVisit *visit);        /* takes it */

/* Runs a function in a forked child, so that it can do to itself what it likes; its failed assertions fail the test. */
void     test_in_child      (void (*func) (gpointer data),
                             gpointer data);
/* The same for one that must end with an abort, after printing what matches the pattern. */
void     test_in_dying_child (void      (*func) (gpointer data),
                              gpointer    data,
                              const char *pattern);
void     test_drop_capabilities (void);           /* of the calling thread, for good */
/* In a forked child: into a directory, with the /proc that old kernels need on the empty "proc" there; nobody else sees it. */
void     test_change_root (const char *directory);

/* A child process that does nothing in new namespaces (CLONE_NEW*, or 0 for those it has from us). */
int      test_start_idle_child (int flags);
void     test_end_idle_child   (int pid);

/* For g_signal_connect() to "notify": counts in an int. */
void     test_count (GObject    *object,
                     GParamSpec *pspec,
                     gpointer    count);

/* A kind of a thread's namespace, as in "net:[4026531833]". */
char    *test_where         (const char *kind);

/* All that a test could leave behind, one line each. */
char   **test_collect_traces (void);
void     test_assert_traces  (char **before);      /* waits for threads that are about to end */
/* Calls @start, and waits until all threads that it started have their names. */
void     test_start_and_wait_for_names (void (*start) (void));

#define test_assert_where(kind, expected)                                     \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *test_here_ = test_where (kind);                          \
    g_assert_cmpstr (test_here_, ==, expected);                               \
  }                                                                           \
  G_STMT_END

/* g_assert_error() for our domain, and for text in the message; the error is gone afterwards. */
#define test_assert_failed(error, code, text)                                 \
  G_STMT_START                                                                \
  {                                                                           \
    g_assert_error (error, ST_ERROR, (int) (code));                           \
    if (!strstr ((error)->message, text))                                     \
      g_error ("no \"%s\" in \"%s\"", text, (error)->message);                \
    g_clear_error (&(error));                                                 \
  }                                                                           \
  G_STMT_END

/* The same of a constructor, which must have given nothing. */
#define test_assert_not_made(object, error, code, text)                       \
  G_STMT_START                                                                \
  {                                                                           \
    g_assert_null (object);                                                   \
    test_assert_failed (error, code, text);                                   \
  }                                                                           \
  G_STMT_END
