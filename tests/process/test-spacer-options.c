/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "spacer-support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define HOUR ((gint64) 3600 * G_USEC_PER_SEC)

static char *
read_proc (StSpacer   *spacer,
           const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", spacer_pid (spacer), name);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static StSpacer *
create (StSpacer        *spacer,
        StNamespaceType  types,
        StSpacerOptions *options)
{
  g_autoptr (GError) error = NULL;
  StSpacer *below = st_spacer_create_subspace (spacer, types, options, NULL, &error);
  g_assert_no_error (error);
  return below;
}

static void
assert_map (StSpacer   *spacer,
            const char *name,
            guint       inside)
{
  guint first, outside, count;
  g_autofree char *map = read_proc (spacer, name);
  g_assert_cmpint (sscanf (map, "%u %u %u", &first, &outside, &count), ==, 3);
  g_assert_cmpuint (first, ==, inside);
  g_assert_cmpuint (count, ==, 1);
}

static void
test_id_maps (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_assert_cmpint (st_spacer_options_get_id_map (options), ==, ST_ID_MAP_ROOT);
  g_autoptr (StSpacer) root = create (spacer, USER, options);
  assert_map (root, "uid_map", 0);
  assert_map (root, "gid_map", 0);
  st_spacer_options_set_id_map (options, ST_ID_MAP_SELF);
  g_autoptr (StSpacer) self = create (spacer, USER, options);
  assert_map (self, "uid_map", getuid ());
  assert_map (self, "gid_map", getgid ());
}

static void
assert_offsets (StSpacer *spacer,
                gint64    monotonic,
                gint64    boottime)
{
  gint64 seconds[2];
  g_autofree char *offsets = read_proc (spacer, "timens_offsets");
  g_assert_cmpint (sscanf (offsets, "monotonic %" G_GINT64_FORMAT " %*d boottime %" G_GINT64_FORMAT, &seconds[0], &seconds[1]), ==, 2);
  g_assert_cmpint (seconds[0], ==, monotonic);
  g_assert_cmpint (seconds[1], ==, boottime);
}

/* Negative offsets need a clock that has something to go back: ours may be young. */
static void
test_offsets (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  g_autoptr (StSpacer) spacer = spacer_start ();
  st_spacer_options_set_monotonic_offset (options, 2 * HOUR);
  st_spacer_options_set_boottime_offset (options, 10 * 365 * 24 * HOUR);
  g_autoptr (StSpacer) old = create (spacer, USER | ST_NAMESPACE_TIME, options);
  assert_offsets (old, 2 * 3600, (gint64) 10 * 365 * 24 * 3600);

  st_spacer_options_set_monotonic_offset (options, -1 * G_USEC_PER_SEC);
  st_spacer_options_set_boottime_offset (options, 0);
  g_autoptr (StSpacer) young = create (spacer, USER | ST_NAMESPACE_TIME, options);
  assert_offsets (young, -1, 0);
}

static void
assert_refused (StSpacer        *spacer,
                StNamespaceType  types,
                StSpacerOptions *options,
                const char      *text)
{
  g_autoptr (GError) error = NULL;
  StSpacer *below = st_spacer_create_subspace (spacer, types, options, NULL, &error);
  test_assert_not_made (below, error, ST_ERROR_INVALID_ARGUMENT, text);
}

static void
test_offsets_out_of_range (void)
{
  const gint64 wrong[] = { G_MAXINT64, G_MININT64, G_MAXINT64 / 1000, G_MININT64 / 1000, G_MAXINT64 / 1000 / 2 + 1 };
  g_autoptr (StSpacer) spacer = spacer_start ();
  int pidfd = spacer_watch (spacer);
  spacer_kill (spacer, SIGKILL); /* nobody is asked */
  spacer_wait_for_end (pidfd);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (StSpacerOptions) monotonic = st_spacer_options_new ();
      g_autoptr (StSpacerOptions) boottime = st_spacer_options_new ();
      st_spacer_options_set_monotonic_offset (monotonic, wrong[i]);
      st_spacer_options_set_boottime_offset (boottime, wrong[i]);
      assert_refused (spacer, USER | ST_NAMESPACE_TIME, monotonic, "monotonic clock");
      assert_refused (spacer, USER | ST_NAMESPACE_TIME, boottime, "boottime clock");
    }
}

/* Before the beginning: only the kernel knows where that is. */
static void
test_offsets_before_the_beginning (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_monotonic_offset (options, -100 * 365 * 24 * HOUR);
  assert_refused (spacer, USER | ST_NAMESPACE_TIME, options, "cannot set the clocks");
}

static void
test_offsets_without_time (void)
{
  g_autoptr (StSpacer) spacer = spacer_start ();
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_boottime_offset (options, 1);
  assert_refused (spacer, USER | PID, options, "without a new time namespace");
}

