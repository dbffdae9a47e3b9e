/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors
 *
 * A library that starts a thread before any other is initialised. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *
stay (void *unused)
{
  for (;;)
    pause ();
  return unused;
}

__attribute__ ((constructor)) static void
start (void)
{
  pthread_t thread;
  if (pthread_create (&thread, NULL, stay, NULL) != 0)
    abort ();
}
