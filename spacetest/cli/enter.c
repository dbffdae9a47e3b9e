/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "cli.h"

#include "cure.h"
#include "target.h"
#include "terminal.h"

#include "st-join.h"
#include "st-mirror.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* nsenter(1)'s names. */
static const char help[] =
  "Usage: spacetest enter [OPTION]... [--] [COMMAND [ARGUMENT]...]\n"
  "\n"
  "Runs a command, or else a shell, in existing namespaces: those of the process\n"
  "PID, or that behind FILE. Everything that is not named is as it is outside.\n"
  "Where that gives permission, the user namespace that owns them is entered first.\n"
  "\n"
  "  -t, --target=PID     the process that the options below go by\n"
  "  -a, --all            all its namespaces\n"
  "  -n, --net[=FILE]     network\n"
  "  -m, --mount[=FILE]   mount table\n"
  "  -u, --uts[=FILE]     host name\n"
  "  -i, --ipc[=FILE]     System V IPC and POSIX message queues\n"
  "  -C, --cgroup[=FILE]  root of the control groups that are seen\n"
  "  -p, --pid[=FILE]     process ids\n"
  "  -T, --time[=FILE]    clocks\n"
  "  -U, --user[=FILE]    user and group ids\n"
  "  -r, --root[=DIR]     root directory\n"
  "  -w, --wd[=DIR]       working directory\n"
  "  -S, --setuid=UID     user id inside; root if a user namespace is entered\n"
  "  -G, --setgid=GID     the same for the group id\n"
  "      --preserve-credentials\n"
  "                       keep user and groups, whatever they are inside\n"
  "  -F, --no-fork        with --pid, stay outside of it; the children go in\n"
  "  -h, --help           show this help\n"
  "  -V, --version        show the version\n"
  "\n"
  "The exit status is the command's; a signal that kills it kills spacetest, too.\n"
  "125: spacetest failed, 126: COMMAND can't be run, 127: COMMAND was not found.\n";

static const char short_options[] = "+t:an::m::u::i::C::p::T::U::r::w::S:G:FhV";

enum
{
  OPTION_PRESERVE = 256,
};

static const struct option options[] = {
  { "target", required_argument, NULL, 't' },
  { "all", no_argument, NULL, 'a' },
  { "net", optional_argument, NULL, 'n' },
  { "mount", optional_argument, NULL, 'm' },
  { "uts", optional_argument, NULL, 'u' },
  { "ipc", optional_argument, NULL, 'i' },
  { "cgroup", optional_argument, NULL, 'C' },
  { "pid", optional_argument, NULL, 'p' },
  { "time", optional_argument, NULL, 'T' },
  { "user", optional_argument, NULL, 'U' },
  { "root", optional_argument, NULL, 'r' },
  { "wd", optional_argument, NULL, 'w' },
  { "setuid", required_argument, NULL, 'S' },
  { "setgid", required_argument, NULL, 'G' },
  { "preserve-credentials", no_argument, NULL, OPTION_PRESERVE },
  { "no-fork", no_argument, NULL, 'F' },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { 0 },
};

static const struct
{
  char option;
  StKindIndex kind;
} kinds_of_options[] = {
  { 'n', ST_KIND_NET },
  { 'm', ST_KIND_MNT },
  { 'u', ST_KIND_UTS },
  { 'i', ST_KIND_IPC },
  { 'C', ST_KIND_CGROUP },
  { 'p', ST_KIND_PID },
  { 'T', ST_KIND_TIME },
  { 'U', ST_KIND_USER },
};

typedef struct
{
  TargetWish target;
  int64_t uid; /* -1: none is asked for */
  int64_t gid;
  bool preserve_credentials;
  bool no_fork;
} Wish;

static const char *
get_long_name (int option)
{
  for (const struct option *known = options; known->name; known++)
    if (known->val == option)
      return known->name;
  return NULL;
}

static TargetPlace *
find_place (TargetWish *target,
            int         option)
{
  if (option == 'r')
    return &target->root;
  if (option == 'w')
    return &target->directory;
  for (size_t i = 0; i < sizeof kinds_of_options / sizeof kinds_of_options[0]; i++)
    if (kinds_of_options[i].option == option)
      return &target->kinds[kinds_of_options[i].kind];
  return NULL;
}

static bool
parse_number (const char *name,
              const char *text,
              int64_t     lowest,
              int64_t     highest,
              int64_t    *number)
{
  char *end;
  errno = 0;
  *number = strtoll (text, &end, 10);
  if (text[0] >= '0' && text[0] <= '9' && !*end && errno == 0 && *number >= lowest && *number <= highest)
    return true;
  cli_complain ("invalid number '%s' of --%s: not one from %lld to %lld", text, name, (long long) lowest, (long long) highest);
  return false;
}

static bool
parse_option (int   option,
              Wish *wish)
{
  TargetPlace *place = find_place (&wish->target, option);
  int64_t pid;
  if (place)
    {
      *place = (TargetPlace){ get_long_name (option), optarg };
      return true;
    }
  switch (option)
    {
    case 't':
      if (!parse_number ("target", optarg, 1, INT_MAX, &pid))
        return false;
      wish->target.pid = (pid_t) pid;
      return true;
    case 'a':
      wish->target.all = true;
      return true;
    case 'S':
      return parse_number ("setuid", optarg, 0, UINT32_MAX - 1, &wish->uid);
    case 'G':
      return parse_number ("setgid", optarg, 0, UINT32_MAX - 1, &wish->gid);
    case OPTION_PRESERVE:
      wish->preserve_credentials = true;
      return true;
    case 'F':
      wish->no_fork = true;
      return true;
    default:
      return false;
    }
}