static void
check_host_name (gpointer data)
{
  char name[128];
  const int *fds = data;
  g_assert_no_errno (setns (fds[0], CLONE_NEWUSER));
  g_assert_no_errno (setns (fds[1], CLONE_NEWUTS));
  g_assert_no_errno (gethostname (name, sizeof name));
  g_assert_cmpstr (name, ==, "blue.example");
}

static void
test_host_name (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  g_autoptr (StSpacer) spacer = spacer_start ();
  st_spacer_options_set_host_name (options, "blue.example");
  g_autoptr (StSpacer) below = create (spacer, USER, options);
  int fds[] = { st_namespace_ref_peek_fd (spacer_home (below, USER), NULL),
                st_namespace_ref_peek_fd (spacer_home (below, ST_NAMESPACE_UTS), NULL) };
  test_in_child (check_host_name, fds);
}

static void
test_wrong_host_names (void)
{
  g_autofree char *longest = g_strnfill (64, 'a');
  g_autofree char *longer = g_strnfill (65, 'a');
  g_autofree char *huge = g_strnfill (100000, 'a');
  const char *const wrong[] = { "", longer, huge };
  g_autoptr (StSpacer) spacer = spacer_start ();
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
      st_spacer_options_set_host_name (options, wrong[i]);
      assert_refused (spacer, USER, options, "must have 1 to 64 bytes");
    }
  if (!spacer_can_have_users ())
    return;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_host_name (options, longest);
  g_autoptr (StSpacer) below = create (spacer, USER, options);
}

static void
test_first_has_none (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  st_spacer_options_set_host_name (options, "blue");
  StSpacer *spacer = st_spacer_new_with_options (options, NULL, &error);
  test_assert_not_made (spacer, error, ST_ERROR_INVALID_ARGUMENT, "give such options to a subspace");
}

static void
assert_output (StSpacer   *spacer,
               int         number,
               const char *expected)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", spacer_pid (spacer), number);
  g_autofree char *target = g_file_read_link (path, NULL);
  g_assert_cmpstr (target, ==, expected);
}

static void
test_output (void)
{
  if (!spacer_can_have_users ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
  g_autoptr (StSpacerOptions) others = st_spacer_options_new ();
  st_spacer_options_take_stdout_fd (options, open ("/dev/null", O_WRONLY | O_CLOEXEC));
  st_spacer_options_take_stdout_fd (options, open ("/dev/full", O_WRONLY));
  st_spacer_options_take_stderr_fd (options, open ("/dev/zero", O_WRONLY));
  st_spacer_options_take_stdout_fd (others, open ("/dev/urandom", O_RDONLY));
  g_autoptr (StSpacer) spacer = st_spacer_new_with_options (options, NULL, &error);
  g_assert_no_error (error);
  assert_output (spacer, STDOUT_FILENO, "/dev/full");
  assert_output (spacer, STDERR_FILENO, "/dev/zero");
  g_autoptr (StSpacer) below = spacer_below (spacer, USER);
  assert_output (below, STDOUT_FILENO, "/dev/full");
  assert_output (below, STDERR_FILENO, "/dev/zero");
  g_autoptr (StSpacer) other = create (below, USER, others);
  assert_output (other, STDOUT_FILENO, "/dev/urandom");
  assert_output (other, STDERR_FILENO, "/dev/zero");
}

static void
test_properties (void)
{
  g_autofree char *name = NULL;
  StIdMap map;
  gint64 monotonic, boottime;
  g_autoptr (StSpacerOptions) options =
    g_object_new (ST_TYPE_SPACER_OPTIONS, "id-map", ST_ID_MAP_SELF, "monotonic-offset", (gint64) -5, "boottime-offset", (gint64) 7,
                  "host-name", "red", NULL);
  g_object_get (options, "id-map", &map, "monotonic-offset", &monotonic, "boottime-offset", &boottime, "host-name", &name, NULL);
  g_assert_cmpint (map, ==, ST_ID_MAP_SELF);
  g_assert_cmpint (monotonic, ==, -5);
  g_assert_cmpint (boottime, ==, 7);
  g_assert_cmpstr (name, ==, "red");
  g_assert_cmpstr (st_spacer_options_get_host_name (options), ==, "red");
  g_assert_cmpint (st_spacer_options_get_monotonic_offset (options), ==, -5);
  g_assert_cmpint (st_spacer_options_get_boottime_offset (options), ==, 7);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spacer/options/id-maps", test_id_maps);
  test_add ("/spacer/options/offsets", test_offsets);
  test_add ("/spacer/options/offsets-out-of-range", test_offsets_out_of_range);
  test_add ("/spacer/options/offsets-before-the-beginning", test_offsets_before_the_beginning);
  test_add ("/spacer/options/offsets-without-time", test_offsets_without_time);
  test_add ("/spacer/options/host-name", test_host_name);
  test_add ("/spacer/options/wrong-host-names", test_wrong_host_names);
  test_add ("/spacer/options/first-has-none", test_first_has_none);
  test_add ("/spacer/options/output", test_output);
  test_add ("/spacer/options/properties", test_properties);
  return g_test_run ();
}
