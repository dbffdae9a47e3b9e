/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-trampoline-private.h"

#include "st-error-private.h"
#include "st-helper-private.h"
#include "st-residence-private.h"
#include "st-space-private.h"
#include "st-thread-private.h"
#include "st-wire.h"
#include "st-workshop-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define NO_PATH      "/bin:/usr/bin:." /* as GLib has it */
#define FIRST_SERIAL 1
#define PIPES        6 /* descriptors that GLib makes, at most */

typedef struct
{
  const char *const *argv;
  const StSpawnPlan *plan;
  gboolean is_foreign; /* the PID namespace, if there is one: no spacer made it */
  int order;  /* our end */
  int answer; /* the helper's end, of the same number there */
  gboolean ends; /* by itself, as it said */
  char *here;    /* the caller's working directory, if the helper program may not be where he is */
  GSubprocess *process;
} Trampoline;

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* The helper's end keeps its number: nothing that the program may inherit can have it. */
static int
open_sockets (Trampoline *self)
{
  int sockets[2];
  int result = st_wire_pair (sockets);
  if (result < 0)
    return result;
  self->order = sockets[0];
  self->answer = fcntl (sockets[1], F_DUPFD_CLOEXEC, st_spawn_plan_get_free_fd (self->plan));
  result = self->answer < 0 ? -errno : 0;
  close (sockets[1]);
  return result;
}

/* Where to go, and whom to tell: with the copy of the connection that goes along, the guard sees no end before it is told. */
static int
send_order (const Trampoline  *self,
            const StHandleSet *set,
            int                guard)
{
  StWireMessage message;
  st_wire_begin (&message, ST_WIRE_JOIN, FIRST_SERIAL);
  ST_FOREACH_KIND (kind)
    if (set->of_kind[kind->index])
      {
        message.record.join.kinds |= kind->flag;
        st_wire_add_fd (&message, set->of_kind[kind->index]->fd);
      }
  message.record.join.has_guard = 1;
  st_wire_add_fd (&message, guard);
  return st_wire_send (self->order, &message);
}

static char *
list_kept (const StSpawnPlan *plan)
{
  GString *list = g_string_new ("--keep=");
  if (plan->flags & G_SUBPROCESS_FLAGS_INHERIT_FDS)
    g_string_assign (list, "--keep-all");
  else
    for (guint i = 0; i < plan->fds->len; i++)
      if (g_array_index (plan->fds, StSpawnFd, i).target != plan->program)
        g_string_append_printf (list, "%d,", g_array_index (plan->fds, StSpawnFd, i).target);
  return g_string_free (list, FALSE);
}

static char *
find_path (const StSpawnPlan *plan)
{
  const char *path = g_getenv ("PATH");
  if (plan->program)
    return g_strdup_printf ("--program=%d", plan->program);
  if (plan->flags & G_SUBPROCESS_FLAGS_SEARCH_PATH_FROM_ENVP)
    return NULL;
  return g_strconcat ("--path=", path ? path : NO_PATH, NULL);
}

static GPtrArray *
create_command_line (const Trampoline *self)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  char *path = find_path (self->plan);
  g_ptr_array_add (words, g_strdup ("join"));
  g_ptr_array_add (words, g_strdup_printf ("%d", self->answer));
  if (self->here)
    g_ptr_array_add (words, g_strconcat ("--here=", self->here, NULL));
  if (self->plan->directory)
    g_ptr_array_add (words, g_strconcat ("--directory=", self->plan->directory, NULL));
  if (path)
    g_ptr_array_add (words, path);
  if (self->plan->flags & G_SUBPROCESS_FLAGS_STDERR_MERGE)
    g_ptr_array_add (words, g_strdup ("--merge"));
  g_ptr_array_add (words, list_kept (self->plan));
  g_ptr_array_add (words, g_strdup ("--"));
  for (const char *const *word = self->argv; *word; word++)
    g_ptr_array_add (words, g_strdup (*word));
  g_ptr_array_add (words, NULL);
  return words;
}

/* GLib 2.74 ends the process where it can't move a descriptor out of the way of others: it takes that for a start. */
static int
check_room (const Trampoline *self)
{
  const guint n = self->plan->fds->len + 1 + PIPES;
  g_autofree int *fds = g_new (int, n);
  int result = 0;
  guint i;
  for (i = 0; i < n && result == 0; i++)
    if ((fds[i] = fcntl (self->answer, F_DUPFD_CLOEXEC, self->answer + 1)) < 0)
      result = errno == EINVAL ? -EMFILE : -errno;
  while (i > 0)
    close_fd (&fds[--i]);
  return result;
}

static void
prefix_name (GError    **error,
             const char *name)
{
  g_autofree char *text = g_utf8_make_valid (name, -1);
  g_prefix_error (error, "cannot start %.256s: ", text);
}

