/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For compilers without libFuzzer: FUZZ-PROGRAM CORPUS [ROUNDS]
 *
 * Replays the inputs of a directory, and then changes them at random: as often as said, or for SPACETEST_FUZZ_SECONDS. */

#define INPUT_SIZE 16384
#define MAX_SEEDS 256
#define DEFAULT_SECONDS 30

typedef struct
{
  uint8_t *data;
  size_t size;
} Input;

static Input seeds[MAX_SEEDS];
static size_t n_seeds;
static uint64_t state = 88172645463325252u;

static uint32_t
get_random (uint32_t below)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t) (state >> 32) % below;
}

static void
read_seed (const char *path)
{
  static uint8_t data[INPUT_SIZE];
  FILE *file = fopen (path, "rb");
  if (!file || n_seeds == MAX_SEEDS)
    abort ();
  const size_t size = fread (data, 1, sizeof data, file);
  fclose (file);
  seeds[n_seeds].data = malloc (size + 1);
  memcpy (seeds[n_seeds].data, data, size);
  seeds[n_seeds++].size = size;
}

static bool
read_seeds (const char *directory)
{
  char path[4096];
  DIR *entries = opendir (directory);
  if (!entries)
    return false;
  for (struct dirent *entry; (entry = readdir (entries));)
    if (entry->d_name[0] != '.')
      {
        snprintf (path, sizeof path, "%s/%s", directory, entry->d_name);
        read_seed (path);
      }
  closedir (entries);
  return n_seeds > 0;
}

static size_t
append_seed (uint8_t *data,
             size_t   size)
{
  const Input *seed = &seeds[get_random ((uint32_t) n_seeds)];
  if (size + seed->size > INPUT_SIZE)
    return size;
  memcpy (data + size, seed->data, seed->size);
  return size + seed->size;
}

/* Numbers that are often wrong, at one of the places where a number is likely to be. */
static void
put_number (uint8_t *data,
            size_t   size)
{
  static const uint32_t numbers[] = { 0, 1, 2, 7, 64, 65, 0x7fffffff, 0x80000000, 0xffffffff, 0x40000000, 0x10000000, 0x7e020080 };
  const uint32_t number = numbers[get_random (sizeof numbers / sizeof numbers[0])];
  if (size >= 8)
    memcpy (data + get_random ((uint32_t) (size / 4)) * 4 % (size - 3), &number, sizeof number);
}

static size_t
change (uint8_t *data,
        size_t   size)
{
  if (size == 0)
    return 0;
  switch (get_random (6))
    {
    case 0:
      data[get_random ((uint32_t) size)] ^= (uint8_t) (1u << get_random (8));
      return size;
    case 1:
      data[get_random ((uint32_t) size)] = (uint8_t) get_random (256);
      return size;
    case 2:
      put_number (data, size);
      return size;
    case 3: /* the first bytes matter most */
      data[get_random (size < 40 ? (uint32_t) size : 40)] = (uint8_t) get_random (256);
      return size;
    case 4:
      return get_random (8) ? size : get_random ((uint32_t) size);
    default:
      return get_random (4) ? size : append_seed (data, size);
    }
}

static void
run_changed (void)
{
  static uint8_t data[INPUT_SIZE];
  size_t size = append_seed (data, 0);
  for (uint32_t n = get_random (6); n > 0; n--)
    size = change (data, size);
  /* In memory of just that size, so that a sanitizer sees who reads too far. */
  uint8_t *copy = malloc (size + (size == 0));
  memcpy (copy, data, size);
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

static double
get_seconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

int
main (int    argc,
      char **argv)
{
  const char *seconds = getenv ("SPACETEST_FUZZ_SECONDS");
  const long rounds = argc > 2 ? atol (argv[2]) : 0;
  const double end = get_seconds () + (seconds ? atof (seconds) : DEFAULT_SECONDS);
  long n = 0;
  if (argc < 2 || !read_seeds (argv[1]))
    {
      fprintf (stderr, "usage: %s CORPUS [ROUNDS]\n", argv[0]);
      return 2;
    }
  for (size_t i = 0; i < n_seeds; i++)
    LLVMFuzzerTestOneInput (seeds[i].data, seeds[i].size);
  if (!rounds)
    state ^= (uint64_t) time (NULL);
  while (rounds ? n < rounds : get_seconds () < end)
    {
      run_changed ();
      n++;
    }
  printf ("%zu seeds, %ld changed ones\n", n_seeds, n);
  return 0;
}
