/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define TOUCHED ((gsize) 512 << 20)
#define SPARE (G_GUINT64_CONSTANT (1) << 30) /* for everybody else */

static guint64
get_available (void)
{
  unsigned long long size = 0;
  g_autofree char *text = NULL;
  const char *line = g_file_get_contents ("/proc/meminfo", &text, NULL, NULL) ? strstr (text, "\nMemAvailable:") : NULL;
  if (line)
    sscanf (line, "\nMemAvailable: %llu", &size);
  return size * 1024;
}

/* In small pages, as the heap of a program that has grown has them. */
static void *
touch (void)
{
  void *memory = mmap (NULL, TOUCHED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    g_error ("cannot have %" G_GSIZE_FORMAT " bytes: %m", TOUCHED);
  madvise (memory, TOUCHED, MADV_NOHUGEPAGE);
  memset (memory, 1, TOUCHED);
  return memory;
}

static void
run (Bench *bench)
{
  bench_hurry ();
  bench_spacers (bench);
  bench_spawn (bench);
  bench_relax ();
}

/* What starts processes must not depend on how big the caller is. */
void
bench_processes (Bench *bench)
{
  run (bench);
  if (get_available () < TOUCHED + SPARE)
    {
      printf ("\nnot measured with 512 MiB touched: not enough memory is free\n");
      return;
    }
  printf ("\nthe same with 512 MiB touched in the caller\n");
  void *memory = touch ();
  run (bench);
  munmap (memory, TOUCHED);
}