typedef struct
{
  GSubprocessLauncher *launcher;
  GPtrArray *words;
  GSubprocess *process;
} Launch;

static gboolean
launch (gpointer data,
        GError **error)
{
  Launch *self = data;
  self->process = st_helper_spawn (self->launcher, (const char *const *) self->words->pdata, error);
  return self->process != NULL;
}

/* GLib forks the caller unless descriptors are inherited and the working directory is left alone: so they are, and it is. */
static gboolean
start (Trampoline *self,
       GError    **error)
{
  g_autoptr (GSubprocessLauncher) launcher = st_spawn_plan_create_launcher (self->plan, error);
  const int room = launcher ? check_room (self) : 0;
  if (room < 0)
    st_error_set_result (error, room, "cannot start %.256s", self->argv[0]);
  if (!launcher || room < 0)
    return FALSE;
  g_autoptr (GPtrArray) words = create_command_line (self);
  const int number = self->answer;
  const int source = self->answer;
  self->answer = -1;
  g_subprocess_launcher_take_fd (launcher, source, number);
  Launch order = { launcher, words, NULL };
  const StHandleSet at_home = { 0 };
  const gboolean started = self->here ? st_workshop_run (&at_home, launch, &order, error) : launch (&order, error);
  self->process = order.process;
  if (!started)
    prefix_name (error, self->argv[0]);
  return started;
}

static gboolean
is_errno (int number)
{
  return number > 0 && number < 4096;
}

static void
explain_lost_init (const Trampoline *self,
                   GError          **error)
{
  st_error_set (error, self->is_foreign ? ST_ERROR_STALE : ST_ERROR_HELPER_FAILED,
                "cannot start %.256s: the init of its PID namespace is gone, and no process can be started there any more", self->argv[0]);
}

static void
explain_no_program (const Trampoline *self,
                    int               result,
                    GError          **error)
{
  const char *name = self->argv[0];
  if (result == -EACCES || result == -EPERM)
    st_error_set_hinted (error, result, "it is a directory, or this user may not execute it", "cannot start %.256s", name);
  else
    st_error_set_result (error, result, "cannot start %.256s", name);
}

static void
explain_no_directory (const Trampoline *self,
                      int               result,
                      GError          **error)
{
  st_error_set_hinted (error, result, result == -EACCES ? "this user may not go there" : NULL,
                       "cannot start %.256s: cannot go to working directory %.256s inside", self->argv[0],
                       self->plan->directory ? self->plan->directory : "/");
}

static void
explain (const Trampoline  *self,
         const StWireFailed *failed,
         GError            **error)
{
  const char *name = self->argv[0];
  const int result = -failed->error;
  g_autofree char *kinds = st_namespace_types_to_string (failed->kinds);
  switch ((StWireStep) failed->step)
    {
    case ST_WIRE_STEP_OPEN:
      st_error_set_result (error, result, "cannot start %.256s: cannot find where the helper program is", name);
      return;
    case ST_WIRE_STEP_ENTER:
      st_error_set_result (error, result, "cannot start %.256s: cannot enter %s namespace", name, kinds);
      return;
    case ST_WIRE_STEP_FORK:
      if (result == -ESRCH)
        explain_lost_init (self, error);
      else
        st_error_set_result (error, result, "cannot start %.256s: cannot start a process in the pid namespace", name);
      return;
    case ST_WIRE_STEP_IDS:
      st_error_set_result (error, result, "cannot start %.256s: cannot become root of the user namespace", name);
      return;
    case ST_WIRE_STEP_DIRECTORY:
      explain_no_directory (self, result, error);
      return;
    case ST_WIRE_STEP_GUARD:
      st_error_set (error, ST_ERROR_HELPER_FAILED, "cannot start %.256s: the helper process that is to end it is gone: %s", name,
                    g_strerror (failed->error));
      return;
    case ST_WIRE_STEP_EXECUTE:
      explain_no_program (self, result, error);
      return;
    default:
      st_error_set (error, ST_ERROR_PROTOCOL, "cannot start %.256s: the helper program does not understand the order (step %u: %s)", name,
                    failed->step, g_strerror (failed->error));
    }
}

