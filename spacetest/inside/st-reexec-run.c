/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-reexec-private.h"

#include "st-error-private.h"
#include "st-kind.h"
#include "st-own-program.h"
#include "st-system.h"
#include "st-trampoline-private.h"
#include "st-wire.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a process may take to end once it has answered. */
#define GRACE 3000 /* milliseconds */

typedef struct
{
  const StReexecOrder *order;
  GMainContext *context;
  GSubprocess *process;
  int socket;
  GSource *begin;          /* the limit for it */
  StReexecOutcome *outcome;
  GError *failure;
  gboolean is_over;
} Run;

static void
give_up (Run    *self,
         GError *failure)
{
  if (self->failure)
    g_error_free (failure);
  else
    self->failure = failure;
  g_subprocess_force_exit (self->process);
}

static GSource *
add (Run        *self,
     GSource    *source,
     GSourceFunc func)
{
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

static gboolean
on_no_end (gpointer data)
{
  Run *self = data;
  self->outcome->was_ended = TRUE;
  g_subprocess_force_exit (self->process);
  return G_SOURCE_REMOVE;
}

static gboolean
on_no_begin (gpointer data)
{
  Run *self = data;
  give_up (self, g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                              "cannot run action \"%s\": the copy of the program has not called st_reexec_init() within %u ms", self->order->name,
                              self->order->start_timeout));
  return G_SOURCE_REMOVE;
}

static gboolean
on_time (gpointer data)
{
  Run *self = data;
  if (self->outcome->answer)
    return on_no_end (self);
  give_up (self, g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "action \"%s\" has not returned within %u ms, and was killed", self->order->name,
                              self->order->timeout));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  GError *failure = NULL;
  g_cancellable_set_error_if_cancelled (cancellable, &failure);
  give_up (data, failure);
  return G_SOURCE_REMOVE;
}

static void
stop_waiting_for_begin (Run *self)
{
  if (self->begin)
    g_source_destroy (self->begin);
  g_clear_pointer (&self->begin, g_source_unref);
}

static void
take_answer (Run      *self,
             StParcel *parcel)
{
  GError *failure = NULL;
  g_clear_pointer (&self->outcome->answer, g_variant_unref);
  self->outcome->answer = st_reexec_read (parcel, G_VARIANT_TYPE ("(mvmsis)"), &failure);
  if (failure)
    {
      give_up (self, failure);
      return;
    }
  g_autoptr (GSource) end = add (self, g_timeout_source_new (GRACE), on_no_end);
}

static void
take_parcel (Run      *self,
             StParcel *parcel)
{
  self->outcome->has_begun = TRUE;
  stop_waiting_for_begin (self);
  if (parcel->kind == ST_PARCEL_ANSWER)
    take_answer (self, parcel);
  else if (parcel->content >= 0)
    close (parcel->content);
}

static gboolean
take_parcels (Run *self)
{
  StParcel parcel;
  int result;
  while (!self->failure && (result = st_parcel_receive_now (self->socket, &parcel)) > 0)
    take_parcel (self, &parcel);
  if (self->failure || result == 0)
    return FALSE;
  if (result == -EAGAIN)
    return TRUE;
  GError *failure = NULL;
  if (result == -EPROTO)
    st_error_set (&failure, ST_ERROR_PROTOCOL, "cannot read what action \"%.256s\" says: %s", self->order->name, g_strerror (EPROTO));
  else
    st_error_set_result (&failure, result, "cannot read what action \"%.256s\" says", self->order->name);
  give_up (self, failure);
  return FALSE;
}

