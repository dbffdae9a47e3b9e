/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* References in a process that lacks what others have: /proc, descriptors. */
#include "scarce-support.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OWN_NET "/proc/thread-self/ns/net"

/* Where the kernel answers without /proc it works; where it does not, the error says what is missing. */
static void
check_found (StNamespaceRef *ref,
             StNamespaceRef *expected,
             GError        **error)
{
  if (ref)
    g_assert_true (st_namespace_ref_equal (ref, expected));
  else
    test_assert_failed (*error, ST_ERROR_NOT_FOUND, "cannot");
  g_clear_object (&ref);
}

static void
check_without_proc (StNamespaceRef *net,
                    StNamespaceRef *user,
                    GVariant       *portable)
{
  g_autoptr (GError) error = NULL;
  const int pidfd = (int) syscall (SYS_pidfd_open, getpid (), 0);
  test_assert_not_made (st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_NET, &error), error, ST_ERROR_NOT_FOUND,
                        "cannot open namespace " OWN_NET ": No such file or directory");
  check_found (st_namespace_ref_new_current (ST_NAMESPACE_NET, &error), net, &error);
  check_found (st_namespace_ref_new_for_pid (getpid (), ST_NAMESPACE_NET, &error), net, &error);
  check_found (st_namespace_ref_new_for_pidfd (pidfd, ST_NAMESPACE_NET, &error), net, &error);
  test_assert_not_made (st_namespace_ref_to_portable (net, &error), error, ST_ERROR_NOT_FOUND, "/proc");
  test_assert_not_made (st_namespace_ref_new_from_portable (portable, &error), error, ST_ERROR_NOT_FOUND, "/proc");
  close (pidfd);

  /* What is held needs no look-up. */
  g_autoptr (StNamespaceRef) copy = st_namespace_ref_new_for_fd (st_namespace_ref_peek_fd (net, &error), ST_NAMESPACE_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (copy, net));
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (copy, &error);
  if (owner)
    g_assert_true (st_namespace_ref_equal (owner, user));
  else
    test_assert_failed (error, ST_ERROR_PERMISSION_DENIED, "outside"); /* in the user namespace that was made for this */
}

typedef struct
{
  StNamespaceRef *net;
  StNamespaceRef *user;
  GVariant *portable;
} Held;

static void
hide_proc (gpointer data)
{
  Held *held = data;
  g_assert_no_errno (unshare (test_is_privileged () ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS));
  g_assert_no_errno (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("none", "/proc", "tmpfs", 0, NULL));
  check_without_proc (held->net, held->user, held->portable);
}

static void
test_no_proc (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) user = test_open_current (ST_NAMESPACE_USER);
  g_autoptr (GVariant) portable = st_namespace_ref_to_portable (net, &error);
  g_assert_no_error (error);
  Held held = { net, user, portable };
  test_in_child (hide_proc, &held);
}

static void
check_exhausted (StNamespaceRef *net,
                 GVariant       *portable)
{
  g_autoptr (GError) error = NULL;
  const char *words = "Too many open files";
  const int fd = st_namespace_ref_peek_fd (net, &error);
  test_assert_not_made (st_namespace_ref_new_for_path (OWN_NET, ST_NAMESPACE_NET, &error), error, ST_ERROR_EXHAUSTED, words);
  test_assert_not_made (st_namespace_ref_new_for_fd (fd, ST_NAMESPACE_NONE, &error), error, ST_ERROR_EXHAUSTED, words);
  test_assert_not_made (st_namespace_ref_new_current (ST_NAMESPACE_NET, &error), error, ST_ERROR_EXHAUSTED, words);
  test_assert_not_made (st_namespace_ref_new_for_pid (getpid (), ST_NAMESPACE_NET, &error), error, ST_ERROR_EXHAUSTED, words);
  test_assert_not_made (st_namespace_ref_to_portable (net, &error), error, ST_ERROR_EXHAUSTED, "open");
  test_assert_not_made (st_namespace_ref_new_from_portable (portable, &error), error, ST_ERROR_EXHAUSTED, "open");
  g_assert_cmpint (st_namespace_ref_dup_fd (net, &error), ==, -1);
  test_assert_failed (error, ST_ERROR_EXHAUSTED, "Too many open files (raise RLIMIT_NOFILE)");
}

static void
check_relatives_exhausted (StNamespaceRef *user)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) owner = st_namespace_ref_get_owner (user, &error);
  g_assert_null (owner);
  /* The kernel looks for permission first, or for a descriptor. */
  if (!g_error_matches (error, ST_ERROR, ST_ERROR_PERMISSION_DENIED))
    g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
}

static void
check_works_again (StNamespaceRef *net,
                   GVariant       *portable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) current = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) of_pid = st_namespace_ref_new_for_pid (getpid (), ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_autoptr (StNamespaceRef) described = st_namespace_ref_new_from_portable (portable, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (net, current));
  g_assert_true (st_namespace_ref_equal (net, of_pid));
  g_assert_true (st_namespace_ref_equal (net, described));
}

static void
run_out_of_descriptors (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  g_autoptr (StNamespaceRef) user = test_open_current (ST_NAMESPACE_USER);
  g_autoptr (GVariant) portable = st_namespace_ref_to_portable (net, &error);
  g_assert_no_error (error);
  const guint before = scarce_count ();
  scarce_begin (0);
  check_exhausted (net, portable);
  check_relatives_exhausted (user);
  g_assert_cmpuint (scarce_count (), ==, before);
  scarce_end ();
  check_works_again (net, portable);
  g_assert_cmpuint (scarce_count (), ==, before);
}

static void
test_no_descriptors (void)
{
  test_in_child (run_out_of_descriptors, NULL);
}

