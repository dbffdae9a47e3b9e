/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* What references are made of, and what they are not made of. */
#include "idle-child.h"
#include "support.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define OWN_NET "/proc/thread-self/ns/net"

static int
open_own (const char *kind)
{
  g_autofree char *path = g_strconcat ("/proc/thread-self/ns/", kind, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (fd);
  return fd;
}

static void
check_path (const char *path,
            int         code,
            const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &error), error, code, words);
  test_assert_not_made (st_namespace_ref_new_for_path (path, ST_NAMESPACE_PID, &error), error, code, words);
}

/* SPACE-02, SPACE-06, OPS-16, OPS-17, OPS-18: a nonsense path, foretold or not */
static void
test_nonsense_path (void)
{
  check_path ("/foobar", ST_ERROR_NOT_FOUND, "cannot open namespace /foobar: No such file or directory");
  check_path ("foobar", ST_ERROR_NOT_FOUND, "cannot open namespace foobar");
  check_path ("", ST_ERROR_NOT_FOUND, "cannot open namespace");
  check_path (OWN_NET "/more", ST_ERROR_NOT_FOUND, "Not a directory");
  check_path ("/proc/thread-self/ns/spam", ST_ERROR_NOT_FOUND, "spam");
}

static void
test_endless_path (void)
{
  g_autofree char *name = g_strnfill (5000, 'x');
  g_autofree char *path = g_strconcat ("/proc/", name, NULL);
  g_autoptr (GError) error = NULL;
  check_path (path, ST_ERROR_INVALID_ARGUMENT, "File name too long");
  g_assert_null (st_namespace_ref_new_for_path (path, ST_NAMESPACE_NONE, &error));
  g_assert_cmpuint (strlen (error->message), <, 512);
}

static char *
make_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("spacetest-XXXXXX", &error);
  g_assert_no_error (error);
  return path;
}

static void
test_symlinks (void)
{
  g_autofree char *directory = make_directory ();
  g_autofree char *loop = g_build_filename (directory, "loop", NULL);
  g_autofree char *link = g_build_filename (directory, "link", NULL);
  g_autoptr (GError) error = NULL;
  g_assert_no_errno (symlink ("loop", loop));
  g_assert_no_errno (symlink (OWN_NET, link));
  check_path (loop, ST_ERROR_INVALID_ARGUMENT, "symbolic links");
  g_autofree char *through = g_build_filename (loop, "net", NULL);
  check_path (through, ST_ERROR_INVALID_ARGUMENT, "symbolic links");
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_for_path (link, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ref);
  g_unlink (link);
  g_unlink (loop);
  g_rmdir (directory);
}

static int
listen_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  return fd;
}

