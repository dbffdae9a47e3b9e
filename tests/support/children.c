/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <errno.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 60

static void
be_child (void   (*func) (gpointer data),
          gpointer data,
          int      output)
{
  const struct rlimit no_core = { 0, 0 };
  setrlimit (RLIMIT_CORE, &no_core);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  alarm (CHILD_SECONDS);
  dup2 (output, STDOUT_FILENO);
  dup2 (output, STDERR_FILENO);
  close (output);
  func (data);
  fflush (NULL);
  _exit (EXIT_SUCCESS);
}

static void
read_all (int      fd,
          GString *text)
{
  char buffer[4096];
  for (ssize_t n; (n = read (fd, buffer, sizeof buffer)) != 0;)
    if (n > 0)
      g_string_append_len (text, buffer, n);
    else
      g_assert_cmpint (errno, ==, EINTR);
}

/* Returns what it printed. */
static char *
run_child (void   (*func) (gpointer data),
           gpointer data,
           int     *status)
{
  int ends[2];
  GString *output = g_string_new (NULL);
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  fflush (NULL);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      close (ends[0]);
      be_child (func, data, ends[1]);
    }
  close (ends[1]);
  read_all (ends[0], output);
  close (ends[0]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (child, status, 0)), ==, child);
  return g_string_free (output, FALSE);
}

void
test_in_child (void   (*func) (gpointer data),
               gpointer data)
{
  int status;
  g_autofree char *output = run_child (func, data, &status);
  if (!WIFEXITED (status) || WEXITSTATUS (status) != EXIT_SUCCESS)
    g_error ("the child ended with status %#x and said:\n%s", status, output);
}

void
test_in_dying_child (void      (*func) (gpointer data),
                     gpointer    data,
                     const char *pattern)
{
  int status;
  g_autofree char *output = run_child (func, data, &status);
  if (!WIFSIGNALED (status) || (WTERMSIG (status) != SIGABRT && WTERMSIG (status) != SIGTRAP) ||
      !g_pattern_match_simple (pattern, output))
    g_error ("the child ended with status %#x instead of saying \"%s\", and said:\n%s", status, pattern, output);
}

int
test_start_idle_child (int flags)
{
  int ends[2];
  char ready = 0;
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  int child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (unshare (flags) == 0 && write (ends[1], "r", 1) == 1)
        for (;;)
          pause ();
      _exit (EXIT_FAILURE);
    }
  close (ends[1]);
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (ends[0], &ready, 1)), ==, 1);
  close (ends[0]);
  return child;
}

void
test_end_idle_child (int pid)
{
  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (pid, NULL, 0)), ==, pid);
}

void
test_change_root (const char *directory)
{
  g_autofree char *proc = g_build_filename (directory, "proc", NULL);
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("/proc", proc, NULL, MS_BIND | MS_REC, NULL));
  g_assert_no_errno (chroot (directory));
  g_assert_no_errno (chdir ("/"));
}
