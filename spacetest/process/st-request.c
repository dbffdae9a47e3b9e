/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-request-private.h"

#include "st-answer-private.h"
#include "st-error-private.h"
#include "st-thread-private.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

typedef struct
{
  StChannel *channel;
  StWireMessage *message; /* until it is sent */
  int connection;         /* the channel's, held */
  int answer;             /* our end */
  guint32 serial;
  guint timeout;          /* seconds, or 0 for none */
  gint64 deadline;        /* microseconds of the monotonic clock, or -1 */
  gboolean sent;
} Request;

typedef enum
{
  WAITING,
  ANSWERED,
  FAILED,
} State;

void
st_request_begin (StWireMessage *request,
                  StWireType     type)
{
  st_wire_begin (request, type, 0);
  st_wire_add_fd (request, -1);
}

static void
request_finish (Request *self)
{
  if (!self->sent)
    st_wire_close_fds (self->message);
  if (self->answer >= 0)
    close (self->answer);
  if (self->connection >= 0)
    st_channel_release (self->channel);
}

static gboolean
request_start (Request       *self,
               StChannel     *channel,
               StWireMessage *message,
               gboolean       needs_glib,
               GError       **error)
{
  int sockets[2];
  *self = (Request){ .channel = channel, .message = message, .connection = -1, .answer = -1, .deadline = -1 };
  self->connection = st_channel_hold (channel, error);
  if (self->connection < 0)
    return FALSE;
  /* GLib, which waits for us or for a cancellable, has no way to say that it had no descriptors. */
  int result = needs_glib ? st_system_check_spare_descriptors () : 0;
  if (result == 0)
    result = st_wire_pair (sockets);
  if (result < 0)
    {
      st_error_set_result (error, result, "cannot ask the helper process");
      return FALSE;
    }
  self->answer = sockets[0];
  message->fds[0] = sockets[1];
  self->serial = message->record.header.serial = st_channel_next_serial (channel);
  self->timeout = st_channel_get_timeout (channel);
  if (self->timeout > 0)
    self->deadline = g_get_monotonic_time () + (gint64) self->timeout * G_USEC_PER_SEC;
  return TRUE;
}

static State
request_send (Request *self,
              GError **error)
{
  int result = st_wire_send_now (self->connection, self->message);
  if (result == -EAGAIN)
    return WAITING;
  if (result == -EPIPE || result == -ECONNRESET)
    st_channel_set_gone (self->channel, error);
  else if (result < 0)
    st_error_set_result (error, result, "cannot ask the helper process");
  if (result < 0)
    return FAILED;
  st_wire_close_fds (self->message); /* only the helper is to hold the other end of the answer's socket now */
  self->sent = TRUE;
  return WAITING;
}

static gboolean
is_ready (int fd)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  return poll (&ready, 1, 0) > 0;
}

/* What is known of the two sockets. */
typedef struct
{
  gboolean answered;
  gboolean hung_up; /* nobody is at the other end of the connection: there may still be an answer */
} Events;

/* What can be done without waiting. */
static State
request_step (Request      *self,
              Events        events,
              GCancellable *cancellable,
              GError      **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FAILED;
  if (!self->sent && request_send (self, error) == FAILED)
    return FAILED;
  if (events.answered || (events.hung_up && self->sent && is_ready (self->answer)))
    return ANSWERED;
  if (events.hung_up)
    {
      st_channel_set_gone (self->channel, error);
      return FAILED;
    }
  if (self->deadline < 0 || g_get_monotonic_time () < self->deadline)
    return WAITING;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the helper process did not answer within %u seconds", self->timeout);
  return FAILED;
}

static gpointer
request_read (Request     *self,
              StAnswerFunc func,
              gpointer     data,
              GError     **error)
{
  StWireMessage answer;
  int received = st_wire_receive (self->answer, &answer);
  if (!st_answer_check (&answer, received, self->serial, self->channel, error))
    return NULL;
  gpointer made = func (self->channel, &answer, data, error);
  st_wire_close_fds (&answer);
  return made;
}

static int
get_milliseconds (const Request *self)
{
  if (self->deadline < 0)
    return -1;
  const gint64 left = self->deadline - g_get_monotonic_time ();
  return left <= 0 ? 0 : (int) MIN ((left + 999) / 1000, G_MAXINT);
}

