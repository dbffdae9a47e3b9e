/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "container-support.h"

#include <limits.h>
#include <sys/stat.h>

/* Namespaces that are found in one mount namespace after the other. */

/* In /mnt: a mount namespace that nobody lives in any more, bound to a file, and links. Only that one has a file /srv/canary. */
static const char furnish[] =
  "mount -t tmpfs none /mnt\n"
  "mount -t tmpfs none /tmp\n"
  "echo outer >/mnt/canary\n"
  "mkfifo /mnt/up /mnt/end\n"
  "unshare --mount sh -c 'mount -t tmpfs none /srv; echo inner >/srv/canary; echo >/mnt/up; read x </mnt/end' &\n"
  "read x </mnt/up\n"
  "touch /mnt/inner /mnt/net /mnt/plain\n"
  "mount --bind /proc/$!/ns/mnt /mnt/inner\n"
  "mount --bind /proc/self/ns/net /mnt/net\n"
  "echo >/mnt/end\n"
  "wait\n"
  "ln -s /mnt/inner /mnt/absolute\n"
  "ln -s ../../../../../mnt/absolute /mnt/relative\n"
  "ln -s /proc/$$/ns/mnt /mnt/to-proc\n"
  "ln -s round /mnt/round\n"
  "ln -s /mnt /mnt/directory\n"
  "ln -s /proc/$$/fd/0 /mnt/to-pipe\n";

static Foreign
start (void)
{
  allow_spacer ();
  return foreign_start ("--mount", furnish);
}

static StNamespaceRef *
open_chain (const char     *first,
            const char     *second,
            StNamespaceType type,
            GError        **error)
{
  const char *const paths[] = { first, second, NULL };
  return st_namespace_ref_new_for_chain (paths, type, error);
}

static void
assert_refused (const char *first,
                const char *second,
                int         code,
                const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = open_chain (first, second, ST_NAMESPACE_MNT, &error);
  test_assert_not_made (ref, error, code, text);
}

