/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* A program some of whose lines are run by others than the first process alone: a copy inside, and one that was started below that. */
#include <spacetest/spacetest.h>

#include <string.h>

static volatile int counter;

static GVariant *
count (GVariant *parameter,
       GError  **error)
{
  counter++; /* line of the action */
  return g_variant_new ("()");
}

static int
count_elsewhere (void)
{
  counter++; /* line of the spawned */
  return 0;
}

static StSpace *
create_space (StSpacer **first,
              StSpacer **below,
              GError   **error)
{
  *first = st_spacer_new (NULL, error);
  *below = *first ? st_spacer_create_subspace (*first, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, error) : NULL;
  return *below ? st_spacer_get_space (*below, error) : NULL;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacer) first = NULL, below = NULL;
  st_reexec_register ("count", count, NULL);
  st_reexec_init (&argc, &argv);
  if (argc > 1 && strcmp (argv[1], "spawned") == 0)
    return count_elsewhere ();
  StSpace *space = create_space (&first, &below, &error);
  if (!space)
    g_error ("%s", error->message);
  g_autoptr (GVariant) value = st_reexec_run (space, "count", NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GSubprocess) process = st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, argv[0], "spawned", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
  g_assert_cmpint (counter, ==, 0);
  return 0;
}
