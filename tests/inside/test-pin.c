/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "refusals.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARED REFUSAL_ROOT "/shared"

/* Everything here happens in children with mount namespaces of their own, in an empty directory of their own. */
static void
prepare (void)
{
  cpu_set_t one;
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  g_assert_no_errno (sched_setaffinity (0, sizeof one, &one)); /* Linux 6.18 tells older from newer namespaces on the same CPU only */
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("tmpfs", REFUSAL_ROOT, "tmpfs", 0, NULL));
}

static void
prepare_shared (void)
{
  g_assert_no_errno (g_mkdir (SHARED, 0755));
  g_assert_no_errno (mount ("tmpfs", SHARED, "tmpfs", 0, NULL));
  g_assert_no_errno (mount (NULL, SHARED, NULL, MS_SHARED, NULL));
}

static void
run (void (*func) (gpointer unused))
{
  if (test_needs_privilege ())
    test_in_child (func, NULL);
}

static StNamespaceRef *
open_namespace (const char *path)
{
  g_autoptr (GError) error = NULL;
  StNamespaceRef *ref = st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  return ref;
}

static StPin *
pin (StNamespaceRef *ref,
     const char     *path)
{
  g_autoptr (GError) error = NULL;
  StPin *self = st_pin_new (ref, path, &error);
  g_assert_no_error (error);
  g_assert_false (st_pin_is_closed (self));
  return self;
}

static void
unpin (StPin *self)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (st_pin_close (self, &error));
  g_assert_no_error (error);
  g_assert_true (st_pin_is_closed (self));
}

static void
check_refused (StNamespaceRef *ref,
               const char     *path,
               StError         code,
               const char     *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_pin_new (ref, path, &error), error, code, words);
}

static gboolean
is_listed (const char     *path,
           StNamespaceRef *ref)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceId) wanted = st_namespace_ref_get_id (ref, NULL);
  g_autoptr (GPtrArray) pins = st_pin_list (&error);
  g_assert_no_error (error);
  for (guint i = 0; i < pins->len; i++)
    {
      g_autoptr (StPinInfo) info = g_boxed_copy (ST_TYPE_PIN_INFO, pins->pdata[i]);
      g_autoptr (StNamespaceId) id = st_pin_info_get_id (info);
      if (g_str_equal (st_pin_info_get_path (info), path) && st_namespace_id_equal (id, wanted) &&
          st_pin_info_get_namespace_type (info) == st_namespace_ref_get_namespace_type (ref))
        return TRUE;
    }
  return FALSE;
}

/* BIND-01, BIND-02: of a descriptor, of a path; it is that namespace, it is listed, and gone afterwards. */
static void
pin_each_kind (gpointer unused)
{
  static const char *const kinds[] = { "cgroup", "ipc", "net", "pid", "time", "user", "uts" };
  prepare ();
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *from = g_strconcat ("/proc/thread-self/ns/", kinds[i], NULL);
      g_autofree char *path = g_strconcat (REFUSAL_ROOT "/a pin\\ of\n", kinds[i], NULL);
      g_autoptr (StNamespaceRef) ref = open_namespace (from);
      g_autoptr (StNamespaceRef) of_fd = st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (ref, NULL), ST_NAMESPACE_NONE, NULL);
      g_autoptr (StPin) self = pin (i % 2 ? ref : of_fd, path);
      g_assert_cmpstr (st_pin_get_path (self), ==, path);
      g_assert_true (is_listed (path, ref));
      g_autoptr (StNamespaceRef) opened = open_namespace (path);
      g_assert_true (st_namespace_ref_equal (ref, opened));
      unpin (self);
      unpin (self);
      g_assert_false (is_listed (path, ref));
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

static void
test_each_kind (void)
{
  run (pin_each_kind);
}

/* A namespace lives on without a process or a descriptor, and goes with the object. */
static void
keep_alive (gpointer unused)
{
  prepare ();
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = st_namespace_ref_new_transient (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autofree char *name = st_namespace_ref_to_string (net);
  StPin *self = pin (net, REFUSAL_ROOT "/net");
  st_namespace_ref_close (net);
  g_autoptr (StNamespaceRef) again = open_namespace (REFUSAL_ROOT "/net");
  g_autofree char *same = st_namespace_ref_to_string (again);
  g_assert_cmpstr (name, ==, same);

  g_autoptr (GVariant) portable = st_namespace_ref_to_portable (again, &error);
  const char *path;
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (portable, "path", "^&ay", &path));
  g_assert_cmpstr (path, ==, REFUSAL_ROOT "/net");
  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_from_portable (portable, &error);
  g_assert_no_error (error);
  g_object_unref (self);
  g_assert_false (g_file_test (REFUSAL_ROOT "/net", G_FILE_TEST_EXISTS));
  test_assert_not_made (st_namespace_ref_new_from_portable (portable, &error), error, ST_ERROR_STALE,
                        REFUSAL_ROOT "/net does not hold net:[");
}

