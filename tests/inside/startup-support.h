/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "resident.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* One start of a program that starts inside, and what it said. */
typedef struct
{
  char **environment;
  char *output;
  char *errors;
  int status;
} Start;

static inline void
start_init (Start *self)
{
  *self = (Start) { .environment = g_get_environ () };
}

static inline void
start_set (Start      *self,
           const char *variable,
           const char *value)
{
  self->environment = g_environ_setenv (self->environment, variable, value, TRUE);
}

/* spacetest_KIND, for a namespace of a resident */
static inline void
start_set_path (Start          *self,
                const char     *kind,
                const Resident *resident)
{
  g_autofree char *variable = g_strconcat ("spacetest_", kind, NULL);
  g_autofree char *path = resident_get_path (resident, kind);
  start_set (self, variable, path);
}

static inline void
start_run_program (Start      *self,
                   const char *program,
                   const char *argument,
                   const char *other_argument)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_path_is_absolute (program) ? g_strdup (program) : g_test_build_filename (G_TEST_BUILT, "inside", program, NULL);
  char *argv[] = { path, (char *) argument, (char *) other_argument, NULL };
  g_spawn_sync ("/", argv, self->environment, G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &self->output, &self->errors, &self->status, &error);
  g_assert_no_error (error);
}

static inline void
start_run (Start *self)
{
  start_run_program (self, "report-linked", NULL, NULL);
  if (self->status != 0)
    g_error ("the program ended with status %#x: %s", self->status, self->errors);
}

static inline void
start_clear (Start *self)
{
  g_strfreev (self->environment);
  g_free (self->output);
  g_free (self->errors);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Start, start_clear)

/* What was said of something, the first time, or NULL. */
static inline char *
start_get (const Start *self,
           const char  *what)
{
  g_auto (GStrv) lines = g_strsplit (self->output, "\n", -1);
  const size_t length = strlen (what);
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix (*line, what) && (*line)[length] == ' ')
      return g_strdup (*line + length + 1);
  return NULL;
}

#define start_assert(self, what, expected)                                    \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *start_said_ = start_get (self, what);                    \
    g_assert_cmpstr (start_said_, ==, expected);                              \
  }                                                                           \
  G_STMT_END

/* Joined @kind of @resident. */
static inline void
start_assert_joined (const Start    *self,
                     const char     *kind,
                     const Resident *resident)
{
  g_autofree char *there = resident_where (resident, kind);
  g_autofree char *here = test_where (kind);
  g_assert_cmpstr (here, !=, there);
  start_assert (self, kind, there);
}

/* Is nowhere but home, with no descriptor and no variable more. */
static inline void
start_assert_at_home (const Start *self)
{
  static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts" };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *here = test_where (kinds[i]);
      start_assert (self, kinds[i], here);
    }
  start_assert (self, "cwd", "/");
}

static inline void
start_assert_descriptors (const Start *self,
                          int          more)
{
  g_auto (Start) other = { 0 };
  start_init (&other);
  start_run (&other);
  g_autofree char *usual = start_get (&other, "descriptors");
  g_autofree char *expected = g_strdup_printf ("%d", atoi (usual) + more);
  start_assert (self, "descriptors", expected);
}

static inline void
start_assert_clean (const Start *self)
{
  start_assert_descriptors (self, 0);
  start_assert (self, "left", NULL);
}

static inline void
start_assert_fine (const Start *self)
{
  start_assert (self, "status", "fine");
  start_assert_clean (self);
}

/* Failed with @code and a message that has @words in it, and nothing was half-joined. */
static inline void
start_assert_refused (const Start *self,
                      StError      code,
                      const char  *words)
{
  g_autofree char *status = start_get (self, "status");
  g_autofree char *expected = g_strdup_printf ("%s %d ", g_quark_to_string (ST_ERROR), code);
  if (!g_str_has_prefix (status, expected) || !strstr (status, words))
    g_error ("status \"%s\", not \"%s...%s\"", status, expected, words);
  start_assert_at_home (self);
}
