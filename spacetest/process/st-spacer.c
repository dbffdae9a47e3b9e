/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-spacer-private.h"

#include "st-answer-private.h"
#include "st-error-private.h"
#include "st-space-private.h"
#include "st-thread-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

/**
 * StSpacer:
 *
 * The client of a helper process that makes what a threaded process can't make for itself: see [user_namespaces(7)](man:user_namespaces(7)),
 * [pid_namespaces(7)](man:pid_namespaces(7)) and [time_namespaces(7)](man:time_namespaces(7)).
 *
 * The helper is single threaded. It makes user, PID and time namespaces, which only new processes can be in, by having a child
 * that lives there: a subspace, which is another spacer. And it makes the other six kinds of namespaces, so that an
 * ordinary user gets them too: those that are made in a subspace with a user namespace belong to that.
 *
 * ```c
 * g_autoptr (StSpacer) spacer = st_spacer_new (NULL, &error);
 * g_autoptr (StSpacer) inside = spacer ? st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_PID, NULL, NULL, &error) : NULL;
 * g_autoptr (StSpace) rooms = inside ? st_spacer_create_space (inside, ST_NAMESPACE_NET | ST_NAMESPACE_MNT, NULL, &error) : NULL;
 * ```
 *
 * The helper process ends when the spacer is closed, when nobody holds it any more, and with this process, however that ends. What
 * holds it is the spacer itself, its subspaces, the namespace references that it made, which ask it for what the caller may
 * not do with them, and the processes of programs that were started there: none of them has to be kept for another. Closing a
 * spacer ends all that is below it. The methods of a closed spacer, and of all below, are %ST_ERROR_CLOSED; if the helper process
 * died, they are %ST_ERROR_HELPER_FAILED, and [signal@Spacetest.Spacer::died] says so at once. A child that this process forks
 * can't use the parent's spacers.
 *
 * All methods can be called from any thread. Any number of calls can be under way at once; to cancel one disturbs no other.
 * What a cancelled call made is gone again.
 *
 * Since: 0.1
 */
struct _StSpacer
{
  GObject parent_instance;

  StChannel *channel; /* NULL in one that was made without its constructor */
  GMutex lock;        /* guards what follows */
  StSpace *space;
  GSource *watch;
};

G_DEFINE_FINAL_TYPE (StSpacer, st_spacer, G_TYPE_OBJECT)

enum
{
  PROP_PID = 1,
  PROP_SPACE,
  PROP_TIMEOUT,
  PROP_CLOSED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];
static guint died;

static void
stop_watching (StSpacer *self)
{
  g_mutex_lock (&self->lock);
  GSource *watch = g_steal_pointer (&self->watch);
  g_mutex_unlock (&self->lock);
  if (!watch)
    return;
  g_source_destroy (watch);
  g_source_unref (watch);
}