static void
test_keep_alive (void)
{
  run (keep_alive);
}

/* What was there stays there: an empty file. */
static void
use_file (gpointer unused)
{
  struct stat status;
  prepare ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/file", "", 0, NULL));
  g_assert_no_errno (symlink ("file", REFUSAL_ROOT "/link"));
  g_assert_no_errno (chdir (REFUSAL_ROOT));
  g_autoptr (StPin) relative = pin (uts, "./file");
  g_assert_cmpstr (st_pin_get_path (relative), ==, REFUSAL_ROOT "/file");
  g_assert_no_errno (chdir ("/"));
  unpin (relative);
  g_autoptr (StPin) through_link = pin (uts, REFUSAL_ROOT "/link");
  g_assert_true (is_listed (REFUSAL_ROOT "/file", uts));
  unpin (through_link);
  g_assert_no_errno (lstat (REFUSAL_ROOT "/file", &status));
  g_assert_true (S_ISREG (status.st_mode));
  g_assert_no_errno (lstat (REFUSAL_ROOT "/link", &status));
}

static void
test_file (void)
{
  run (use_file);
}

/* Nobody could read what is in a file that a namespace covers. */
static void
pin_on_content (gpointer unused)
{
  prepare ();
  g_autofree char *content = NULL;
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/file", "mine", -1, NULL));
  g_assert_no_errno (symlink ("file", REFUSAL_ROOT "/link"));
  check_refused (uts, REFUSAL_ROOT "/file", ST_ERROR_INVALID_ARGUMENT, "cannot pin on " REFUSAL_ROOT "/file: the file is not empty");
  check_refused (uts, REFUSAL_ROOT "/link", ST_ERROR_INVALID_ARGUMENT, "is not empty");
  check_refused (uts, "/proc/sys/kernel/hostname", ST_ERROR_INVALID_ARGUMENT, "is not empty"); /* of size 0 */
  g_assert_true (g_file_get_contents (REFUSAL_ROOT "/file", &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "mine");
}

static void
test_content (void)
{
  run (pin_on_content);
}

static void
pin_on_others (gpointer unused)
{
  prepare ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_autoptr (StNamespaceRef) net = open_namespace ("/proc/thread-self/ns/net");
  g_autoptr (StPin) self = pin (uts, REFUSAL_ROOT "/pin");
  check_refused (net, REFUSAL_ROOT "/pin", ST_ERROR_INVALID_ARGUMENT, "a namespace is pinned there already");
  check_refused (uts, REFUSAL_ROOT "/pin", ST_ERROR_INVALID_ARGUMENT, "a namespace is pinned there already");
  check_refused (uts, "/proc/thread-self/ns/net", ST_ERROR_INVALID_ARGUMENT, "a namespace is pinned there already");
  check_refused (uts, REFUSAL_ROOT, ST_ERROR_INVALID_ARGUMENT, "Is a directory");
  check_refused (uts, "/dev/null", ST_ERROR_INVALID_ARGUMENT, "it is not a regular file");
  check_refused (uts, REFUSAL_ROOT "/none/pin", ST_ERROR_NOT_FOUND, "cannot pin on " REFUSAL_ROOT "/none/pin: No such file");
  check_refused (uts, REFUSAL_ROOT "/pin/pin", ST_ERROR_NOT_FOUND, "Not a directory");
  check_refused (uts, "", ST_ERROR_INVALID_ARGUMENT, "without a name");
  g_autofree char *name = g_strnfill (6000, 'x');
  g_autofree char *path = g_strconcat (REFUSAL_ROOT "/", name, NULL);
  check_refused (uts, path, ST_ERROR_INVALID_ARGUMENT, "File name too long");
  g_assert_no_errno (symlink ("nowhere", REFUSAL_ROOT "/link"));
  check_refused (uts, REFUSAL_ROOT "/link", ST_ERROR_NOT_FOUND, REFUSAL_ROOT "/link");
  g_assert_true (is_listed (REFUSAL_ROOT "/pin", uts));
  unpin (self);
}

static void
test_bad_points (void)
{
  run (pin_on_others);
}

/* BIND-03, BIND-04: what is no namespace has no reference. */
static void
test_bad_references (void)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_fd (0, ST_NAMESPACE_NONE, &error), error, ST_ERROR_NOT_A_NAMESPACE, "descriptor 0");
  test_assert_not_made (st_namespace_ref_new_for_path ("/proc/self", ST_NAMESPACE_NONE, &error), error, ST_ERROR_NOT_A_NAMESPACE, "/proc/self");
  g_autoptr (StNamespaceRef) ref = open_namespace ("/proc/thread-self/ns/uts");
  st_namespace_ref_close (ref);
  check_refused (ref, "/tmp/unused-pin", ST_ERROR_CLOSED, "closed");
  g_assert_false (g_file_test ("/tmp/unused-pin", G_FILE_TEST_EXISTS));
}