static Events
request_wait (const Request *self,
              const GPollFD *cancelled)
{
  GPollFD fds[3] = {
    { self->connection, self->sent ? 0 : G_IO_OUT, 0 },
    { self->answer, G_IO_IN, 0 },
  };
  if (cancelled)
    fds[2] = *cancelled;
  g_poll (fds, cancelled ? 3 : 2, get_milliseconds (self));
  return (Events) { fds[1].revents != 0, (fds[0].revents & (G_IO_HUP | G_IO_ERR)) != 0 };
}

static gpointer
request_serve (Request      *self,
               StAnswerFunc  func,
               gpointer      data,
               GCancellable *cancellable,
               GError      **error)
{
  GPollFD cancelled;
  const gboolean polled = cancellable && g_cancellable_make_pollfd (cancellable, &cancelled);
  Events events = { FALSE, FALSE };
  State state;
  while ((state = request_step (self, events, cancellable, error)) == WAITING)
    events = request_wait (self, polled ? &cancelled : NULL);
  if (polled)
    g_cancellable_release_fd (cancellable);
  return state == ANSWERED ? request_read (self, func, data, error) : NULL;
}

gpointer
st_request_run (StChannel     *channel,
                StWireMessage *message,
                StAnswerFunc   func,
                gpointer       data,
                GCancellable  *cancellable,
                GError       **error)
{
  Request self;
  gpointer made = NULL;
  if (request_start (&self, channel, message, cancellable != NULL, error))
    made = request_serve (&self, func, data, cancellable, error);
  request_finish (&self);
  return made;
}

typedef struct
{
  GSource source;
  Request request;
  StWireMessage message;
  gpointer connection_tag;
  gpointer answer_tag;
  StAnswerFunc func;
  gpointer data;
  GDestroyNotify free_data;
  GTask *task;
} RequestSource;

static gboolean
request_source_dispatch (GSource    *source,
                         GSourceFunc unused,
                         gpointer    nothing)
{
  RequestSource *self = (RequestSource *) source;
  GError *error = NULL;
  gpointer made = NULL;
  const Events events = {
    .answered = g_source_query_unix_fd (source, self->answer_tag) != 0,
    .hung_up = (g_source_query_unix_fd (source, self->connection_tag) & (G_IO_HUP | G_IO_ERR)) != 0,
  };
  State state = request_step (&self->request, events, g_task_get_cancellable (self->task), &error);
  if (state == WAITING)
    {
      g_source_modify_unix_fd (source, self->connection_tag, self->request.sent ? 0 : G_IO_OUT);
      return G_SOURCE_CONTINUE;
    }
  if (state == ANSWERED)
    made = request_read (&self->request, self->func, self->data, &error);

  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  if (made)
    g_task_return_pointer (task, made, g_object_unref);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

static void
request_source_finalize (GSource *source)
{
  RequestSource *self = (RequestSource *) source;
  request_finish (&self->request);
  if (self->free_data)
    self->free_data (self->data);
  g_clear_object (&self->request.channel);
  g_clear_object (&self->task);
}

static gboolean
do_nothing (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static void
watch (RequestSource *self)
{
  GSource *source = &self->source;
  GCancellable *cancellable = g_task_get_cancellable (self->task);
  self->connection_tag = g_source_add_unix_fd (source, self->request.connection, self->request.sent ? 0 : G_IO_OUT);
  self->answer_tag = g_source_add_unix_fd (source, self->request.answer, G_IO_IN);
  g_source_set_ready_time (source, self->request.deadline);
  if (cancellable)
    {
      g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (cancelled, G_SOURCE_FUNC (do_nothing), NULL, NULL);
      g_source_add_child_source (source, cancelled);
    }
  g_source_set_priority (source, g_task_get_priority (self->task));
  g_source_attach (source, g_task_get_context (self->task));
}

void
st_request_run_task (StChannel     *channel,
                     StWireMessage *message,
                     StAnswerFunc   func,
                     gpointer       data,
                     GDestroyNotify free_data,
                     GTask         *task)
{
  static GSourceFuncs functions = { .dispatch = request_source_dispatch, .finalize = request_source_finalize };
  GError *error = NULL;
  st_thread_self (); /* starts what must be started at home */
  g_autoptr (GSource) source = g_source_new (&functions, sizeof (RequestSource));
  RequestSource *self = (RequestSource *) source;
  g_source_set_name (source, "spacetest request");
  self->message = *message;
  self->func = func;
  self->data = data;
  self->free_data = free_data;
  if (request_start (&self->request, g_object_ref (channel), &self->message, TRUE, &error) &&
      !g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error) &&
      request_send (&self->request, &error) != FAILED)
    {
      self->task = task;
      watch (self);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}
