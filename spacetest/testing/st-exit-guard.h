/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/st-macros.h>

#include <glib-object.h>

G_BEGIN_DECLS

SPACETEST_AVAILABLE_IN_ALL
void st_exit_guard_start (const char        *log_domain,
                          const char *const *prefixes);
SPACETEST_AVAILABLE_IN_ALL
void st_exit_guard_stop  (void);
SPACETEST_AVAILABLE_IN_ALL
void st_exit_guard_hold  (void);
SPACETEST_AVAILABLE_IN_ALL
void st_exit_guard_drop  (void);
SPACETEST_AVAILABLE_IN_ALL
void st_exit_guard_fail  (void);
SPACETEST_AVAILABLE_IN_ALL
guint st_exit_guard_count_visits (void);

G_END_DECLS
