/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-channel-private.h"

#include "st-error-private.h"
#include "st-kernel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT 30 /* seconds */

struct _StChannel
{
  GObject parent_instance;

  pid_t process;     /* a forked child has no business here */
  StChannel *parent; /* NULL for the first helper */
  guint level;       /* below the first helper */
  guint serial;      /* atomic, of the last request */
  guint timeout;     /* atomic, seconds, or 0 for none */

  GMutex lock;       /* guards what follows */
  GSubprocess *subprocess;
  int connection;
  int pidfd;
  guint users;       /* of the descriptors, which stay open as long as there are any */
  gboolean closed;
  StHandleSet home;  /* where the helper is; without a broker, so that nothing holds itself */
};

G_DEFINE_FINAL_TYPE (StChannel, st_channel, G_TYPE_OBJECT)

static void
close_descriptors (StChannel *self)
{
  if (self->connection >= 0)
    close (self->connection);
  if (self->pidfd >= 0)
    close (self->pidfd);
  self->connection = self->pidfd = -1;
}

static void
st_channel_finalize (GObject *object)
{
  StChannel *self = ST_CHANNEL (object);
  st_channel_close (self);
  g_clear_object (&self->parent);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_channel_parent_class)->finalize (object);
}

static void
st_channel_class_init (StChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = st_channel_finalize;
}

static void
st_channel_init (StChannel *self)
{
  g_mutex_init (&self->lock);
  self->process = getpid ();
  self->timeout = TIMEOUT;
  self->connection = self->pidfd = -1;
}

/* Takes what is in @helper. */
StChannel *
st_channel_new_take (StHelper *helper)
{
  StChannel *self = g_object_new (ST_TYPE_CHANNEL, NULL);
  self->subprocess = g_steal_pointer (&helper->process);
  self->connection = helper->connection;
  self->pidfd = helper->pidfd;
  return self;
}

/* Takes the descriptors and what is in @home. */
StChannel *
st_channel_new_below (StChannel   *parent,
                      int          connection,
                      int          pidfd,
                      StHandleSet *home)
{
  StChannel *self = g_object_new (ST_TYPE_CHANNEL, NULL);
  self->parent = g_object_ref (parent);
  self->level = parent->level + 1;
  self->timeout = st_channel_get_timeout (parent);
  self->connection = connection;
  self->pidfd = pidfd;
  self->home = *home;
  *home = (StHandleSet){ 0 };
  return self;
}

static gboolean
is_closed_itself (StChannel *self)
{
  g_mutex_lock (&self->lock);
  gboolean closed = self->closed;
  g_mutex_unlock (&self->lock);
  return closed;
}

/* Who closes a channel ends all helpers below. */
gboolean
st_channel_is_closed (StChannel *self)
{
  for (; self; self = self->parent)
    if (is_closed_itself (self))
      return TRUE;
  return FALSE;
}

static gboolean
check_open (StChannel *self,
            GError   **error)
{
  if (self->process != getpid ())
    {
      g_set_error (error, ST_ERROR, ST_ERROR_HELPER_FAILED, "the helper belongs to process %d, which this one was forked from",
                   (int) self->process);
      return FALSE;
    }
  return !st_channel_is_closed (self) || st_error_set_closed (error, "spacer");
}

/* The connection, which stays open until st_channel_release(), or -1. */
int
st_channel_hold (StChannel *self,
                 GError   **error)
{
  int connection = -1;
  if (!check_open (self, error))
    return -1;
  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      connection = self->connection;
      self->users++;
    }
  g_mutex_unlock (&self->lock);
  if (connection < 0)
    st_error_set_closed (error, "spacer");
  return connection;
}

void
st_channel_release (StChannel *self)
{
  g_mutex_lock (&self->lock);
  if (--self->users == 0 && self->closed)
    close_descriptors (self);
  g_mutex_unlock (&self->lock);
}

/* Closed, or the process ended. */
gboolean
st_channel_is_gone (StChannel *self)
{
  if (st_channel_hold (self, NULL) < 0)
    return TRUE;
  const gboolean gone = st_system_is_gone (self->pidfd);
  st_channel_release (self);
  return gone;
}

/* For who found nobody at the other end. */
void
st_channel_set_gone (StChannel *self,
                     GError   **error)
{
  if (check_open (self, error))
    g_set_error (error, ST_ERROR, ST_ERROR_HELPER_FAILED, "the helper process ended%s",
                 self->level > 0 ? ", or one that it lives in did" : "");
}

