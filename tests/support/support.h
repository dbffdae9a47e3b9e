/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/spacetest.h>

/* What the C suites share. Each test is checked for what it leaves behind: descriptors, threads and where they are, child
 * processes, mounts, and the namespaces, working directory and root of the thread that ran it. */

void     test_init          (int    *argc,
                             char ***argv);
void     test_add           (const char *path,
                             GTestFunc   test);

/* What this run may do. A test that needs more is skipped with the reason, or fails if SPACETEST_REQUIRE=1. */
gboolean test_is_privileged (void);               /* CAP_SYS_ADMIN in the user namespace it is in */
gboolean test_needs_privilege (void);             /* TRUE if it has it; FALSE after skipping the test */
gboolean test_needs_no_privilege (void);

/* Runs a function in a forked child, so that it can do to itself what it likes; its failed assertions fail the test. */
void     test_in_child      (void (*func) (gpointer data),
                             gpointer data);
void     test_drop_capabilities (void);           /* of the calling thread, for good */