/* Nothing waits for the other end of the FIFO, and the device is not opened: there is none behind it, so that would be ENXIO. */
static void
test_special_files (void)
{
  g_autofree char *directory = make_directory ();
  g_autofree char *fifo = g_build_filename (directory, "fifo", NULL);
  g_autofree char *socket_path = g_build_filename (directory, "socket", NULL);
  g_autofree char *device = g_build_filename (directory, "device", NULL);
  g_assert_no_errno (mkfifo (fifo, 0600));
  g_assert_no_errno (mknod (device, S_IFCHR | 0600, makedev (0, 0)));
  const int listener = listen_at (socket_path);
  check_path (fifo, ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path (socket_path, ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path (device, ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path (directory, ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  close (listener);
  g_unlink (device);
  g_unlink (socket_path);
  g_unlink (fifo);
  g_rmdir (directory);
}

/* OPS-15, OPS-16, OPS-18 */
static void
test_other_files (void)
{
  check_path ("/dev/null", ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path ("/", ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path ("/proc/self/exe", ST_ERROR_NOT_A_NAMESPACE, "cannot open namespace /proc/self/exe");
  check_path ("/proc/self/stat", ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
  check_path ("/proc/self/ns", ST_ERROR_NOT_A_NAMESPACE, "not a namespace");
}

/* SPACE-07, OPS-18 */
static void
test_wrong_kind (void)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_path ("/proc/thread-self/ns/mnt", ST_NAMESPACE_UTS, &error), error,
                        ST_ERROR_WRONG_TYPE, "as a uts namespace: it is a mnt namespace");
  test_assert_not_made (st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_MNT, &error), error, ST_ERROR_WRONG_TYPE,
                        "as a mnt namespace: it is a net namespace");
}

static void
be_denied (gpointer data)
{
  if (geteuid () == 0)
    {
      g_assert_no_errno (setresgid (65534, 65534, 65534));
      g_assert_no_errno (setresuid (65534, 65534, 65534));
    }
  g_autoptr (GError) error = NULL;
  check_path ("/proc/1/ns/net", ST_ERROR_PERMISSION_DENIED, "Permission denied (see docs: privileges)");
  test_assert_not_made (st_namespace_ref_new_for_pid (1, ST_NAMESPACE_NET, &error), error, ST_ERROR_PERMISSION_DENIED,
                        "process 1: cannot open the net namespace of a process");
}

static void
test_denied (void)
{
  /* Inside a user namespace there is only one user to be, and process 1 is not his. */
  if (geteuid () == 0 && !test_is_real_root ())
    {
      g_autoptr (GError) error = NULL;
      check_path ("/proc/1/ns/net", ST_ERROR_PERMISSION_DENIED, "Permission denied");
      return;
    }
  test_in_child (be_denied, NULL);
}

static void
check_fd (int         fd,
          int         code,
          const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_fd (fd, ST_NAMESPACE_NONE, &error), error, code, words);
  const gboolean is_open = fcntl (fd, F_GETFD) >= 0;
  g_assert_true (is_open == (code == ST_ERROR_NOT_A_NAMESPACE));
  test_assert_not_made (st_namespace_ref_new_take_fd (fd, ST_NAMESPACE_NONE, &error), error, code, words);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
}

/* SPACE-09, SPACE-20, SPACE-27, OPS-14, OPS-15 */
static void
test_no_descriptor (void)
{
  int closed = open_own ("net");
  close (closed);
  check_fd (-1, ST_ERROR_INVALID_ARGUMENT, "cannot use descriptor -1 as a namespace: Bad file descriptor");
  check_fd (G_MININT, ST_ERROR_INVALID_ARGUMENT, "Bad file descriptor");
  check_fd (G_MAXINT, ST_ERROR_INVALID_ARGUMENT, "Bad file descriptor");
  check_fd (closed, ST_ERROR_INVALID_ARGUMENT, "not an open descriptor");
}

/* What is taken is closed even if it is of no use; what is only used stays open. */
static void
test_other_descriptors (void)
{
  const char *words = "not a namespace";
  int ends[2], pair[2];
  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  for (int i = 0; i < 2; i++)
    {
      check_fd (ends[i], ST_ERROR_NOT_A_NAMESPACE, words);
      check_fd (pair[i], ST_ERROR_NOT_A_NAMESPACE, words);
    }
  check_fd (open ("/dev/null", O_RDWR | O_CLOEXEC), ST_ERROR_NOT_A_NAMESPACE, words);
  check_fd (open ("/", O_RDONLY | O_CLOEXEC), ST_ERROR_NOT_A_NAMESPACE, words);
  check_fd (open ("/", O_PATH | O_CLOEXEC), ST_ERROR_NOT_A_NAMESPACE, words);
  check_fd (open ("/proc/self/exe", O_RDONLY | O_CLOEXEC), ST_ERROR_NOT_A_NAMESPACE, words);
  check_fd (eventfd (0, EFD_CLOEXEC), ST_ERROR_NOT_A_NAMESPACE, words);
  check_fd ((int) syscall (SYS_pidfd_open, getpid (), 0), ST_ERROR_NOT_A_NAMESPACE, words);
}

static void
use_fd_0 (gpointer data)
{
  g_autoptr (GError) error = NULL;
  close (STDIN_FILENO);
  g_assert_cmpint (open ("/dev/null", O_RDONLY), ==, 0);
  check_fd (0, ST_ERROR_NOT_A_NAMESPACE, "cannot use descriptor");

  g_assert_cmpint (open (OWN_NET, O_RDONLY), ==, 0);
  g_autoptr (StNamespaceRef) own = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_autoptr (StNamespaceRef) copy = st_namespace_ref_new_for_fd (0, ST_NAMESPACE_NONE, &error);
  g_autoptr (StNamespaceRef) taken = st_namespace_ref_new_take_fd (0, ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_peek_fd (copy, &error), !=, 0);
  g_assert_cmpint (st_namespace_ref_peek_fd (taken, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (own, copy));
  g_assert_true (st_namespace_ref_equal (own, taken));
  st_namespace_ref_close (taken);
  g_assert_cmpint (fcntl (0, F_GETFD), ==, -1);

  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_peek_fd (opened, &error), ==, 0);
  g_assert_true (st_namespace_ref_equal (own, opened));
}

/* SPACE-04: 0 is a descriptor like any other. */
static void
test_fd_0 (void)
{
  test_in_child (use_fd_0, NULL);
}

static void
check_pid (int         pid,
           int         code,
           const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_pid (pid, ST_NAMESPACE_NET, &error), error, code, words);
}

static gpointer
get_thread_id (gpointer data)
{
  check_pid (gettid (), ST_ERROR_NOT_FOUND, "cannot open process");
  return NULL;
}

static void
test_no_process (void)
{
  check_pid (0, ST_ERROR_INVALID_ARGUMENT, "cannot open process 0");
  check_pid (-1, ST_ERROR_INVALID_ARGUMENT, "cannot open process -1");
  check_pid (G_MININT, ST_ERROR_INVALID_ARGUMENT, "cannot open process");
  check_pid (G_MAXINT, ST_ERROR_NOT_FOUND, "cannot open process 2147483647");
  g_thread_join (g_thread_new ("not-a-process", get_thread_id, NULL));
}

static void
check_process (IdleChild  *child,
               int         pidfd,
               const char *words)
{
  g_autoptr (GError) error = NULL;
  const StNamespaceType kinds[] = { ST_NAMESPACE_NET, ST_NAMESPACE_USER, ST_NAMESPACE_PID };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      test_assert_not_made (st_namespace_ref_new_for_pid (child->pid, kinds[i], &error), error, ST_ERROR_NOT_FOUND, words);
      test_assert_not_made (st_namespace_ref_new_for_pidfd (pidfd, kinds[i], &error), error, ST_ERROR_NOT_FOUND, words);
    }
}

static void
test_dead_process (void)
{
  IdleChild child;
  idle_child_start (&child, 0);
  const int pidfd = (int) syscall (SYS_pidfd_open, child.pid, 0);
  idle_child_kill (&child);
  check_process (&child, pidfd, "the process is gone");
  idle_child_stop (&child);
  check_process (&child, pidfd, "the process is gone");
  close (pidfd);
}

static void
check_pidfd (int         fd,
             int         code,
             const char *words)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_for_pidfd (fd, ST_NAMESPACE_NET, &error), error, code, words);
  if (fd >= 0)
    close (fd);
}

