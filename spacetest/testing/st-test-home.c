/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-test-private.h"

#include "st-error-private.h"
#include "st-idmap.h"
#include "st-kernel.h"
#include "st-mount-sysfs.h"
#include "st-mount.h"
#include "st-namespace-type-private.h"
#include "st-probe.h"
#include "st-process.h"
#include "st-reexec-private.h"
#include "st-system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STARTED_AGAIN "SPACETEST_STARTED_AGAIN"

static char *reason; /* why there is no home of our own, or NULL */

static gboolean
is_there (const StKind *kind)
{
  int fd = st_system_open_current (kind);
  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

/* The kinds that a thread could not come home to as we are. */
static StNamespaceType
find_missing (gboolean is_admin)
{
  guint types = 0;
  ST_FOREACH_KIND (kind)
    if (kind->by_thread && (is_admin ? st_system_is_at_others (kind) : is_there (kind)))
      types |= kind->flag;
  return types;
}

/* All of them, or if there is something that does not work here, what does. */
static StNamespaceType
find_possible (StNamespaceType types,
               GError        **error)
{
  guint possible = 0;
  g_autoptr (GError) failure = NULL;
  if (st_probe (types, NULL, &failure))
    return types;
  ST_FOREACH_KIND (kind)
    if ((types & kind->flag) && st_probe (kind->flag, NULL, NULL))
      possible |= kind->flag;
  if (possible && possible != (guint) types)
    return possible;
  g_propagate_error (error, g_steal_pointer (&failure));
  return ST_NAMESPACE_NONE;
}

static guint
count_threads (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;
  while (tasks && g_dir_read_name (tasks))
    n++;
  return n;
}

/* As it was called, if that leads there from here: a test that starts itself again does it by that name. */
static char *
find_program (const char *name)
{
  char *program = g_file_read_link ("/proc/self/exe", NULL);
  char *real = name && strchr (name, '/') ? realpath (name, NULL) : NULL;
  if (real && g_strcmp0 (real, program) == 0)
    {
      g_free (program);
      program = g_strdup (name);
    }
  free (real);
  return program;
}

static GPtrArray *
build_command (const char     *command,
               StNamespaceType types,
               char          **argv)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (words, g_strdup (command));
  g_ptr_array_add (words, g_strdup ("run"));
  ST_FOREACH_KIND (kind)
    if (types & kind->flag)
      g_ptr_array_add (words, g_strconcat ("--", kind->index == ST_KIND_MNT ? "mount" : kind->name, NULL));
  g_ptr_array_add (words, g_strdup ("--"));
  g_ptr_array_add (words, find_program (argv[0]));
  for (char **arg = argv + 1; *arg; arg++)
    g_ptr_array_add (words, g_strdup (*arg));
  g_ptr_array_add (words, NULL);
  return words;
}

/* Comes back only with the reason why it can't. */
static char *
start_again (StNamespaceType types,
             char          **argv)
{
  g_autofree char *command = g_find_program_in_path ("spacetest");
  if (!command)
    return g_strdup ("the process has threads already, and the command \"spacetest\" is not in the PATH to start it anew (or start it by \"spacetest run\")");
  g_autoptr (GPtrArray) words = build_command (command, types, argv);
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), STARTED_AGAIN, "1", TRUE);
  int result = st_process_execute (command, (char **) words->pdata, environment);
  return g_strdup_printf ("the process has threads already, and cannot start anew by \"%s\": %s", command, g_strerror (-result));
}

static int
furnish (guint        types,
         uid_t        uid,
         gid_t        gid,
         const char **step)
{
  int result = 0;
  *step = "map the own user and group to root";
  if (types & CLONE_NEWUSER)
    result = st_idmap_own_to_root (uid, gid);
  if (result == 0 && (types & CLONE_NEWNS))
    {
      *step = "make the new mnt namespace private";
      result = st_mount_make_private ();
    }
  if (result == 0 && (types & CLONE_NEWNET))
    {
      *step = "bring lo up in the new net namespace";
      result = st_system_loopback_up ();
    }
  if (result >= 0 && (types & CLONE_NEWNS))
    {
      *step = "show the network in /sys";
      result = st_mount_correct_own_sysfs (types & CLONE_NEWNET);
    }
  return result;
}

static char *
make (guint types)
{
  const uid_t uid = geteuid ();
  const gid_t gid = getegid ();
  const char *step;
  int result = st_process_unshare (types);
  if (result < 0)
    {
      g_autofree char *kinds = st_namespace_types_to_string (types);
      return g_strdup_printf ("cannot create %s namespaces: %s", kinds, g_strerror (-result));
    }
  result = furnish (types, uid, gid, &step); /* the probe has just done the same */
  if (result < 0)
    g_error ("st_test_init: cannot %s: %s", step, g_strerror (-result));
  return NULL;
}

/* The reason why it is not done, or NULL. */
static char *
try_to_make (StNamespaceType missing,
             gboolean        is_admin,
             gboolean        was_started_again,
             char          **argv)
{
  g_autoptr (GError) error = NULL;
  if (g_strcmp0 (g_getenv ("SPACETEST_NO_USERNS"), "1") == 0)
    return g_strdup ("SPACETEST_NO_USERNS=1 forbids a user namespace");
  if (was_started_again)
    return g_strdup ("the command has started the program anew, and it still is not root");
  StNamespaceType types = find_possible (missing, &error);
  if (!types)
    return g_strdup (error->message);
  return count_threads () > 1 ? start_again (types, argv) : make (types | (is_admin ? 0 : CLONE_NEWUSER));
}

/* Where somebody who is not root is root, and at home. */
void
st_test_home_make (char **argv)
{
  const gboolean is_admin = st_process_is_admin ();
  const gboolean was_started_again = g_getenv (STARTED_AGAIN) != NULL;
  const StNamespaceType missing = find_missing (is_admin);
  if (was_started_again)
    g_unsetenv (STARTED_AGAIN); /* not for programs that the tests start */
  if (missing)
    reason = try_to_make (missing, is_admin, was_started_again, argv);
}

/* In the copy of a program that is in a user namespace of its own, and only there: elsewhere there is a home. No machine is different, so
 * that it is no reason to skip the test. */
static gboolean
check_copy (StNamespaceType types,
            GError        **error)
{
  guint foreign = 0;
  ST_FOREACH_KIND (kind)
    if ((types & kind->flag) && kind->by_thread && st_system_is_at_others (kind))
      foreign |= kind->flag;
  if (!foreign || !st_reexec_is_test ())
    return TRUE;
  g_autofree char *kinds = st_namespace_types_to_string (foreign);
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT,
               "this test was added in a user namespace of its own, but its %s belongs to another one, and no thread could come home to that: "
               "add it in \"%s\", too, then it can visit new ones",
               kinds, kinds);
  return FALSE;
}

/* Whether tests can visit such namespaces, as far as that depends on who we are. */
gboolean
st_test_home_check (StNamespaceType types,
                    GError        **error)
{
  guint visited = 0;
  if (!check_copy (types, error))
    return FALSE;
  ST_FOREACH_KIND (kind)
    if (kind->by_thread)
      visited |= kind->flag;
  if (!(types & visited) || (!reason && st_process_is_admin ()))
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_PERMISSION_DENIED, "tests can visit no new namespaces here: %s",
               reason ? reason : "no CAP_SYS_ADMIN, and st_test_init() was not called");
  return FALSE;
}
