/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "support.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static guint64
nsfs_device (void)
{
  struct stat status;
  g_assert_cmpint (stat ("/proc/thread-self/ns/net", &status), ==, 0);
  return status.st_dev;
}

static void
test_equal (void)
{
  g_autoptr (StNamespaceId) one = st_namespace_id_new (4, 1);
  g_autoptr (StNamespaceId) same = st_namespace_id_new (4, 1);
  g_autoptr (StNamespaceId) other_inode = st_namespace_id_new (4, 2);
  g_autoptr (StNamespaceId) other_device = st_namespace_id_new (5, 1);
  g_autoptr (StNamespaceId) copy = st_namespace_id_copy (other_device);
  g_assert_true (st_namespace_id_equal (one, one));
  g_assert_true (st_namespace_id_equal (one, same));
  g_assert_cmpuint (st_namespace_id_hash (one), ==, st_namespace_id_hash (same));
  g_assert_false (st_namespace_id_equal (one, other_inode));
  g_assert_false (st_namespace_id_equal (one, other_device));
  g_assert_true (st_namespace_id_equal (copy, other_device));
  g_assert_true (copy != other_device);
}

static void
test_hash_table (void)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full ((GHashFunc) st_namespace_id_hash, (GEqualFunc) st_namespace_id_equal,
                                                        (GDestroyNotify) st_namespace_id_free, NULL);
  g_autoptr (StNamespaceId) key = st_namespace_id_new (4, G_MAXUINT64);
  g_hash_table_add (table, st_namespace_id_new (4, G_MAXUINT64));
  g_hash_table_add (table, st_namespace_id_new (5, G_MAXUINT64));
  g_assert_cmpuint (g_hash_table_size (table), ==, 2);
  g_assert_true (g_hash_table_remove (table, key));
  g_assert_false (g_hash_table_contains (table, key));
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_value_init (&value, ST_TYPE_NAMESPACE_ID);
  g_value_take_boxed (&value, st_namespace_id_new (4, 7));
  g_autoptr (StNamespaceId) copy = g_value_dup_boxed (&value);
  g_assert_cmpuint (copy->device, ==, 4);
  g_assert_cmpuint (copy->inode, ==, 7);
}

/* Every kind, and the largest number there is. */
static void
test_parse (void)
{
  static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
  g_autoptr (GFlagsClass) klass = g_type_class_ref (ST_TYPE_NAMESPACE_TYPE);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("%s:[4026531833]", names[i]);
      StNamespaceType type = ST_NAMESPACE_NONE;
      g_autoptr (StNamespaceId) id = st_namespace_id_parse (text, &type, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (id->inode, ==, 4026531833);
      g_assert_cmpuint (id->device, ==, nsfs_device ());
      g_assert_cmphex (type, ==, g_flags_get_value_by_nick (klass, names[i])->value);
    }

  g_autoptr (StNamespaceId) least = st_namespace_id_parse ("net:[1]", NULL, NULL);
  g_autoptr (StNamespaceId) most = st_namespace_id_parse ("net:[18446744073709551615]", NULL, NULL);
  g_assert_cmpuint (least->inode, ==, 1);
  g_assert_cmpuint (most->inode, ==, G_MAXUINT64);
}

static void
test_parse_own (void)
{
  g_autoptr (GError) error = NULL;
  char text[64] = "";
  g_assert_cmpint (readlink ("/proc/thread-self/ns/net", text, sizeof text - 1), >, 0);
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autofree char *as_string = st_namespace_ref_to_string (ref);
  g_assert_cmpstr (as_string, ==, text);
  g_autoptr (StNamespaceId) parsed = st_namespace_id_parse (text, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceId) asked = st_namespace_ref_get_id (ref, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_id_equal (parsed, asked));
}

static void
test_bad_texts (void)
{
  static const char *const texts[] = {
    "", "net", "net[1]", "net:", "net:1", "net:[", "net:]", "net:[]", "net:[1", "net:1]", "foo:[1]", "net:[-1]", "net:[123abc]", "n:[1]",
    "net:[0]", "net:[+1]", "net:[ 1]", "net:[1 ]", " net:[1]", "net:[1] ", "net:[1]\n", "net:[1]]", "net:[[1]]", "net :[1]", "NET:[1]",
    ":[1]", "net:[0x1]", "net:[18446744073709551616]", "net:[1]:[1]", "mnt,net:[1]", "pid_for_children:[1]",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      StNamespaceType type = 0x1234;
      test_assert_not_made (st_namespace_id_parse (texts[i], &type, &error), error, ST_ERROR_INVALID_ARGUMENT, "does not name a namespace");
      g_assert_cmphex (type, ==, 0x1234);
    }
}

static void
test_for_inode (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceId) id = st_namespace_id_new_for_inode (42, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id->inode, ==, 42);
  g_assert_cmpuint (id->device, ==, nsfs_device ());
  test_assert_not_made (st_namespace_id_new_for_inode (0, &error), error, ST_ERROR_INVALID_ARGUMENT, "inode number 0");
}

static void
test_to_string (void)
{
  g_autoptr (StNamespaceId) id = st_namespace_id_new (42, 123);
  g_autofree char *text = st_namespace_id_to_string (id);
  g_assert_cmpstr (text, ==, "42:123");
}

static void
without_descriptors (gpointer data)
{
  g_autoptr (GError) error = NULL;
  const struct rlimit none = { 0, 0 };
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  test_assert_not_made (st_namespace_id_new_for_inode (42, &error), error, ST_ERROR_EXHAUSTED, "cannot find the device of namespaces");
  test_assert_not_made (st_namespace_id_parse ("net:[1]", NULL, &error), error, ST_ERROR_EXHAUSTED, "cannot find the device of namespaces");
}

static void
test_device_not_found (void)
{
  test_in_child (without_descriptors, NULL);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/namespace-id/SPEC-03/equal", test_equal);
  test_add ("/namespace-id/hash-table", test_hash_table);
  test_add ("/namespace-id/boxed", test_boxed);
  test_add ("/namespace-id/SPEC-04/parse", test_parse);
  test_add ("/namespace-id/SPEC-04/parse-own", test_parse_own);
  test_add ("/namespace-id/SPEC-04/bad-texts", test_bad_texts);
  test_add ("/namespace-id/SPEC-05/for-inode", test_for_inode);
  test_add ("/namespace-id/SPEC-05/to-string", test_to_string);
  test_add ("/namespace-id/SPEC-05/device-not-found", test_device_not_found);
  return g_test_run ();
}