static bool
check_wish (const TargetWish *target)
{
  bool is_something = target->all || target->root.option || target->directory.option;
  for (size_t i = 0; i < ST_N_KINDS; i++)
    is_something = is_something || target->kinds[i].option;
  if (!is_something)
    cli_complain ("nothing to enter is named (as by --all or --net; see 'spacetest enter --help')");
  else if (target->all && target->pid == 0)
    cli_complain ("--all of which process? (name it by --target=PID)");
  return is_something && (!target->all || target->pid != 0);
}

/* Answers whether they are those of who may do it; says if not. */
static bool
set_ids (const Wish   *wish,
         const StJoin *join)
{
  const bool become_root = st_join_get_user (join) >= 0 && !wish->preserve_credentials;
  const int result = become_root ? st_join_become_root () : 0;
  if (result < 0)
    {
      cli_complain ("cannot become root in the user namespace: %s", strerror (-result));
      return false;
    }
  if (wish->gid >= 0 && ((setgroups (0, NULL) < 0 && errno != EPERM) || setgid ((gid_t) wish->gid) < 0))
    {
      cli_complain ("cannot become group %lld: %s%s", (long long) wish->gid, strerror (errno),
                    errno == EINVAL ? " (the user namespace has no such group)" : "");
      return false;
    }
  if (wish->uid >= 0 && setuid ((uid_t) wish->uid) < 0)
    {
      cli_complain ("cannot become user %lld: %s%s", (long long) wish->uid, strerror (errno),
                    errno == EINVAL ? " (the user namespace has no such user)" : "");
      return false;
    }
  return true;
}

/* The root while that is still allowed. */
static bool
go_to_root (const Target *target)
{
  if (target->root < 0 || (fchdir (target->root) == 0 && chroot (".") == 0))
    return true;
  cli_complain ("cannot change the root directory: %s%s", strerror (errno),
                errno == EPERM ? " (it takes the capability CAP_SYS_CHROOT: be root)" : "");
  return false;
}

static bool
go_to_directory (const Target *target)
{
  if (target->directory < 0 || fchdir (target->directory) == 0)
    return true;
  cli_complain ("cannot change the working directory: %s", strerror (errno));
  return false;
}

static int
execute (const Wish   *wish,
         const Target *target,
         const StJoin *join,
         char        **argv)
{
  if (!go_to_root (target) || !go_to_directory (target) || !set_ids (wish, join))
    return CLI_FAILED;
  return cli_execute (argv);
}

static bool
join_all (const Target *target,
          StJoin       *join)
{
  char what[PATH_MAX + 64], cure[CURE_SIZE];
  const int result = st_join_enter (join);
  if (result >= 0)
    return true;
  const StKind *kind = st_kind_for_flag (join->failed);
  target_describe (target, kind, what, sizeof what);
  cure_for_joining (kind, target->fds[kind->index], result, cure);
  cli_complain ("cannot enter %s: %s%s", what, strerror (-result), cure);
  return false;
}

/* The command, in the child that is in the PID namespace. Becoming somebody else forgets what kills it with its parent. */
static noreturn void
become_command (const Wish   *wish,
                const Target *target,
                const StJoin *join,
                char        **argv)
{
  if (!go_to_root (target) || !go_to_directory (target) || !set_ids (wish, join))
    _exit (CLI_FAILED);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  _exit (cli_execute (argv));
}

static int
give_up (StMirror   *mirror,
         const char *step,
         int         result)
{
  st_mirror_abandon (mirror);
  cli_complain ("cannot %s: %s%s", step, result == -ESRCH ? "its PID 1 has ended" : strerror (-result), cli_hint_for_fork (-result));
  return CLI_FAILED;
}

static int
enter_with_child (const Wish   *wish,
                  const Target *target,
                  StJoin       *join,
                  char        **argv)
{
  StMirror mirror;
  const bool is_foreground = terminal_is_ours ();
  int result = st_mirror_prepare (&mirror);
  if (result < 0)
    return give_up (&mirror, "watch over the command", result);
  if (!join_all (target, join))
    {
      st_mirror_abandon (&mirror);
      return CLI_FAILED;
    }
  result = st_mirror_fork (&mirror, st_join_get_user (join));
  if (result < 0)
    return give_up (&mirror, "start a process in the PID namespace", result);
  if (result == 0)
    become_command (wish, target, join, argv);
  const int status = st_mirror_run (&mirror);
  if (is_foreground)
    terminal_take_back ();
  st_mirror_end (status);
}

static int
enter (const Wish *wish,
       char      **argv)
{
  Target target;
  StJoin join;
  if (!target_open (&target, &wish->target))
    return CLI_FAILED;
  const int result = st_join_plan (&join, target.fds);
  if (result < 0)
    {
      cli_complain ("cannot find out which namespaces this process is in: %s", strerror (-result));
      return CLI_FAILED;
    }
  if (join.takes_child && !wish->no_fork)
    return enter_with_child (wish, &target, &join, argv);
  return join_all (&target, &join) ? execute (wish, &target, &join, argv) : CLI_FAILED;
}

static char **
get_command (char **argv)
{
  static char standard[] = "/bin/sh";
  static char *shell[2];
  if (argv[0])
    return argv;
  shell[0] = getenv ("SHELL");
  if (!shell[0] || !*shell[0])
    shell[0] = standard;
  return shell;
}

int
cli_enter (int    argc,
           char **argv)
{
  Wish wish = { .uid = -1, .gid = -1 };
  for (int option; (option = getopt_long (argc, argv, short_options, options, NULL)) != -1;)
    if (option == 'h')
      return cli_print (help);
    else if (option == 'V')
      return cli_print_version ();
    else if (!parse_option (option, &wish))
      return CLI_FAILED;
  return check_wish (&wish.target) ? enter (&wish, get_command (argv + optind)) : CLI_FAILED;
}