static void
test_not_a_pidfd (void)
{
  const char *words = "cannot open the net namespace of a process";
  int closed = open_own ("net");
  close (closed);
  check_pidfd (-1, ST_ERROR_INVALID_ARGUMENT, words);
  check_pidfd (G_MAXINT, ST_ERROR_INVALID_ARGUMENT, words);
  check_pidfd (open ("/dev/null", O_RDWR | O_CLOEXEC), ST_ERROR_INVALID_ARGUMENT, words);
  check_pidfd (open_own ("net"), ST_ERROR_INVALID_ARGUMENT, words);
  check_pidfd (eventfd (0, EFD_CLOEXEC), ST_ERROR_INVALID_ARGUMENT, words);
  g_assert_cmpint (fcntl (closed, F_GETFD), ==, -1);
}

/* Whatever it was made of, also of a descriptor that was not. */
static void
test_close_on_exec (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_object_unref);
  IdleChild child;
  idle_child_start (&child, CLONE_NEWUSER);
  const int pidfd = (int) syscall (SYS_pidfd_open, child.pid, 0);
  g_ptr_array_add (refs, st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_NET, &error));
  g_ptr_array_add (refs, st_namespace_ref_new_current (ST_NAMESPACE_NET, &error));
  g_ptr_array_add (refs, st_namespace_ref_new_for_pid (child.pid, ST_NAMESPACE_USER, &error));
  g_ptr_array_add (refs, st_namespace_ref_new_for_pidfd (pidfd, ST_NAMESPACE_USER, &error));
  g_ptr_array_add (refs, st_namespace_ref_new_take_fd (open (OWN_NET, O_RDONLY), ST_NAMESPACE_NONE, &error));
  g_ptr_array_add (refs, st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (refs->pdata[0], NULL), ST_NAMESPACE_NONE, &error));
  g_ptr_array_add (refs, st_namespace_ref_get_parent (refs->pdata[2], &error));
  g_ptr_array_add (refs, st_namespace_ref_get_owner (refs->pdata[2], &error));
  g_assert_no_error (error);
  for (guint i = 0; i < refs->len; i++)
    {
      const int fd = st_namespace_ref_peek_fd (refs->pdata[i], &error);
      const int copy = st_namespace_ref_dup_fd (refs->pdata[i], &error);
      g_assert_no_error (error);
      g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
      g_assert_cmpint (fcntl (copy, F_GETFD), ==, FD_CLOEXEC);
      close (copy);
    }
  close (pidfd);
  idle_child_stop (&child);
}