static gboolean
wait_for_message (const Trampoline *self,
                  GCancellable     *cancellable,
                  GError          **error)
{
  GPollFD fds[] = { { self->order, G_IO_IN, 0 }, { -1, G_IO_IN, 0 } };
  const gboolean can_cancel = cancellable && g_cancellable_make_pollfd (cancellable, &fds[1]);
  while (fds[0].revents == 0 && !g_cancellable_is_cancelled (cancellable))
    g_poll (fds, can_cancel ? 2 : 1, -1);
  if (can_cancel)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* The helper says so before it executes the program; then its end is closed, or it says what went wrong. */
static gboolean
wait_for_program (Trampoline   *self,
                  GCancellable *cancellable,
                  GError      **error)
{
  StWireMessage message;
  gboolean executes = FALSE;
  int result;
  while (wait_for_message (self, cancellable, error) && (result = st_wire_receive (self->order, &message)) > 0)
    {
      const StWireHeader *header = &message.record.header;
      const guint type = header->serial == FIRST_SERIAL ? header->type : 0;
      st_wire_close_fds (&message);
      if (type == ST_WIRE_FAILED && is_errno (message.record.failed.error))
        {
          self->ends = TRUE;
          explain (self, &message.record.failed, error);
          return FALSE;
        }
      result = type == ST_WIRE_DONE && !executes ? 1 : -EPROTO;
      if (result < 0)
        break;
      executes = TRUE;
    }
  if (*error) /* cancelled */
    return FALSE;
  if (result < 0 && result != -ECONNRESET) /* it ended before it took the order */
    st_error_set (error, ST_ERROR_PROTOCOL, "cannot start %.256s: the helper program answered nonsense: %s", self->argv[0], g_strerror (-result));
  else if (result < 0 || !executes)
    st_error_set (error, ST_ERROR_HELPER_FAILED, "cannot start %.256s: the helper program ended without an answer", self->argv[0]);
  return result == 0 && executes;
}

static gboolean
check_argv (const char *const *argv,
            GError           **error)
{
  if (argv && argv[0] && *argv[0])
    return TRUE;
  g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "cannot start a program: %s",
               argv && argv[0] ? "its name is empty" : "no arguments, not even its name");
  return FALSE;
}

/* A GSubprocess would never see its end. */
static gboolean
check_process (const char *name,
               GError    **error)
{
  if (st_thread_is_served ())
    return TRUE;
  st_error_set (error, ST_ERROR_NOT_SUPPORTED,
                "cannot start %.256s: this process was forked from one with threads, and nothing waits for its children (exec a program after "
                "the fork, or start this one before)", name);
  return FALSE;
}

static void
finish (Trampoline *self)
{
  close_fd (&self->order);
  close_fd (&self->answer);
  if (!self->process)
    return;
  if (!self->ends)
    g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_clear_object (&self->process);
}

static gboolean
give_order (Trampoline        *self,
            const StHandleSet *set,
            GCancellable      *cancellable,
            GError           **error)
{
  GError *failure = NULL;
  g_autoptr (StChannel) guard = st_residence_find_guard (set, cancellable, &failure);
  const int connection = guard ? st_channel_hold (guard, &failure) : -1;
  if (connection < 0)
    {
      st_channel_propagate_to_reference (error, failure);
      return FALSE;
    }
  int result = open_sockets (self);
  if (result == 0)
    result = send_order (self, set, connection);
  st_channel_release (guard);
  if (result < 0)
    st_error_set_result (error, result, "cannot start %.256s", self->argv[0]);
  return result == 0;
}

/* Where the caller stands on a visit there may be no helper program: then it is started at home, and goes where he is. */
static gboolean
take_caller_along (Trampoline  *self,
                   StHandleSet *set,
                   GError     **error)
{
  st_thread_self ();
  if (st_thread_is_home (&st_kinds[ST_KIND_MNT]) != 0)
    return TRUE;
  self->here = g_get_current_dir ();
  ST_FOREACH_KIND (kind)
    if (kind->by_thread && !set->of_kind[kind->index] && !(set->of_kind[kind->index] = st_handle_new_current (kind, error)))
      return FALSE;
  return TRUE;
}

GSubprocess *
st_trampoline_spawn (StSpace            *space,
                     const char *const  *argv,
                     const StSpawnPlan  *plan,
                     GCancellable       *cancellable,
                     GError            **error)
{
  g_auto (StHandleSet) set = { 0 };
  Trampoline self = { .argv = argv, .plan = plan, .order = -1, .answer = -1 };
  g_autoptr (GError) failure = NULL;
  if (!st_space_acquire (space, &set, error) || !check_argv (argv, error) || !check_process (argv[0], error) ||
      !st_spawn_plan_check (plan, error))
    return NULL;
  self.is_foreign = set.of_kind[ST_KIND_PID] && !set.of_kind[ST_KIND_PID]->broker;
  if (!st_residence_complete (&set, error))
    return NULL;
  const gboolean started = take_caller_along (&self, &set, &failure) && give_order (&self, &set, cancellable, &failure) && start (&self, &failure) &&
                           wait_for_program (&self, cancellable, &failure);
  g_free (self.here);
  if (started)
    {
      st_residence_keep (&set, self.process);
      close_fd (&self.order);
      return self.process;
    }
  finish (&self);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