static void
lose_pins (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  prepare ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");

  g_autoptr (StPin) unmounted = pin (uts, REFUSAL_ROOT "/a");
  g_assert_no_errno (umount (REFUSAL_ROOT "/a"));
  unpin (unmounted);
  g_assert_false (g_file_test (REFUSAL_ROOT "/a", G_FILE_TEST_EXISTS));

  g_autoptr (StPin) removed = pin (uts, REFUSAL_ROOT "/b");
  g_assert_no_errno (umount (REFUSAL_ROOT "/b"));
  g_assert_no_errno (unlink (REFUSAL_ROOT "/b"));
  unpin (removed);

  g_autoptr (StPin) replaced = pin (uts, REFUSAL_ROOT "/c"); /* its file is somebody else's by now */
  g_assert_no_errno (umount (REFUSAL_ROOT "/c"));
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/new", "mine", -1, NULL));
  g_assert_no_errno (rename (REFUSAL_ROOT "/new", REFUSAL_ROOT "/c"));
  unpin (replaced);
  g_assert_true (g_file_test (REFUSAL_ROOT "/c", G_FILE_TEST_EXISTS));

  g_autoptr (StPin) covered = pin (uts, REFUSAL_ROOT "/d");
  g_assert_no_errno (mount ("/proc/self/ns/net", REFUSAL_ROOT "/d", NULL, MS_BIND, NULL));
  g_assert_false (st_pin_close (covered, &error));
  test_assert_failed (error, ST_ERROR_FAILED, "something else is mounted over");
  g_assert_false (st_pin_is_closed (covered));
  g_assert_no_errno (umount (REFUSAL_ROOT "/d"));
  unpin (covered);
}

static void
test_behind_our_back (void)
{
  run (lose_pins);
}

