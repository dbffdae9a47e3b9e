/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-test.h"

/* What the files of this room need of each other. */

/* Why nobody here is root, in the words of an error; for tests that would have to be. */
gboolean st_test_home_check        (StNamespaceType types,
                                    GError        **error);
void     st_test_home_make         (char **argv);

/* Visits: those that a test did not leave. */
void         st_test_visits_init   (void);
void         st_test_visits_begin  (void);           /* of a test whose end is told by the next */
void         st_test_visits_end    (void);
StTestScope *st_test_scope_enter   (StSpace        *space, /* or NULL: new namespaces */
                                    StNamespaceType types,
                                    GError        **error);

gboolean    st_test_is_running     (void);
const char *st_test_get_path       (void);             /* NULL on another thread than that of the tests */

/* Visits of other threads. */
void        st_test_guests_note    (void);
GHashTable *st_test_guests_collect (void);
void        st_test_guests_note_end (void);
char       *st_test_guests_take_ended (void);           /* or NULL */

/* Ends that nobody is told of. */
void     st_test_end_init          (char    **argv,
                                    gboolean is_copy);
void     st_test_end_if_forked     (void);
void     st_test_end_expect        (const char *path); /* a test that will be run */
void     st_test_end_forget        (const char *path); /* as it is */
gboolean st_test_end_has_run       (void);             /* so that GLib has freed what it added them to, or is about to */
const char *st_test_end_get_unrun  (void);             /* or NULL */

/* The way into the namespaces of a test that failed. */
void     st_test_report_look_outside (void);
GVariant *st_test_report_brief_copy (int proc);
void     st_test_report_take_brief (GVariant *brief);
void     st_test_report_init       (const char *program);
void     st_test_report            (void);
void     st_test_capture_report    (void);            /* where the packets of the test that failed are */

/* What is there now that was not there at the beginning. */
void        st_test_leaks_begin    (void);
void        st_test_leaks_begin_tests (void);
GHashTable *st_test_leaks_collect_visit (void);       /* what a visit may open and close again */
GPtrArray  *st_test_leaks_allow    (GHashTable *before); /* all that was not there before */
void        st_test_leaks_forbid   (GPtrArray *allowed);
GHashTable *st_test_leaks_collect_strays (void);
GPtrArray  *st_test_leaks_wait     (GHashTable *known,
                                    GHashTable *(*collect) (void)); /* for the end of what is not known */

/* A test in a copy of the program. */
gboolean st_test_copy_init         (char **argv);
gboolean st_test_copy_is_needed    (StNamespaceType types);
gboolean st_test_copy_is_inside    (gboolean *is_asked_for);
void     st_test_copy_done         (void);
gboolean st_test_copy_run          (StSpace        *space,
                                    StNamespaceType types,
                                    GError        **error);

/* Who holds a namespace. */
void     st_test_holders_init      (void);
char    *st_test_holders_describe  (int fd);         /* or NULL */
