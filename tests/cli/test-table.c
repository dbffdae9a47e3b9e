/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* The table with numbers that this machine does not have. */
#include "survey-print.h"

#include <stdlib.h>
#include <string.h>

static Survey *
survey_new_empty (void)
{
  g_autoptr (GError) error = NULL;
  Survey *survey = survey_new (&error);
  g_assert_no_error (error);
  return survey;
}

static Sighting *
add (Survey     *survey,
     const char *name)
{
  Sighting *sighting = sighting_new (name);
  g_assert_nonnull (sighting);
  g_hash_table_insert (survey->by_name, sighting->name, sighting);
  return sighting;
}

static GStrv
print (Survey *survey)
{
  char *text = NULL;
  size_t size = 0;
  g_autoptr (GPtrArray) list = survey_list (survey);
  FILE *out = open_memstream (&text, &size);
  survey_print_table (survey, list, out);
  fclose (out);
  GStrv lines = g_strsplit (text, "\n", -1);
  free (text);
  for (char **line = lines; *line; line++)
    g_assert_cmpuint (strlen (*line), <=, 80);
  return lines;
}

static void
hold_often (GArray *holders,
            guint   count,
            int     pid)
{
  for (guint i = 0; i < count; i++)
    sighting_hold (holders, pid, 3);
}

static void
test_largest (void)
{
  g_autoptr (Survey) survey = survey_new_empty ();
  Sighting *user = add (survey, "user:[4294967295]");
  user->serial = 99999999999;
  user->owner = g_strdup (user->name);
  user->owner_uid = G_MAXUINT32;
  hold_often (user->processes, 999999, 4194304);
  hold_often (user->threads, 99999, 4194304);
  hold_often (user->fds, 1000, 4194304);
  hold_often (user->mounts, 1000000, 4194304);
  hold_often (user->sockets, 999, 4194304);
  Sighting *cgroup = add (survey, "cgroup:[4294967294]");
  cgroup->serial = G_MAXUINT64;
  g_auto (GStrv) lines = print (survey);
  g_assert_cmpstr (lines[0], ==, "KIND        INODE      SERIAL      OWNER        UID PROC THR FDS MNT SOC     PID");
  g_assert_cmpstr (lines[1], ==, "cgroup 4294967294  1.8447e+19          -          -    0   0   0   0   0       -");
  g_assert_cmpstr (lines[2], ==, "user   4294967295 99999999999 4294967295 4294967295  .9M 99k  1k  1M 999 4194304");
  g_assert_cmpstr (lines[3], ==, "");
}

static void
test_small (void)
{
  g_autoptr (Survey) survey = survey_new_empty ();
  Sighting *net = add (survey, "net:[1]");
  hold_often (net->for_children, 1, G_MAXINT); /* is not there: has no name */
  g_auto (GStrv) lines = print (survey);
  g_assert_cmpstr (lines[0], ==, "KIND INODE SERIAL OWNER UID PROC THR FDS MNT SOC        PID COMMAND");
  g_assert_cmpstr (lines[1], ==, "net      1      -     -   -    0   0   0   0   0 2147483647");
}

static void
test_nothing (void)
{
  g_autoptr (Survey) survey = survey_new_empty ();
  g_auto (GStrv) lines = print (survey);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  g_assert_null (sighting_new ("socket:[1]"));
  g_assert_null (sighting_new ("net:1"));
  g_assert_null (sighting_new ("net"));
  g_assert_null (sighting_new ("/tmp/net:[1]"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/table/largest", test_largest);
  g_test_add_func ("/cli/table/small", test_small);
  g_test_add_func ("/cli/table/nothing", test_nothing);
  return g_test_run ();
}
