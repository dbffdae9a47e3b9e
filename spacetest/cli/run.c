/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "keeper.h"
#include "world.h"

#include "st-kernel.h"
#include "st-kind.h"
#include "st-process.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS 1000000000LL
#define MAX_SECONDS (INT64_MAX / NANOSECONDS) /* the kernel's limit, too */

/* unshare(1)'s names. */
static const char help[] =
  "Usage: spacetest run [OPTION]... [--] COMMAND [ARGUMENT]...\n"
  "\n"
  "Runs a command in new namespaces, which are gone with the last process in them.\n"
  "Everything that is not named is as it is outside. Without the privilege to make\n"
  "namespaces (the capability CAP_SYS_ADMIN) --user is implied; if nothing is named,\n"
  "so are --net, --mount, --uts, --ipc and --cgroup: then the command can visit\n"
  "others of these kinds and come home again, which takes a home in a user\n"
  "namespace of its own.\n"
  "\n"
  "  -n, --net            network: nothing but lo, which is up; /sys stays\n"
  "                       that of the old one without --mount\n"
  "  -m, --mount          mount table, private; together with --net also a read-only\n"
  "                       /sys that shows the new network\n"
  "  -u, --uts            host name\n"
  "  -i, --ipc            System V IPC and POSIX message queues\n"
  "  -C, --cgroup         root of the control groups that are seen\n"
  "  -p, --pid            process ids, with a /proc of their own (implies --mount);\n"
  "                       whatever the command leaves running is killed when it ends\n"
  "  -T, --time           clocks\n"
  "  -U, --user           user and group ids: own user and group are root inside\n"
  "      --hostname=NAME  host name inside, 1 to 64 bytes (implies --uts)\n"
  "      --monotonic=SECONDS\n"
  "                       how far CLOCK_MONOTONIC is ahead of that outside, in whole\n"
  "                       seconds, negative too (implies --time)\n"
  "      --boottime=SECONDS\n"
  "                       the same for CLOCK_BOOTTIME (implies --time)\n"
  "  -h, --help           show this help\n"
  "  -V, --version        show the version\n"
  "\n"
  "The exit status is the command's; a signal that kills it kills spacetest, too.\n"
  "125: spacetest failed, 126: COMMAND can't be run, 127: COMMAND was not found.\n";

static const char short_options[] = "+nmuiCpTUhV";

static const struct option options[] = {
  { "net", no_argument, NULL, 'n' },
  { "mount", no_argument, NULL, 'm' },
  { "uts", no_argument, NULL, 'u' },
  { "ipc", no_argument, NULL, 'i' },
  { "cgroup", no_argument, NULL, 'C' },
  { "pid", no_argument, NULL, 'p' },
  { "time", no_argument, NULL, 'T' },
  { "user", no_argument, NULL, 'U' },
  { "hostname", required_argument, NULL, 'H' },
  { "monotonic", required_argument, NULL, 'M' },
  { "boottime", required_argument, NULL, 'B' },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { 0 },
};

static const struct
{
  char option;
  unsigned int kinds;
} kinds_of_options[] = {
  { 'n', CLONE_NEWNET },
  { 'm', CLONE_NEWNS },
  { 'u', CLONE_NEWUTS },
  { 'H', CLONE_NEWUTS },
  { 'i', CLONE_NEWIPC },
  { 'C', CLONE_NEWCGROUP },
  { 'p', CLONE_NEWPID | CLONE_NEWNS },
  { 'T', CLONE_NEWTIME },
  { 'M', CLONE_NEWTIME },
  { 'B', CLONE_NEWTIME },
  { 'U', CLONE_NEWUSER },
};

static unsigned int
get_kinds (int option)
{
  for (size_t i = 0; i < sizeof kinds_of_options / sizeof kinds_of_options[0]; i++)
    if (kinds_of_options[i].option == option)
      return kinds_of_options[i].kinds;
  return 0;
}

static bool
check_host_name (const char *name)
{
  size_t length = strlen (name);
  if (length == 0 || length > ST_HOST_NAME_MAX)
    {
      cli_complain ("invalid host name: it has %zu bytes, not 1 to %d", length, ST_HOST_NAME_MAX);
      return false;
    }
  for (const char *c = name; *c; c++)
    if ((unsigned char) *c < ' ' || *c == '\x7f')
      {
        cli_complain ("invalid host name '%s': a control character is in it", name);
        return false;
      }
  return true;
}

/* Whole seconds, as unshare(1) has them. */
static bool
parse_offset (const char *option,
              const char *text,
              int64_t    *nanoseconds)
{
  char *end;
  errno = 0;
  const long long seconds = strtoll (text, &end, 10);
  if (end == text || *end || isspace ((unsigned char) *text))
    {
      cli_complain ("invalid offset '%s' of --%s: not a whole number of seconds, as in 3600 or -60", text, option);
      return false;
    }
  if (errno || seconds > MAX_SECONDS || seconds < -MAX_SECONDS)
    {
      cli_complain ("invalid offset '%s' of --%s: more than %lld seconds", text, option, MAX_SECONDS);
      return false;
    }
  *nanoseconds = seconds * NANOSECONDS;
  return true;
}

/* What is more than a kind. */
static bool
parse_argument (int    option,
                World *world)
{
  switch (option)
    {
    case 'H':
      world->host_name = optarg;
      return true;
    case 'M':
      return parse_offset ("monotonic", optarg, &world->monotonic);
    case 'B':
      return parse_offset ("boottime", optarg, &world->boottime);
    default:
      return true;
    }
}

typedef enum
{
  PARSED_COMMAND,
  PARSED_HELP,
  PARSED_VERSION,
  PARSED_NONSENSE,
} Parsed;

static Parsed
parse (int    argc,
       char **argv,
       World *world)
{
  int option;
  while ((option = getopt_long (argc, argv, short_options, options, NULL)) != -1)
    {
      if (option == 'h')
        return PARSED_HELP;
      if (option == 'V')
        return PARSED_VERSION;
      if (option == '?' || !parse_argument (option, world))
        return PARSED_NONSENSE;
      world->kinds |= get_kinds (option);
    }
  if (optind == argc)
    {
      cli_complain ("no command given (see 'spacetest run --help')");
      return PARSED_NONSENSE;
    }
  return !world->host_name || check_host_name (world->host_name) ? PARSED_COMMAND : PARSED_NONSENSE;
}

static unsigned int
get_visited_kinds (void)
{
  unsigned int kinds = 0;
  ST_FOREACH_KIND (kind)
    if (kind->by_thread)
      kinds |= kind->flag;
  return kinds;
}

static int
run_command (World *world,
             char **argv)
{
  if (!st_process_is_admin ())
    world->kinds = CLONE_NEWUSER | (world->kinds ? world->kinds : get_visited_kinds ());
  if (!world_make (world))
    return CLI_FAILED;
  return world->kinds & CLONE_NEWPID ? keeper_run (argv) : cli_execute (argv);
}

int
cli_run (int    argc,
         char **argv)
{
  World world = { 0 };
  switch (parse (argc, argv, &world))
    {
    case PARSED_COMMAND:
      return run_command (&world, argv + optind);
    case PARSED_HELP:
      return cli_print (help);
    case PARSED_VERSION:
      return cli_print_version ();
    default:
      return CLI_FAILED;
    }
}
