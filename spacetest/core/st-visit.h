/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

#define ST_TYPE_VISIT (st_visit_get_type ())

SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StVisit, st_visit, ST, VISIT, GObject)

SPACETEST_AVAILABLE_IN_ALL
StVisit  *st_enter_transient   (StNamespaceType types,
                                GError        **error);
SPACETEST_AVAILABLE_IN_ALL
StSpace  *st_visit_get_space   (StVisit *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean  st_visit_is_active   (StVisit *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean  st_visit_leave       (StVisit *self,
                                GError **error);

/**
 * StVisitScope: (skip)
 *
 * A visit that ends with the block it was made in, see [func@Spacetest.VISIT_SCOPE].
 *
 * Since: 0.1
 */
typedef void StVisitScope;

SPACETEST_AVAILABLE_IN_ALL
StVisitScope *st_visit_scope_new  (StSpace *space,
                                   GError **error);
SPACETEST_AVAILABLE_IN_ALL
void          st_visit_scope_free (StVisitScope *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StVisitScope, st_visit_scope_free)

/**
 * ST_VISIT_SCOPE: (skip)
 * @space: a space
 * @error: return location for a [error@Spacetest.Error]
 *
 * Enters a space, and leaves it at the end of the block.
 *
 * If entering fails, @error is set and nothing is left. If leaving fails, the process ends with the message, as there is nobody
 * to tell.
 *
 * ```c
 * {
 *   ST_VISIT_SCOPE (space, &error);
 *   g_assert_no_error (error);
 *   run_the_test ();
 * }
 * ```
 *
 * Since: 0.1
 */
#define ST_VISIT_SCOPE(space, error)                                                                       \
  G_GNUC_UNUSED g_autoptr (StVisitScope) G_PASTE (st_visit_scope_, __LINE__) = st_visit_scope_new ((space), (error))

G_END_DECLS
