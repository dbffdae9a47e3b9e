/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"
#include "raw.h"

#include <stdio.h>
#include <stdlib.h>

#define EXIT_SKIPPED 77
#define MIN_ROUNDS 300 /* fewer tell nothing */

typedef struct
{
  const char *name;
  void (*run) (Bench *bench);
} Table;

static const Table tables[] = {
  { "visits", bench_visits },
  { "queries", bench_queries },
  { "threads", bench_threads },
  { "transients", bench_transients },
  { "processes", bench_processes },
  { "pool", bench_pool }, /* needs all CPUs for a moment */
  { "leftovers", bench_leftovers },
  { "scale", bench_scale },
};

static gboolean
parse (int     argc,
       char  **argv,
       Bench  *bench,
       char  **only)
{
  const GOptionEntry entries[] = {
    { "only", 0, 0, G_OPTION_ARG_STRING, only, "One of the tables", "NAME" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &bench->rounds, "Samples of each row", "N" },
    { "strict", 0, 0, G_OPTION_ARG_NONE, &bench->strict, "Fail if a row is over its bar by more than noise", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the library against raw system calls");
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    fprintf (stderr, "%s\n", error->message);
  else if (bench->rounds < 1 || (bench->strict && bench->rounds < MIN_ROUNDS))
    fprintf (stderr, "--strict takes --rounds=%d or more\n", MIN_ROUNDS);
  else
    return TRUE;
  return FALSE;
}

int
main (int    argc,
      char **argv)
{
  Bench bench = { .rounds = 401 };
  g_autofree char *only = NULL;
  if (!parse (argc, argv, &bench, &only))
    return EXIT_FAILURE;
  if (!raw_may_measure ())
    {
      fprintf (stderr, "no CAP_SYS_ADMIN: run as root, or under \"spacetest run\"\n");
      return g_strcmp0 (g_getenv ("SPACETEST_REQUIRE"), "1") == 0 ? EXIT_FAILURE : EXIT_SKIPPED;
    }

  bench_pin ();
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    if (!only || g_str_equal (only, tables[i].name))
      tables[i].run (&bench);
  printf ("\n%u over the bar, %u growing\n", bench.n_over, bench.n_growing);
  return bench.n_growing > 0 || (bench.strict && bench.n_over > 0) ? EXIT_FAILURE : EXIT_SUCCESS;
}