static void
test_bad (void)
{
  g_autoptr (GError) error = NULL;
  const char *const none[] = { NULL };
  g_assert_null (st_namespace_ref_new_for_chain (none, ST_NAMESPACE_MNT, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "at least one path");
  g_assert_null (st_namespace_ref_new_for_chain (NULL, ST_NAMESPACE_MNT, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "at least one path");
  g_assert_null (open_chain ("/proc/self/ns/mnt", NULL, (StNamespaceType) 3, &error));
  test_assert_failed (error, ST_ERROR_INVALID_ARGUMENT, "");
  assert_refused ("", NULL, ST_ERROR_INVALID_ARGUMENT, "link 1 of 1: \"\" is not an absolute path");
  assert_refused ("proc/self/ns/mnt", NULL, ST_ERROR_INVALID_ARGUMENT, "link 1 of 1");
  assert_refused ("/proc/self/ns/mnt", "mnt/inner", ST_ERROR_INVALID_ARGUMENT, "link 2 of 2: \"mnt/inner\"");
  assert_refused ("/proc/self", NULL, ST_ERROR_NOT_A_NAMESPACE, "link 1 of 1");
  assert_refused ("/proc/self/", NULL, ST_ERROR_NOT_A_NAMESPACE, "link 1 of 1");
  assert_refused ("/nowhere/mnt", NULL, ST_ERROR_NOT_FOUND, "/nowhere/mnt");
  assert_refused ("/proc/self/ns/net", NULL, ST_ERROR_WRONG_TYPE, "net");
  assert_refused ("/proc/self/ns/net", "/x", ST_ERROR_WRONG_TYPE, "link 1 of 2");
  assert_refused ("/nowhere/mnt", "/x", ST_ERROR_NOT_FOUND, "link 1 of 2");
}

static void
test_bad_inside (void)
{
  g_auto (Foreign) outer = start ();
  g_autofree char *first = foreign_path (&outer, "mnt");
  g_autofree char *not_utf8 = g_strdup ("/mnt/\xff");
  g_autofree char *long_path = g_strnfill (PATH_MAX + 100, 'x');
  long_path[0] = '/';
  assert_refused (first, "/mnt/missing", ST_ERROR_NOT_FOUND, "link 2 of 2: cannot open namespace /mnt/missing in mnt:[");
  assert_refused (first, "/mnt/missing/more", ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, "/mnt/plain/more", ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, "/mnt/plain", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/mnt", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/mnt/..", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/mnt/up", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2"); /* a FIFO that nobody writes to */
  assert_refused (first, "/dev/null", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/mnt/to-pipe", ST_ERROR_NOT_A_NAMESPACE, "link 2 of 2");
  assert_refused (first, "/mnt/net", ST_ERROR_WRONG_TYPE, "link 2 of 2: cannot use /mnt/net as a mnt namespace");
  assert_refused (first, "/mnt/round", ST_ERROR_INVALID_ARGUMENT, "link 2 of 2");
  assert_refused (first, not_utf8, ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, long_path, ST_ERROR_INVALID_ARGUMENT, "link 2 of 2");
}

static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/mnt", (int) getpid ());
  g_autoptr (StNamespaceRef) ref = open_chain (path, NULL, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = open_view (ref);
  g_autofree char *root = st_mount_view_resolve (view, "/", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (root, ==, "/");
  const int fd = st_mount_view_open (view, "/dev/null", O_RDONLY, 0, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_cmpint (st_mount_view_open (view, "/nowhere", O_RDONLY, 0, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_bound (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Foreign) outer = start ();
  g_autofree char *first = foreign_path (&outer, "mnt");
  g_autoptr (StNamespaceRef) ref = open_chain (first, "/mnt/inner", ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) view = open_view (ref);
  assert_file (view, "/srv/canary", "inner\n");
  g_assert_false (g_file_test ("/srv/canary", G_FILE_TEST_EXISTS));

  /* What a resolver by text can't do. */
  g_autoptr (GBytes) content = g_bytes_new_static ("made\n", 5);
  st_mount_view_replace (view, "/srv/made", content, &error);
  g_assert_no_error (error);
  assert_file (view, "/srv/made", "made\n");
  g_autofree char *resolved = st_mount_view_resolve (view, "/proc/../srv/./made", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (resolved, ==, "/srv/made");

  g_autoptr (StNamespaceRef) first_ref = open_chain (first, NULL, ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_autoptr (StMountView) first_view = open_view (first_ref);
  assert_file (first_view, "/mnt/canary", "outer\n");
  g_assert_null (st_mount_view_load (first_view, "/srv/canary", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  st_mount_view_close (view);
  st_mount_view_close (view);
}

/* The namespace is what is held: it needs neither a process nor the one that it was found in. */
static void
test_outlives (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) ref = NULL;
  {
    g_auto (Foreign) outer = start ();
    g_autofree char *first = foreign_path (&outer, "mnt");
    ref = open_chain (first, "/mnt/inner", ST_NAMESPACE_MNT, &error);
    g_assert_no_error (error);
  }
  g_autoptr (StMountView) view = open_view (ref);
  assert_file (view, "/srv/canary", "inner\n");
}

static void
test_kinds (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Foreign) outer = start ();
  g_autofree char *first = foreign_path (&outer, "mnt");
  g_autoptr (StNamespaceRef) net = open_chain (first, "/mnt/net", ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) any = open_chain (first, "/mnt/net", ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (net, any));
  g_autofree char *text = st_namespace_ref_to_string (net);
  test_assert_where ("net", text);
  const char *const through_net[] = { first, "/mnt/net", "/x", NULL };
  g_assert_null (st_namespace_ref_new_for_chain (through_net, ST_NAMESPACE_MNT, &error));
  test_assert_failed (error, ST_ERROR_WRONG_TYPE, "link 2 of 3");
}

static void
test_links (void)
{
  g_auto (Foreign) outer = start ();
  g_autofree char *first = foreign_path (&outer, "mnt");
  const char *const to_inner[] = { "/mnt/absolute", "/mnt/relative", "/mnt/directory/inner", "/../mnt//./inner" };
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) inner = open_chain (first, "/mnt/inner", ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (to_inner); i++)
    {
      g_autoptr (StNamespaceRef) same = open_chain (first, to_inner[i], ST_NAMESPACE_MNT, &error);
      g_assert_no_error (error);
      g_assert_true (st_namespace_ref_equal (same, inner));
    }
  g_autoptr (StNamespaceRef) itself = open_chain (first, "/mnt/to-proc", ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) expected = st_namespace_ref_new_for_path (first, ST_NAMESPACE_MNT, &error);
  g_assert_true (st_namespace_ref_equal (itself, expected));
}

/* A link to what is there outside, but not inside, leads nowhere. */
static void
test_no_way_out (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("chain-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *outside = g_build_filename (directory, "ns", NULL);
  g_assert_no_errno (symlink ("/proc/self/ns/mnt", outside));
  g_autoptr (StNamespaceRef) here = open_chain (outside, NULL, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);

  allow_spacer ();
  g_autofree char *script = g_strdup_printf ("%s\nln -s %s /mnt/out\nln -s ../../../../..%s /mnt/up-and-out\nln -s /proc/%d/root%s /mnt/root\n",
                                             furnish, outside, outside, (int) getpid (), outside);
  g_auto (Foreign) outer = foreign_start ("--mount", script);
  g_autofree char *first = foreign_path (&outer, "mnt");
  g_autofree char *by_root = g_strdup_printf ("/proc/%d/root%s", (int) getpid (), outside);
  assert_refused (first, outside, ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, "/mnt/out", ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, "/mnt/up-and-out", ST_ERROR_NOT_FOUND, "link 2 of 2");
  assert_refused (first, "/mnt/root", ST_ERROR_INVALID_ARGUMENT, "link 2 of 2");
  assert_refused (first, by_root, ST_ERROR_INVALID_ARGUMENT, "link 2 of 2");
  g_assert_no_errno (unlink (outside));
  g_assert_no_errno (rmdir (directory));
}

static void
test_forty (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Foreign) outer = start ();
  g_autofree char *step = foreign_path (&outer, "mnt");
  const char *paths[42] = { NULL };
  for (int i = 0; i < 40; i++)
    paths[i] = step;
  g_autoptr (StNamespaceRef) same = st_namespace_ref_new_for_chain (paths, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_autofree char *text = st_namespace_ref_to_string (same);
  g_autoptr (StNamespaceRef) expected = st_namespace_ref_new_for_pid (outer.pid, ST_NAMESPACE_MNT, &error);
  g_assert_true (st_namespace_ref_equal (same, expected));
  paths[40] = "/mnt/inner";
  g_autoptr (StNamespaceRef) inner = st_namespace_ref_new_for_chain (paths, ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  g_assert_false (st_namespace_ref_equal (inner, expected));
  paths[39] = "/mnt/plain";
  g_assert_null (st_namespace_ref_new_for_chain (paths, ST_NAMESPACE_MNT, &error));
  test_assert_failed (error, ST_ERROR_NOT_A_NAMESPACE, "link 40 of 41");
}

/* Nobody goes there for whoever does not want it. */
static void
test_never (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Foreign) outer = start ();
  g_autofree char *first = foreign_path (&outer, "mnt");
  g_assert_true (st_spacer_set_policy (ST_SPACER_POLICY_NEVER, NULL));
  g_autoptr (StNamespaceRef) ref = open_chain (first, "/mnt/inner", ST_NAMESPACE_MNT, &error);
  if (test_is_privileged ())
    g_assert_no_error (error);
  else
    test_assert_not_made (ref, error, ST_ERROR_PERMISSION_DENIED, "link 1 of 2");
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/chain/MTNR-01/SBOX-02/bad", test_bad);
  test_add ("/chain/MTNR-01/bad-inside", test_bad_inside);
  test_add ("/chain/MTNR-02/own", test_own);
  test_add ("/chain/MTNR-03/MTNR-04/bound", test_bound);
  test_add ("/chain/MTNR-03/outlives", test_outlives);
  test_add ("/chain/kinds", test_kinds);
  test_add ("/chain/links", test_links);
  test_add ("/chain/no-way-out", test_no_way_out);
  test_add ("/chain/forty", test_forty);
  test_add ("/chain/never", test_never);
  return g_test_run ();
}