static gboolean
on_parcel (int          fd,
           GIOCondition condition,
           gpointer     data)
{
  return take_parcels (data) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
on_end (GObject      *source,
        GAsyncResult *result,
        gpointer      data)
{
  Run *self = data;
  g_subprocess_wait_finish (self->process, result, NULL);
  self->is_over = TRUE;
}

static void
wait_for_end (Run          *self,
              GCancellable *cancellable)
{
  const StReexecOrder *order = self->order;
  g_autoptr (GSource) parcels = add (self, g_unix_fd_source_new (self->socket, G_IO_IN | G_IO_HUP), G_SOURCE_FUNC (on_parcel));
  g_autoptr (GSource) stop = cancellable ? add (self, g_cancellable_source_new (cancellable), G_SOURCE_FUNC (on_cancelled)) : NULL;
  g_autoptr (GSource) end = order->timeout > 0 ? add (self, g_timeout_source_new (order->timeout), on_time) : NULL;
  if (order->start_timeout > 0)
    self->begin = add (self, g_timeout_source_new (order->start_timeout), on_no_begin);
  g_subprocess_wait_async (self->process, NULL, on_end, self);
  while (!self->is_over)
    g_main_context_iteration (self->context, TRUE);
  stop_waiting_for_begin (self);
  if (!self->failure)
    take_parcels (self);
  g_source_destroy (parcels);
  if (stop)
    g_source_destroy (stop);
}

/* What a socket is called in the environment of who inherits it. */
static void
set_environment (StSpawnPlan *plan,
                 int          socket,
                 int          number,
                 gboolean     is_test)
{
  g_autofree char *mark = g_strdup_printf ("%d:%" G_GUINT64_FORMAT "%s", number, st_parcel_get_identity (socket), is_test ? ST_REEXEC_TEST : "");
  if (!plan->environment)
    plan->environment = g_get_environ ();
  plan->environment = g_environ_unsetenv (plan->environment, "spacetest_order");
  ST_FOREACH_KIND (kind)
    {
      g_autofree char *variable = g_strconcat ("spacetest_", kind->name, NULL);
      plan->environment = g_environ_unsetenv (plan->environment, variable);
    }
  plan->environment = g_environ_setenv (plan->environment, ST_REEXEC_MARK, mark, TRUE);
}

/* Takes @fd. */
static int
give (StSpawnPlan *plan,
      int          fd)
{
  const StSpawnFd entry = { fd, st_spawn_plan_get_free_fd (plan) };
  g_array_append_val (plan->fds, entry);
  return entry.target;
}

static gboolean
check_plan (const StSpawnPlan *plan,
            GError           **error)
{
  const guint pipes = G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
  if (!(plan->flags & pipes))
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "an action's standard input, output and error can be files and descriptors, but no pipes");
  return FALSE;
}

/* Takes the child's end of the socket. */
static gboolean
complete_plan (const StReexecOrder *order,
               StSpawnPlan         *plan,
               int                  socket,
               GError             **error)
{
  const int number = give (plan, socket);
  set_environment (plan, socket, number, order->is_test);
  if (!order->is_own_program)
    return TRUE;
  const int program = st_own_program_open ();
  if (program < 0)
    {
      st_error_set_result (error, program, "cannot run action \"%.256s\": cannot open this program", order->name);
      return FALSE;
    }
  plan->program = give (plan, program);
  return TRUE;
}

static gboolean
start (Run          *self,
       GCancellable *cancellable,
       GError      **error)
{
  const StReexecOrder *order = self->order;
  int sockets[2];
  StSpawnPlan plan;
  if (!check_plan (order->plan, error) || !st_spawn_plan_copy (&plan, order->plan, error))
    return FALSE;
  int result = st_wire_pair (sockets);
  if (result == 0)
    {
      self->socket = sockets[0];
      if (complete_plan (order, &plan, sockets[1], error))
        {
          result = st_reexec_send (self->socket, ST_PARCEL_ORDER, g_variant_new ("(smv)", order->name, order->parameter));
          if (result == 0)
            self->process = st_trampoline_spawn (order->space, (const char *const *) order->argv, &plan, cancellable, error);
        }
    }
  if (result < 0)
    st_error_set_result (error, result, "cannot run action \"%.256s\"", order->name);
  st_spawn_plan_clear (&plan);
  return self->process != NULL;
}

/* Returns TRUE if the process has come to its end by itself, whatever that was like. */
gboolean
st_reexec_carry_out (const StReexecOrder *order,
                     GCancellable        *cancellable,
                     StReexecOutcome     *outcome,
                     GError             **error)
{
  Run self = { .order = order, .socket = -1, .outcome = outcome };
  *outcome = (StReexecOutcome) { 0 };
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (!start (&self, cancellable, error))
    {
      if (self.socket >= 0)
        close (self.socket);
      return FALSE;
    }
  self.context = g_main_context_new ();
  g_main_context_push_thread_default (self.context);
  wait_for_end (&self, cancellable);
  g_main_context_pop_thread_default (self.context);
  outcome->status = g_subprocess_get_status (self.process);
  close (self.socket);
  g_object_unref (self.process);
  g_main_context_unref (self.context);
  if (!self.failure)
    return TRUE;
  g_clear_pointer (&outcome->answer, g_variant_unref);
  g_propagate_error (error, self.failure);
  return FALSE;
}

char *
st_reexec_describe_end (int status)
{
  if (WIFSIGNALED (status))
    return g_strdup_printf ("was killed by signal %d (%s)", WTERMSIG (status), g_strsignal (WTERMSIG (status)));
  return g_strdup_printf ("ended with status %d", WEXITSTATUS (status));
}