static gpointer
close_elsewhere (gpointer data)
{
  g_assert_no_errno (unshare (CLONE_FS | CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  unpin (data);
  g_autoptr (StNamespaceRef) still_there = open_namespace (REFUSAL_ROOT "/pin"); /* in the copy of this thread */
  return NULL;
}

/* Unmounted where it was mounted, whoever closes it. */
static void
close_from_elsewhere (gpointer unused)
{
  prepare ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/pin", "", 0, NULL));
  g_autoptr (StPin) self = pin (uts, REFUSAL_ROOT "/pin");
  g_thread_join (g_thread_new ("elsewhere", close_elsewhere, self));
  g_assert_false (is_listed (REFUSAL_ROOT "/pin", uts));
}

static void
test_elsewhere (void)
{
  run (close_from_elsewhere);
}

/* At home what is shared may be seen by others, in a space it may not. */
static void
pin_on_shared (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  prepare ();
  prepare_shared ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_autoptr (StPin) self = pin (uts, SHARED "/pin");
  unpin (self);

  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (&error);
  g_assert_no_error (error);
  check_refused (ST_NAMESPACE_REF (mntns), SHARED "/mnt", ST_ERROR_NOT_SUPPORTED, "a mnt namespace needs a private mount");
  g_assert_false (g_file_test (SHARED "/mnt", G_FILE_TEST_EXISTS));
  g_autoptr (StPin) private = pin (ST_NAMESPACE_REF (mntns), REFUSAL_ROOT "/mnt");
  g_assert_true (is_listed (REFUSAL_ROOT "/mnt", ST_NAMESPACE_REF (mntns)));
  unpin (private);
  g_autoptr (StNamespaceRef) own = open_namespace ("/proc/thread-self/ns/mnt");
  check_refused (own, REFUSAL_ROOT "/own", ST_ERROR_INVALID_ARGUMENT, "not in itself");
  g_assert_false (g_file_test (REFUSAL_ROOT "/own", G_FILE_TEST_EXISTS));
}

static void
test_shared (void)
{
  run (pin_on_shared);
}

static void
pin_in_space (gpointer unused)
{
  g_autoptr (GError) error = NULL;
  prepare ();
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/file", "", -1, NULL));
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  StVisit *visit = st_enter_transient (ST_NAMESPACE_MNT, &error);
  g_assert_no_error (error);
  check_refused (uts, REFUSAL_ROOT "/missing", ST_ERROR_NOT_FOUND, "away from home no file is made");
  g_autoptr (StPin) self = pin (uts, REFUSAL_ROOT "/file");
  g_assert_true (is_listed (REFUSAL_ROOT "/file", uts));
  g_assert_no_errno (mount (NULL, REFUSAL_ROOT, NULL, MS_SHARED, NULL));
  g_assert_true (g_file_set_contents (REFUSAL_ROOT "/other", "", -1, NULL));
  check_refused (uts, REFUSAL_ROOT "/other", ST_ERROR_WOULD_TOUCH_HOST, "it is shared");
  g_assert_true (st_visit_leave (visit, &error));
  g_assert_no_error (error);
  g_object_unref (visit);
  g_assert_false (is_listed (REFUSAL_ROOT "/file", uts));
  unpin (self);
}

static void
test_in_space (void)
{
  run (pin_in_space);
}

/* A forked child leaves the pins of its parent alone; who exits takes its own along. */
static void
exit_with_pin (gpointer path)
{
  static StPin *lost;
  StNamespaceRef *uts = open_namespace ("/proc/thread-self/ns/uts");
  lost = pin (uts, path);
  g_assert_false (st_pin_is_closed (lost));
  g_object_unref (uts);
  exit (EXIT_SUCCESS);
}

static void
just_exit (gpointer inherited)
{
  g_object_unref (inherited);
  exit (EXIT_SUCCESS);
}

G_GNUC_UNUSED static void
pin_and_exit (gpointer unused)
{
  prepare ();
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  g_autoptr (StPin) own = pin (uts, REFUSAL_ROOT "/own");
  test_in_child (exit_with_pin, (gpointer) REFUSAL_ROOT "/lost");
  g_assert_false (g_file_test (REFUSAL_ROOT "/lost", G_FILE_TEST_EXISTS));
  test_in_child (just_exit, own);
  g_assert_true (is_listed (REFUSAL_ROOT "/own", uts));
  unpin (own);
}

static void
test_exit (void)
{
#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("to the leak sanitizer, a forked child has lost what its parent's threads hold");
#else
  run (pin_and_exit);
#endif
}

static void
test_denied (void)
{
  g_autoptr (GError) error = NULL;
  if (!test_needs_no_privilege ())
    return;
  g_autofree char *directory = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (directory, "pin", NULL);
  g_autoptr (StNamespaceRef) uts = open_namespace ("/proc/thread-self/ns/uts");
  check_refused (uts, path, ST_ERROR_PERMISSION_DENIED, "cannot pin a uts namespace on");
  g_assert_no_errno (g_rmdir (directory)); /* it is empty */
}

static void
test_unmade (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  gboolean closed = FALSE;
  g_autoptr (StPin) self = g_object_new (ST_TYPE_PIN, NULL);
  g_assert_true (st_pin_is_closed (self));
  g_assert_null (st_pin_get_path (self));
  g_assert_true (st_pin_close (self, &error));
  g_assert_no_error (error);
  g_object_get (self, "closed", &closed, "path", &path, NULL);
  g_assert_true (closed);
  g_assert_null (path);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/pin/BIND-01/BIND-02/each-kind", test_each_kind);
  test_add ("/pin/keep-alive", test_keep_alive);
  test_add ("/pin/file", test_file);
  test_add ("/pin/bad-points", test_bad_points);
  test_add ("/pin/content", test_content);
  test_add ("/pin/BIND-03/BIND-04/bad-references", test_bad_references);
  test_add ("/pin/behind-our-back", test_behind_our_back);
  test_add ("/pin/elsewhere", test_elsewhere);
  test_add ("/pin/shared", test_shared);
  test_add ("/pin/in-space", test_in_space);
  test_add ("/pin/exit", test_exit);
  test_add ("/pin/denied", test_denied);
  test_add ("/pin/unmade", test_unmade);
  return g_test_run ();
}
