/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-last-words.h"
#include "st-system.h"
#include "st-witness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ways to leave a test other than at its end, of which no handler in the program is told: _exit(), exec, and a child that was forked in
 * it and comes back from it. */

#define CAME_BACK                                                                                                       \
  " came back from the test, and would have run all that follows once more (end it with _exit(), or start a program " \
  "instead: g_test_trap_subprocess(), st_space_spawnv())\n"

static struct
{
  pid_t pid;
  pthread_t thread;  /* that runs the tests */
  gboolean is_heard; /* the end of this test */
  gboolean runs_all;
  gboolean has_run;  /* a test, as far as we know */
  GHashTable *to_run; /* paths */
} state;

/* The buffers of standard output are the parent's, who will write them himself. */
void
st_test_end_if_forked (void)
{
  static const char bail_out[] = "\nBail out! spacetest: a forked child" CAME_BACK;
  if (!state.pid || getpid () == state.pid)
    return;
  st_last_words_say ("spacetest: a child that ", st_test_is_running () ? g_test_get_path () : "the program", " had forked" CAME_BACK, NULL);
  st_system_write_all (STDOUT_FILENO, bail_out, strlen (bail_out));
  st_witness_tell (ST_WITNESS_FAILED);
  _exit (EXIT_FAILURE);
}

static void
hear_end (gpointer unused)
{
  st_test_end_if_forked ();
  state.is_heard = FALSE;
}

/* In the parent, where memory may still be had. */
static void
prepare_fork (void)
{
  if (state.is_heard || !pthread_equal (pthread_self (), state.thread) || !st_test_is_running ())
    return;
  state.is_heard = TRUE;
  g_test_queue_destroy (hear_end, NULL);
}

static void
say_well (void)
{
  if (getpid () == state.pid)
    st_witness_tell (ST_WITNESS_WELL);
}

/* Nothing in the arguments chooses among the tests. */
static gboolean
runs_all (char **argv)
{
  static const char *const harmless[] = { "-k", "--keep-going", "-q", "--quiet", "--verbose", "--tap", NULL };
  for (char **word = argv + 1; *argv && *word; word++)
    if (!g_strv_contains (harmless, *word))
      return FALSE;
  return TRUE;
}

/* GLib runs those that are called so only when asked to. */
void
st_test_end_expect (const char *path)
{
  if (!state.to_run)
    state.to_run = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!strstr (path, "/subprocess"))
    g_hash_table_add (state.to_run, g_strdup (path));
}

void
st_test_end_forget (const char *path)
{
  state.has_run = TRUE;
  g_hash_table_remove (state.to_run, path);
}

gboolean
st_test_end_has_run (void)
{
  return state.has_run;
}

const char *
st_test_end_get_unrun (void)
{
  GHashTableIter iter;
  gpointer path = NULL;
  if (!state.runs_all || !state.to_run)
    return NULL;
  g_hash_table_iter_init (&iter, state.to_run);
  g_hash_table_iter_next (&iter, &path, NULL);
  return path;
}

static gboolean
is_subprocess (char **argv)
{
  return g_strv_contains ((const char *const *) argv, "--GTestSubprocess");
}

/* Before GLib may end the program, which it does after --help. From here on it has another process number. Who wants to be sure that none
 * of this happens says so. */
void
st_test_end_init (char    **argv,
                  gboolean is_copy)
{
  const gboolean is_wanted = !is_copy && !is_subprocess (argv) && g_strcmp0 (g_getenv ("SPACETEST_NO_WITNESS"), "1") != 0;
  const int result = is_wanted ? st_witness_start () : 0;
  if (result < 0)
    g_printerr ("spacetest: nobody will see if a test calls _exit() or exec: %s\n", g_strerror (-result));
  state.pid = getpid ();
  state.runs_all = runs_all (argv);
  state.thread = pthread_self ();
  atexit (say_well);
  pthread_atfork (prepare_fork, NULL, NULL);
}