static guint
count_descriptors (void)
{
  guint n = 0;
  for (int fd = 0; fd < 1024; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return n;
}

/* NET-04, OPS-19: one descriptor each, the one that it gives. */
static void
test_one_descriptor (void)
{
  g_autoptr (GError) error = NULL;
  const int mine = open_own ("net");
  const guint before = count_descriptors ();
  g_autoptr (StNamespaceRef) current = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  const int fd = st_namespace_ref_peek_fd (current, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_descriptors (), ==, before + 1);
  g_assert_cmpint (fcntl (fd, F_GETFD), >=, 0);
  st_namespace_ref_close (current);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);

  g_autoptr (StNamespaceRef) opened = st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_NET, &error);
  g_autoptr (StNamespaceRef) copied = st_namespace_ref_new_for_fd (mine, ST_NAMESPACE_NONE, &error);
  g_autoptr (StNamespaceRef) of_pid = st_namespace_ref_new_for_pid (getpid (), ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_descriptors (), ==, before + 3);
  g_autoptr (StNamespaceRef) taken = st_namespace_ref_new_take_fd (mine, ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (st_namespace_ref_peek_fd (taken, &error), ==, mine);
  g_assert_cmpuint (count_descriptors (), ==, before + 3);
  g_clear_object (&taken);
  g_assert_cmpint (fcntl (mine, F_GETFD), ==, -1);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/namespace-ref/open/SPACE-02/SPACE-06/OPS-16/OPS-17/nonsense-path", test_nonsense_path);
  test_add ("/namespace-ref/open/endless-path", test_endless_path);
  test_add ("/namespace-ref/open/symlinks", test_symlinks);
  test_add ("/namespace-ref/open/special-files", test_special_files);
  test_add ("/namespace-ref/open/OPS-15/OPS-16/OPS-18/other-files", test_other_files);
  test_add ("/namespace-ref/open/SPACE-07/OPS-18/wrong-kind", test_wrong_kind);
  test_add ("/namespace-ref/open/denied", test_denied);
  test_add ("/namespace-ref/open/SPACE-09/SPACE-20/SPACE-27/OPS-14/OPS-15/no-descriptor", test_no_descriptor);
  test_add ("/namespace-ref/open/other-descriptors", test_other_descriptors);
  test_add ("/namespace-ref/open/SPACE-04/fd-0", test_fd_0);
  test_add ("/namespace-ref/open/no-process", test_no_process);
  test_add ("/namespace-ref/open/dead-process", test_dead_process);
  test_add ("/namespace-ref/open/not-a-pidfd", test_not_a_pidfd);
  test_add ("/namespace-ref/open/close-on-exec", test_close_on_exec);
  test_add ("/namespace-ref/open/NET-04/OPS-19/one-descriptor", test_one_descriptor);
  return g_test_run ();
}
