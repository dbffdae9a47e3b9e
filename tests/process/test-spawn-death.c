/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* Programs in spaces whose helper is killed while the caller lives on: at any moment of their start, and later. */
#include "process-support.h"
#include "spacer-support.h"

#define ROUNDS 60
#define END_MS 2000

/* A first helper, and a subspace below it where programs are started. */
typedef struct
{
  StSpacer *root;
  StSpacer *below;
  StSpace *space;
} House;

static void
house_open (House          *self,
            StNamespaceType types)
{
  g_autoptr (GError) error = NULL;
  self->root = spacer_start ();
  self->below = spacer_below (self->root, types);
  self->space = st_spacer_get_space (self->below, &error);
  g_assert_no_error (error);
  g_object_ref (self->space);
}

static void
house_close (House *self)
{
  st_spacer_close (self->below);
  st_spacer_close (self->root);
  g_clear_object (&self->space);
  g_clear_object (&self->below);
  g_clear_object (&self->root);
}

static void
assert_killed (GSubprocess *process)
{
  struct pollfd ended = { .fd = (int) syscall (SYS_pidfd_open, get_pid (process), 0), .events = POLLIN };
  if (ended.fd >= 0) /* it may be waited for already */
    {
      g_assert_cmpint (poll (&ended, 1, END_MS), ==, 1);
      close (ended.fd);
    }
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_signaled (process));
  g_assert_cmpint (g_subprocess_get_term_sig (process), ==, SIGKILL);
}

/* Without a PID namespace nobody but helpers ends a program; with one, who stands in for it is outside of that. */
static const StNamespaceType ways[] = { USER, USER | PID };

static void
check_later (StNamespaceType types,
             gboolean        kills_root)
{
  House house;
  GSubprocess *processes[4];
  g_autoptr (GError) error = NULL;
  house_open (&house, types);
  for (gsize i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      processes[i] = st_space_spawn (house.space, G_SUBPROCESS_FLAGS_NONE, &error, "sleep", "1000", NULL);
      g_assert_no_error (error);
    }
  spacer_kill (kills_root ? house.root : house.below, SIGKILL);
  for (gsize i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      assert_killed (processes[i]);
      g_object_unref (processes[i]);
    }
  house_close (&house);
}

static void
test_later (void)
{
  if (!spacer_can_have_users ())
    return;
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      check_later (ways[way], FALSE);
      check_later (ways[way], TRUE);
    }
}

typedef struct
{
  StSpace *space;
  GError *error;
} Start;

static gpointer
start (gpointer data)
{
  Start *self = data;
  return st_space_spawn (self->space, G_SUBPROCESS_FLAGS_NONE, &self->error, "sleep", "1000", NULL);
}

/* Gives whether there was a program: then it is killed, too. */
static gboolean
check_meanwhile (StNamespaceType types,
                 gboolean        kills_root,
                 guint           delay)
{
  House house;
  house_open (&house, types);
  Start self = { house.space, NULL };
  GThread *thread = g_thread_new ("starter", start, &self);
  const gint64 begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () < begin + delay)
    sched_yield ();
  spacer_kill (kills_root ? house.root : house.below, SIGKILL);
  g_autoptr (GSubprocess) process = g_thread_join (thread);
  g_autoptr (GError) error = self.error;
  if (process)
    assert_killed (process);
  else
    g_assert_nonnull (error);
  house_close (&house);
  return process != NULL;
}

static void
test_meanwhile (void)
{
  if (!spacer_can_have_users ())
    return;
  for (gsize way = 0; way < G_N_ELEMENTS (ways); way++)
    {
      guint started = 0;
      for (guint round = 0; round < ROUNDS; round++)
        started += check_meanwhile (ways[way], round % 2, round * 60);
      g_test_message ("%u of %u started", started, ROUNDS);
    }
}

static void
assert_not_started (StSpace    *space,
                    StError     code,
                    const char *text)
{
  g_autoptr (GError) error = NULL;
  test_assert_not_made (st_space_spawn (space, G_SUBPROCESS_FLAGS_NONE, &error, "true", NULL), error, code, text);
}

/* To the kernel that is a lack of memory. */
static void
test_init_killed (void)
{
  if (!spacer_can_have_users ())
    return;
  for (guint kills_root = 0; kills_root < 2; kills_root++)
    {
      House house;
      g_autoptr (GError) error = NULL;
      house_open (&house, USER | PID);
      g_autoptr (StSpace) rooms = st_spacer_create_space (house.below, ST_NAMESPACE_UTS, NULL, &error);
      g_assert_no_error (error);
      const int pidfd = spacer_watch (house.below);
      spacer_kill (kills_root ? house.root : house.below, SIGKILL);
      spacer_wait_for_end (pidfd);
      assert_not_started (house.space, ST_ERROR_HELPER_FAILED, "gone");
      assert_not_started (rooms, ST_ERROR_HELPER_FAILED, "gone");
      house_close (&house);
    }
}

int
main (int    argc,
      char **argv)
{
  test_init (&argc, &argv);
  test_add ("/spawn/death/helper-killed", test_later);
  test_add ("/spawn/death/helper-killed-meanwhile", test_meanwhile);
  test_add ("/spawn/death/init-killed", test_init_killed);
  return g_test_run ();
}