static gpointer
ask_without_descriptors (gpointer data)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_namespace_ref_new_current (ST_NAMESPACE_NET, &error), error, ST_ERROR_EXHAUSTED, "Too many open files");
  scarce_end ();
  g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_current (ST_NAMESPACE_NET, &error);
  g_assert_no_error (error);
  g_assert_true (st_namespace_ref_equal (ref, data));
  return NULL;
}

static void
start_thread_without_descriptors (gpointer data)
{
  scarce_begin (0);
  g_thread_join (g_thread_new ("newcomer", ask_without_descriptors, data));
}

/* A thread whose first question came at a bad time is not spoilt for ever. */
static void
test_bad_start (void)
{
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  test_in_child (start_thread_without_descriptors, net);
}

static void
check_transient_with_few (StNamespaceRef *home,
                          StNamespaceType type)
{
  guint made = 0;
  for (guint left = 0; left < 8; left++)
    {
      g_autoptr (GError) error = NULL;
      const guint before = scarce_count ();
      scarce_begin (left);
      g_autoptr (StNamespaceRef) ref = st_namespace_ref_new_transient (type, &error);
      if (ref)
        made++;
      else
        g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
      g_clear_object (&ref);
      g_assert_cmpuint (scarce_count (), ==, before);
      scarce_end ();
      g_autoptr (StNamespaceRef) here = test_open_current (type);
      g_assert_true (st_namespace_ref_equal (here, home));
    }
  g_assert_cmpuint (made, >, 0);
  g_assert_cmpuint (made, <, 8);
}

static void
make_transients_with_few (gpointer data)
{
  const StNamespaceType types[] = { ST_NAMESPACE_UTS, ST_NAMESPACE_IPC, ST_NAMESPACE_CGROUP };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (StNamespaceRef) home = test_open_current (types[i]);
      check_transient_with_few (home, types[i]);
    }
}

/* Wherever on the way descriptors run out, the thread is home afterwards and holds no more than before. */
static void
test_transient_with_few (void)
{
  if (test_needs_privilege ())
    test_in_child (make_transients_with_few, NULL);
}

static gboolean
do_nothing (gpointer data,
            GError **error)
{
  return TRUE;
}

static gboolean
run_in_new_thread (StSpace *space,
                   GError **error)
{
  gboolean done = st_space_run_in_thread (space, do_nothing, NULL, NULL, error);
  st_namespace_ref_close (ST_NAMESPACE_REF (space)); /* ends the thread, too */
  return done;
}

/* The process keeps a thread that makes them, from the first one on. */
static gboolean
make_mntns (StSpace *unused,
            GError **error)
{
  g_autoptr (StTransientMntns) mntns = st_transient_mntns_new (error);
  return mntns != NULL;
}

static gboolean
make_pool (StSpace *unused,
           GError **error)
{
  g_autoptr (StNetnsPool) pool = st_netns_pool_new (1, error);
  return pool != NULL;
}

/* In a child for each number, as what a process keeps takes descriptors only once. */
typedef struct
{
  gboolean (*start) (StSpace *space,
                     GError **error);
  guint left;
  gboolean *worked; /* shared with the parent */
} Start;

static void
start_with_few (gpointer data)
{
  const Start *start = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (StNamespaceRef) uts = test_open_current (ST_NAMESPACE_UTS);
  scarce_begin (start->left);
  *start->worked = start->start (ST_SPACE (uts), &error);
  if (!*start->worked)
    g_assert_error (error, ST_ERROR, ST_ERROR_EXHAUSTED);
  scarce_end ();
  g_autoptr (StNamespaceRef) after = test_open_current (ST_NAMESPACE_UTS);
  g_assert_true (start->start (ST_SPACE (after), NULL));
}

/* GLib ends a process that has no descriptor for a main context. */
static void
test_thread_with_few (void)
{
  gboolean (*const starts[]) (StSpace *, GError **) = { run_in_new_thread, make_pool, make_mntns };
  gboolean *worked = mmap (NULL, sizeof *worked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      Start start = { starts[i], 0, worked };
      if (starts[i] == make_mntns && !test_needs_privilege ())
        break;
      for (*worked = FALSE; !*worked; start.left++)
        test_in_child (start_with_few, &start);
      g_assert_cmpuint (start.left, >, 1);
      g_assert_cmpuint (start.left, <, 40);
    }
  munmap (worked, sizeof *worked);
}

static void
close_everything (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = st_namespace_ref_to_string (data);
  g_autoptr (StNamespaceRef) before = test_open_current (ST_NAMESPACE_NET);
  g_assert_no_errno (close_range (3, ~0U, 0));
  const int reused = open ("/dev/null", O_RDWR | O_CLOEXEC); /* has the number of something that the library held */
  g_autoptr (StNamespaceRef) after = test_open_current (ST_NAMESPACE_NET);
  g_autofree char *name_after = st_namespace_ref_to_string (after);
  g_assert_cmpstr (name, ==, name_after);
  g_assert_no_errno (fcntl (reused, F_GETFD));
  _exit (0); /* what was closed behind its back would be closed again */
}

/* Some programs close all descriptors that they do not know, in a child of theirs. */
static void
test_closed_behind_our_back (void)
{
  g_autoptr (StNamespaceRef) net = test_open_current (ST_NAMESPACE_NET);
  test_in_child (close_everything, net);
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/scarcity/no-proc", test_no_proc);
  test_add ("/scarcity/no-descriptors", test_no_descriptors);
  test_add ("/scarcity/bad-start", test_bad_start);
  test_add ("/scarcity/transient-with-few", test_transient_with_few);
  test_add ("/scarcity/thread-with-few", test_thread_with_few);
  test_add ("/scarcity/closed-behind-our-back", test_closed_behind_our_back);
  return g_test_run ();
}
