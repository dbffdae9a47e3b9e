/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the whole process keeps from its first use on: "gmain", the workshop, the thread's pidfd, the main context. */
static void
start_what_stays (void)
{
  g_main_context_default ();
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_autoptr (StTransientMntns) unused = st_transient_mntns_new (NULL);
}

/* Those that a shell ignores in what it starts in the background: what we start would ignore them, too. */
static void
unignore_signals (void)
{
  signal (SIGINT, SIG_DFL);
  signal (SIGQUIT, SIG_DFL);
}

void
test_init (int    *argc,
           char ***argv)
{
  unignore_signals ();
  g_test_init (argc, argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  test_start_and_wait_for_names (start_what_stays);
  st_spacer_set_policy (ST_SPACER_POLICY_NEVER, NULL);
}

void
test_init_with_spacer (int    *argc,
                       char ***argv)
{
  g_autoptr (GError) error = NULL;
  test_init (argc, argv);
  if (test_is_privileged () || !st_probe (ST_NAMESPACE_USER | ST_NAMESPACE_NET, NULL, NULL))
    return;
  st_spacer_set_policy (ST_SPACER_POLICY_AUTO, NULL);
  g_autoptr (StTransientNetns) first = st_transient_netns_new (&error); /* what it takes stays, too */
  g_assert_no_error (error);
}

static void
check_traces (gpointer data)
{
  g_auto (GStrv) before = data;
  test_assert_traces (before);
}

/* What the test queues to be destroyed at its end is destroyed before the check. */
static void
run_checked (gconstpointer data)
{
  const GTestFunc *test = data;
  g_test_queue_destroy (check_traces, test_collect_traces ());
  (*test) ();
}

void
test_add (const char *path,
          GTestFunc   test)
{
  g_test_add_data_func_full (path, g_memdup2 (&test, sizeof test), (GTestDataFunc) run_checked, g_free);
}

static void
get_capabilities (struct __user_cap_data_struct data[2])
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  g_assert_no_errno (syscall (SYS_capget, &header, data));
}

gboolean
test_is_privileged (void)
{
  struct __user_cap_data_struct data[2];
  get_capabilities (data);
  return (data[CAP_TO_INDEX (CAP_SYS_ADMIN)].effective & CAP_TO_MASK (CAP_SYS_ADMIN)) != 0;
}

gboolean
test_is_real_root (void)
{
  g_autofree char *map = NULL;
  guint inside, outside, count = 0;
  return test_is_privileged () && g_file_get_contents ("/proc/thread-self/uid_map", &map, NULL, NULL) &&
         sscanf (map, "%u %u %u", &inside, &outside, &count) == 3 && count == G_MAXUINT32;
}

void
test_drop_capabilities (void)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct none[2] = { { 0 } };
  g_assert_no_errno (syscall (SYS_capset, &header, none));
}

static gboolean
is_set (const char *variable,
        const char *value)
{
  return g_strcmp0 (g_getenv (variable), value) == 0;
}

void
test_skip (const char *reason)
{
  if (is_set ("SPACETEST_REQUIRE", "1"))
    g_test_fail_printf ("skipped: %s", reason);
  else
    g_test_skip (reason);
}

/* Another run of the same suite has what this one lacks on purpose. */
static gboolean
needs (gboolean    has_it,
       gboolean    lacks_it_on_purpose,
       const char *reason)
{
  if (has_it)
    return TRUE;
  if (lacks_it_on_purpose)
    g_test_skip (reason);
  else
    test_skip (reason);
  return FALSE;
}

gboolean
test_needs_privilege (void)
{
  return needs (test_is_privileged (), is_set ("SPACETEST_RUN_AS", "nobody"), "needs CAP_SYS_ADMIN");
}

gboolean
test_needs_spaces (void)
{
  return needs (test_is_privileged () || st_spacer_get_policy () != ST_SPACER_POLICY_NEVER, FALSE,
                "needs CAP_SYS_ADMIN or a user namespace of its own");
}

gboolean
test_needs_real_root (void)
{
  return needs (test_is_real_root (), g_getenv ("SPACETEST_RUN_AS") != NULL, "needs root outside of any user namespace");
}

gboolean
test_needs_no_privilege (void)
{
  return needs (!test_is_privileged (), TRUE, "needs to be without CAP_SYS_ADMIN");
}

void
test_count (GObject    *object,
            GParamSpec *pspec,
            gpointer    count)
{
  ++*(int *) count;
}
