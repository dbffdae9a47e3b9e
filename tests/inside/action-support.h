/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "../process/process-support.h"

/* What the suites of actions share. */

typedef struct
{
  const char *name;
  StActionFunc func;
} Action;

/* Up to one without a name. */
static inline void
actions_register (const Action *actions)
{
  for (; actions->name; actions++)
    st_reexec_register (actions->name, actions->func, NULL);
}

static inline GVariant *
action_run (StSpace    *space,
            const char *name,
            GVariant   *parameter)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = st_reexec_run (space, name, parameter, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_false (g_variant_is_floating (value));
  return value;
}

#define action_assert_fails(space, name, parameter, code, words)              \
  G_STMT_START                                                                \
  {                                                                           \
    g_autoptr (GError) action_error_ = NULL;                                  \
    test_assert_not_made (st_reexec_run (space, name, parameter, NULL, &action_error_), action_error_, code, words); \
  }                                                                           \
  G_STMT_END

/* New ones that no thread can enter, or NULL after skipping the test. */
static inline StSpacer *
action_subspace (StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  if (!st_probe (types, NULL, &error))
    {
      test_skip (error->message);
      return NULL;
    }
  g_autoptr (StSpacer) first = st_spacer_get_default (NULL, &error);
  g_assert_no_error (error);
  StSpacer *made = st_spacer_create_subspace (first, types, NULL, NULL, &error);
  g_assert_no_error (error);
  return made;
}

static inline StSpace *
action_space (StSpacer *spacer)
{
  g_autoptr (GError) error = NULL;
  StSpace *space = st_spacer_get_space (spacer, &error);
  g_assert_no_error (error);
  return space;
}