/* A reference outlives its spacer: it is not closed, but there is nobody to ask. */
void
st_channel_propagate_to_reference (GError **error,
                                   GError  *failure)
{
  if (g_error_matches (failure, ST_ERROR, ST_ERROR_CLOSED))
    {
      g_clear_error (&failure);
      g_set_error (&failure, ST_ERROR, ST_ERROR_HELPER_FAILED,
                   "the spacer that made this namespace is closed, and the caller may not go there himself (see docs: privileges)");
    }
  g_propagate_error (error, failure);
}

/* The other end sees it at once, whoever else has a copy of our descriptor; unless it is not ours to close. */
gboolean
st_channel_close (StChannel *self)
{
  gboolean closing;
  g_auto (StHandleSet) home = { 0 };
  g_autoptr (GSubprocess) subprocess = NULL;
  g_mutex_lock (&self->lock);
  closing = !self->closed;
  if (closing)
    {
      self->closed = TRUE;
      if (self->process == getpid ())
        shutdown (self->connection, SHUT_RDWR);
      if (self->users == 0)
        close_descriptors (self);
      home = self->home;
      self->home = (StHandleSet){ 0 };
      subprocess = g_steal_pointer (&self->subprocess);
    }
  g_mutex_unlock (&self->lock);
  return closing;
}

int
st_channel_dup_pidfd (StChannel *self,
                      GError   **error)
{
  if (st_channel_hold (self, error) < 0)
    return -1;
  int copy = st_system_dup (self->pidfd);
  st_channel_release (self);
  if (copy >= 0)
    return copy;
  st_error_set_result (error, copy, "cannot duplicate the descriptor of a helper process");
  return -1;
}

/* Kinds that the kernel does not have are left out. */
static gboolean
open_home (StChannel   *self,
           StHandleSet *home,
           GError     **error)
{
  ST_FOREACH_KIND (kind)
    {
      int fd = st_system_open_process (self->pidfd, kind);
      if (st_system_is_gone (self->pidfd))
        {
          if (fd >= 0)
            close (fd);
          st_channel_set_gone (self, error);
          return FALSE;
        }
      if (fd == -ENOENT || fd == -ESRCH || st_kernel_is_missing (fd))
        continue;
      if (fd < 0)
        st_error_set_result (error, fd, "cannot open the %s namespace of the helper process", kind->name);
      else
        home->of_kind[kind->index] = st_handle_new_take (fd, kind, error);
      if (!home->of_kind[kind->index])
        return FALSE;
    }
  return TRUE;
}

static void
copy_home (StHandleSet       *to,
           const StHandleSet *from)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    to->of_kind[i] = from->of_kind[i] ? st_handle_ref (from->of_kind[i]) : NULL;
}

/* Where the helper is, as handles without a broker: all namespaces of the first helper; of a subspace those that are its own. */
gboolean
st_channel_get_home (StChannel   *self,
                     StHandleSet *home,
                     GError     **error)
{
  g_auto (StHandleSet) found = { 0 };
  if (st_channel_hold (self, error) < 0)
    return FALSE;
  g_mutex_lock (&self->lock);
  copy_home (home, &self->home);
  g_mutex_unlock (&self->lock);
  gboolean known = st_handle_set_get_types (home) != ST_NAMESPACE_NONE;
  if (!known && open_home (self, &found, error))
    {
      known = TRUE;
      copy_home (home, &found);
      g_mutex_lock (&self->lock);
      if (!self->closed && st_handle_set_get_types (&self->home) == ST_NAMESPACE_NONE)
        {
          self->home = found;
          found = (StHandleSet){ 0 };
        }
      g_mutex_unlock (&self->lock);
    }
  st_channel_release (self);
  return known;
}

/* NULL above the first helper. */
StChannel *
st_channel_get_parent (StChannel *self)
{
  return self->parent;
}

guint
st_channel_get_level (StChannel *self)
{
  return self->level;
}

guint
st_channel_get_timeout (StChannel *self)
{
  return g_atomic_int_get (&self->timeout);
}

void
st_channel_set_timeout (StChannel *self,
                        guint      seconds)
{
  g_atomic_int_set (&self->timeout, seconds);
}

guint32
st_channel_next_serial (StChannel *self)
{
  return g_atomic_int_add (&self->serial, 1) + 1;
}
