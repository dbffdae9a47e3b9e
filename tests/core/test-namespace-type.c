/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <sched.h>
#include <unistd.h>

static const struct
{
  StNamespaceType type;
  const char *name;
  guint flag;
} kinds[] = {
  { ST_NAMESPACE_CGROUP, "cgroup", CLONE_NEWCGROUP },
  { ST_NAMESPACE_IPC, "ipc", CLONE_NEWIPC },
  { ST_NAMESPACE_MNT, "mnt", CLONE_NEWNS },
  { ST_NAMESPACE_NET, "net", CLONE_NEWNET },
  { ST_NAMESPACE_PID, "pid", CLONE_NEWPID },
  { ST_NAMESPACE_TIME, "time", 0x80 },
  { ST_NAMESPACE_USER, "user", CLONE_NEWUSER },
  { ST_NAMESPACE_UTS, "uts", CLONE_NEWUTS },
};

#define ALL_NAMES "cgroup,ipc,mnt,net,pid,time,user,uts"

static guint
all_kinds (void)
{
  guint all = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    all |= kinds[i].type;
  return all;
}

/* SPEC-01: what is no known kind still prints as something. */
static void
test_constants (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_assert_cmphex (kinds[i].type, ==, kinds[i].flag);
  g_assert_cmphex (ST_NAMESPACE_NONE, ==, 0);
}

static void
test_names (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_assert_cmpstr (st_namespace_type_get_name (kinds[i].type), ==, kinds[i].name);
  g_assert_null (st_namespace_type_get_name (ST_NAMESPACE_NONE));
  g_assert_null (st_namespace_type_get_name (ST_NAMESPACE_NET | ST_NAMESPACE_MNT));
  g_assert_null (st_namespace_type_get_name (1));
  g_assert_null (st_namespace_type_get_name (all_kinds ()));
}

static void
check_list (guint       types,
            const char *expected)
{
  g_autofree char *text = st_namespace_types_to_string (types);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_to_string (void)
{
  check_list (ST_NAMESPACE_NONE, "");
  check_list (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, "mnt,net");
  check_list (all_kinds (), ALL_NAMES);
  check_list (1, "0x1");
  check_list (ST_NAMESPACE_UTS | 0x1001, "uts,0x1001");
}

static void
check_read (const char *text,
            guint       expected)
{
  g_autoptr (GError) error = NULL;
  const guint types = st_namespace_types_from_string (text, &error);
  g_assert_no_error (error);
  g_assert_cmphex (types, ==, expected);
}

static void
test_from_string (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    check_read (kinds[i].name, kinds[i].type);
  check_read ("mnt,net", ST_NAMESPACE_MNT | ST_NAMESPACE_NET);
  check_read ("net,mnt", ST_NAMESPACE_MNT | ST_NAMESPACE_NET);
  check_read (ALL_NAMES, all_kinds ());
}

static void
check_refused (const char *text,
               const char *words)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmphex (st_namespace_types_from_string (text, &error), ==, ST_NAMESPACE_NONE);
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, words);
}

static void
test_bad_lists (void)
{
  static const char *const unknown[] = {
    "", ",", "net,", ",net", "net,,mnt", "spam", "net,spam", "NET", "Net", "network", "ne", "n", "none",
    " net", "net ", "net, mnt", "net mnt", "net\n", "\tnet", "net;mnt", "net|mnt", "0x40000000", "mnt,net,0x1",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++)
    check_refused (unknown[i], "unknown kind");
  check_refused ("net,spam", "\"spam\"");
  check_refused ("net,spam", "cgroup, ipc, mnt, net, pid, time, user, uts");
  check_refused ("net,net", "doubled kind \"net\"");
  check_refused ("mnt,net,uts,mnt", "doubled kind \"mnt\"");

  g_autofree char *endless = g_strnfill (5000, 'x');
  check_refused (endless, "unknown kind");
}

static void
test_no_error_wanted (void)
{
  g_assert_cmphex (st_namespace_types_from_string ("spam", NULL), ==, ST_NAMESPACE_NONE);
}

static void
test_flags_class (void)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (ST_TYPE_NAMESPACE_TYPE);
  g_assert_cmphex (klass->mask, ==, all_kinds ());
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_assert_cmphex (g_flags_get_value_by_nick (klass, kinds[i].name)->value, ==, kinds[i].type);
}

static void
check_not_one (StNamespaceType type,
               const char     *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_current (type, &error), error, ST_ERROR_INVALID_ARGUMENT, words);
  test_assert_not_made (st_namespace_ref_new_for_pid (getpid (), type, &error), error, ST_ERROR_INVALID_ARGUMENT, words);
  test_assert_not_made (st_namespace_ref_new_for_pidfd (-1, type, &error), error, ST_ERROR_INVALID_ARGUMENT, words);
  test_assert_not_made (st_namespace_ref_new_transient (type, &error), error, ST_ERROR_INVALID_ARGUMENT, words);
}

/* OPS-23: the kinds that constructors refuse. */
static void
test_not_one_kind (void)
{
  check_not_one (ST_NAMESPACE_NONE, "no namespace kind given; it takes one");
  check_not_one (ST_NAMESPACE_NET | ST_NAMESPACE_MNT, "\"mnt,net\" is not one kind");
  check_not_one (1, "\"0x1\" is not one kind");

  g_autoptr (GError) error = NULL;
  const char *path = "/proc/thread-self/ns/net";
  test_assert_not_made (st_namespace_ref_new_for_path (path, ST_NAMESPACE_NET | ST_NAMESPACE_MNT, &error), error,
                  ST_ERROR_INVALID_ARGUMENT, "mnt,net");
  test_assert_not_made (st_namespace_ref_new_for_path (path, 1, &error), error, ST_ERROR_INVALID_ARGUMENT, "0x1");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/namespace-type/SPEC-01/constants", test_constants);
  test_add ("/namespace-type/SPACE-12/names", test_names);
  test_add ("/namespace-type/SPEC-01/to-string", test_to_string);
  test_add ("/namespace-type/SPEC-02/from-string", test_from_string);
  test_add ("/namespace-type/SPEC-02/bad-lists", test_bad_lists);
  test_add ("/namespace-type/no-error-wanted", test_no_error_wanted);
  test_add ("/namespace-type/flags-class", test_flags_class);
  test_add ("/namespace-type/OPS-23/not-one-kind", test_not_one_kind);
  return g_test_run ();
}