static void
st_spacer_get_property (GObject    *object,
                        guint       id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  StSpacer *self = ST_SPACER (object);
  switch (id)
    {
    case PROP_PID:
      g_value_set_int (value, MAX (st_spacer_get_pid (self, NULL), 0));
      break;
    case PROP_SPACE:
      g_value_set_object (value, st_spacer_get_space (self, NULL));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, st_spacer_get_timeout (self));
      break;
    case PROP_CLOSED:
      g_value_set_boolean (value, st_spacer_is_closed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_spacer_set_property (GObject      *object,
                        guint         id,
                        const GValue *value,
                        GParamSpec   *pspec)
{
  if (id == PROP_TIMEOUT)
    st_spacer_set_timeout (ST_SPACER (object), g_value_get_uint (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
st_spacer_dispose (GObject *object)
{
  stop_watching (ST_SPACER (object));
  G_OBJECT_CLASS (st_spacer_parent_class)->dispose (object);
}

static void
st_spacer_finalize (GObject *object)
{
  StSpacer *self = ST_SPACER (object);
  g_clear_object (&self->space);
  g_clear_object (&self->channel);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_spacer_parent_class)->finalize (object);
}

static void
st_spacer_class_init (StSpacerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_spacer_get_property;
  object_class->set_property = st_spacer_set_property;
  object_class->dispose = st_spacer_dispose;
  object_class->finalize = st_spacer_finalize;

  /**
   * StSpacer:pid:
   *
   * The number of the helper process, or 0 if it is gone. See [method@Spacetest.Spacer.get_pid].
   *
   * Since: 0.1
   */
  properties[PROP_PID] = g_param_spec_int ("pid", NULL, NULL, 0, G_MAXINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StSpacer:space:
   *
   * Where the helper process lives, or %NULL if it is gone. See [method@Spacetest.Spacer.get_space].
   *
   * Since: 0.1
   */
  properties[PROP_SPACE] = g_param_spec_object ("space", NULL, NULL, ST_TYPE_SPACE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StSpacer:timeout: (getter get_timeout) (setter set_timeout)
   *
   * How long an answer of the helper process may take, in seconds; 0 for as long as it likes.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 30,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * StSpacer:closed: (getter is_closed)
   *
   * Whether the spacer, or one that it lives in, was closed.
   *
   * Since: 0.1
   */
  properties[PROP_CLOSED] = g_param_spec_boolean ("closed", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * StSpacer::died:
   * @self: the spacer
   *
   * The helper process ended without having been asked to.
   *
   * Emitted once, in the main context that was the thread's default where the spacer was made. Closing the spacer, or one that
   * it lives in, is not a death.
   *
   * Since: 0.1
   */
  died = g_signal_new ("died", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
st_spacer_init (StSpacer *self)
{
  g_mutex_init (&self->lock);
}

static gboolean
tell_of_death (int          unused_fd,
               GIOCondition unused_condition,
               gpointer     data)
{
  g_autoptr (StSpacer) self = g_weak_ref_get (data);
  if (!self)
    return G_SOURCE_REMOVE;
  g_mutex_lock (&self->lock);
  const gboolean watched = self->watch == g_main_current_source ();
  g_mutex_unlock (&self->lock);
  stop_watching (self);
  if (watched && !st_channel_is_closed (self->channel))
    g_signal_emit (self, died, 0);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  GWeakRef spacer;
  int pidfd;
} Watched;

static void
free_watched (gpointer data)
{
  Watched *watched = data;
  g_weak_ref_clear (&watched->spacer);
  close (watched->pidfd);
  g_free (watched);
}

/* Takes @channel. @context is where a death is told, or NULL for the main context. */
StSpacer *
st_spacer_new_take (StChannel    *channel,
                    GMainContext *context,
                    GError      **error)
{
  g_autoptr (StSpacer) self = g_object_new (ST_TYPE_SPACER, NULL);
  self->channel = channel;
  int pidfd = st_channel_dup_pidfd (channel, error);
  if (pidfd < 0)
    return NULL;
  Watched *watched = g_new0 (Watched, 1);
  watched->pidfd = pidfd;
  g_weak_ref_init (&watched->spacer, self);
  self->watch = g_unix_fd_source_new (pidfd, G_IO_IN);
  g_source_set_name (self->watch, "spacetest helper");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (tell_of_death), watched, free_watched);
  g_source_attach (self->watch, context);
  return g_steal_pointer (&self);
}

StChannel *
st_spacer_get_channel (StSpacer *self,
                       GError  **error)
{
  if (!self->channel)
    st_error_set_closed (error, "spacer");
  return self->channel;
}

static StSpace *
make_space (StChannel *channel,
            GError   **error)
{
  g_auto (StHandleSet) home = { 0 };
  g_auto (StHandleSet) copies = { 0 };
  if (!st_channel_get_home (channel, &home, error))
    return NULL;
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (home.of_kind[i])
      {
        int fd = st_system_dup (home.of_kind[i]->fd);
        if (fd < 0)
          st_error_set_result (error, fd, "cannot duplicate the descriptor of a %s namespace", st_kinds[i].name);
        else
          copies.of_kind[i] = st_handle_new_take (fd, &st_kinds[i], error);
        if (!copies.of_kind[i])
          return NULL;
      }
  return st_space_new_take (st_answer_wrap_home (&copies, channel));
}

/**
 * st_spacer_get_space:
 * @self: a spacer
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets where the helper process lives.
 *
 * Of a spacer that was made with [ctor@Spacetest.Spacer.new] these are all namespaces of the helper process, those of its maker;
 * of a subspace those that are not the first helper's any more: what was asked for, here and above, and what came along with that,
 * such as a mount namespace with a fresh `/proc`. It is the same space each time.
 *
 * Returns: (transfer none): the space, which belongs to the spacer, or %NULL with @error set
 *
 * Since: 0.1
 */
StSpace *
st_spacer_get_space (StSpacer *self,
                     GError  **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), NULL);
  StChannel *channel = st_spacer_get_channel (self, error);
  if (!channel || st_channel_hold (channel, error) < 0)
    return NULL;
  g_mutex_lock (&self->lock);
  if (!self->space)
    self->space = make_space (channel, error);
  StSpace *space = self->space;
  g_mutex_unlock (&self->lock);
  st_channel_release (channel);
  return space;
}

/**
 * st_spacer_get_pid:
 * @self: a spacer
 * @error: return location for a [error@Spacetest.Error]
 *
 * Gets the number of the helper process, in the PID namespace of the caller's `/proc`.
 *
 * Returns: the number, or -1 with @error set
 *
 * Since: 0.1
 */
int
st_spacer_get_pid (StSpacer *self,
                   GError  **error)
{
  g_return_val_if_fail (ST_IS_SPACER (self), -1);
  StChannel *channel = st_spacer_get_channel (self, error);
  int pidfd = channel ? st_channel_dup_pidfd (channel, error) : -1;
  if (pidfd < 0)
    return -1;
  int pid = st_system_pidfd_get_pid (pidfd);
  const gboolean gone = st_system_is_gone (pidfd); /* its number may be somebody else's soon */
  close (pidfd);
  if (gone)
    st_channel_set_gone (channel, error);
  else if (pid < 0)
    st_error_set_result (error, pid, "cannot find the number of the helper process");
  return gone ? -1 : MAX (pid, -1);
}

/**
 * st_spacer_get_timeout: (get-property timeout)
 * @self: a spacer
 *
 * Gets how long an answer of the helper process may take.
 *
 * Returns: seconds, or 0 for as long as it likes
 *
 * Since: 0.1
 */
guint
st_spacer_get_timeout (StSpacer *self)
{
  g_return_val_if_fail (ST_IS_SPACER (self), 0);
  return self->channel ? st_channel_get_timeout (self->channel) : 0;
}

/**
 * st_spacer_set_timeout: (set-property timeout)
 * @self: a spacer
 * @seconds: seconds, or 0 for as long as it likes
 *
 * Sets how long an answer of the helper process may take, from the next call on, and for subspaces that are made from then on.
 *
 * A call that takes longer is %G_IO_ERROR_TIMED_OUT. As an answer is a matter of milliseconds, that is a helper which was
 * stopped, or a machine that is badly overloaded.
 *
 * Since: 0.1
 */
void
st_spacer_set_timeout (StSpacer *self,
                       guint     seconds)
{
  g_return_if_fail (ST_IS_SPACER (self));
  if (!self->channel || st_channel_get_timeout (self->channel) == seconds)
    return;
  st_channel_set_timeout (self->channel, seconds);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUT]);
}

/**
 * st_spacer_is_closed: (get-property closed)
 * @self: a spacer
 *
 * Whether the spacer, or one that it lives in, was closed.
 *
 * Returns: %TRUE after [method@Spacetest.Spacer.close], and if @self was made without its constructor
 *
 * Since: 0.1
 */
gboolean
st_spacer_is_closed (StSpacer *self)
{
  g_return_val_if_fail (ST_IS_SPACER (self), TRUE);
  return !self->channel || st_channel_is_closed (self->channel);
}

/**
 * st_spacer_close:
 * @self: a spacer
 *
 * Ends the helper process, all subspaces below it, and the programs that live there. Closing twice is closing once.
 *
 * Returns at once: it takes the processes some milliseconds to end. Calls that are under way, here and below, fail with
 * %ST_ERROR_CLOSED. The namespaces that were made live on as long as somebody holds a reference, but nobody can be asked for what
 * the caller may not do with them.
 *
 * Since: 0.1
 */
void
st_spacer_close (StSpacer *self)
{
  g_return_if_fail (ST_IS_SPACER (self));
  if (!self->channel)
    return;
  stop_watching (self);
  if (st_channel_close (self->channel))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
}
