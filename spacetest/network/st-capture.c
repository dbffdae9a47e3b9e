/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-capture.h"

#include "st-error-private.h"
#include "st-packet-ring.h"
#include "st-recorder-private.h"
#include "st-socket-private.h"

#include <string.h>

#define DEFAULT_SNAPSHOT_LENGTH 262144 /* no packet is longer, as Linux is set up by default */

/**
 * StCapture:
 *
 * Writes the packets of a network to a file, as [tcpdump(8)](man:tcpdump(8)) does, for [wireshark(1)](man:wireshark(1)) and
 * [tshark(1)](man:tshark(1)) to read.
 *
 * It takes `CAP_NET_RAW` in the user namespace that owns the network, see [packet(7)](man:packet(7)). It runs from the moment it is made until it
 * is closed, on a thread of its own. Nothing of what was sent in between is missing as long as [method@Spacetest.Capture.get_n_dropped] is 0: the kernel has 4 MiB to keep what is not written yet.
 *
 * Packets have the time in nanoseconds and their direction, and their interface has its name. What `lo` sends to itself is
 * recorded once, without a direction. Without an interface, all are recorded, also those that come later. An interface that is
 * down is recorded once it is up.
 *
 * For the tests that fail only:
 *
 * ```c
 * static void
 * end_capture (gpointer data)
 * {
 *   g_autoptr (StCapture) capture = data;
 *   g_autoptr (GError) error = NULL;
 *   st_capture_set_keep (capture, g_test_failed ());
 *   if (!st_capture_close (capture, &error))
 *     g_error ("%s", error->message);
 * }
 * ```
 *
 * And in the test:
 *
 * ```c
 * StCapture *capture = st_capture_new (ST_SPACE (netns), NULL, "failed.pcapng", &error);
 * g_assert_no_error (error);
 * g_test_queue_destroy (end_capture, capture);
 * ```
 *
 * The file is there from the beginning, so that a test that crashes leaves it too.
 *
 * All methods can be called from any thread. A forked child does not go on with it, and leaves the file alone.
 *
 * Since: 0.1
 */
struct _StCapture
{
  GObject parent_instance;

  StSpace *space;
  char *interface;
  char *path;
  guint snapshot_length;

  GMutex lock;
  StRecorder *recorder; /* guarded by lock, as is what follows; NULL in what is closed or was not made */
  gboolean made;
  gboolean keep;
  guint64 n_packets;    /* once closed */
  guint64 n_dropped;
  GError *failure;      /* of closing */
};

static void st_capture_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StCapture,
                               st_capture,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, st_capture_initable_init))

enum
{
  PROP_SPACE = 1,
  PROP_INTERFACE,
  PROP_PATH,
  PROP_SNAPSHOT_LENGTH,
  PROP_KEEP,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* What the kernel would read as something else, or cut. */
static gboolean
check_interface (const char *name,
                 GError    **error)
{
  if (!name || (*name && strlen (name) < ST_INTERFACE_NAME_SIZE && !strpbrk (name, "/:")))
    return TRUE;
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "\"%.256s\" is not the name of an interface", name);
  return FALSE;
}

static gboolean
st_capture_make (GInitable    *initable,
                 GCancellable *cancellable,
                 GError      **error)
{
  StCapture *self = ST_CAPTURE (initable);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->made)
    return TRUE;
  if (!self->space || !self->path)
    {
      g_set_error (error, ST_ERROR, ST_ERROR_INVALID_ARGUMENT, "a capture needs a space and a path");
      return FALSE;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !check_interface (self->interface, error))
    return FALSE;
  int fd = st_space_create_packet_socket (self->space, error);
  self->recorder = fd < 0 ? NULL : st_recorder_new (fd, self->interface, self->path, self->snapshot_length, error);
  self->made = self->recorder != NULL;
  return self->made;
}

static void
st_capture_initable_init (GInitableIface *iface)
{
  iface->init = st_capture_make;
}

/* Once. */
static void
finish (StCapture *self,
        gboolean   keep)
{
  StRecorder *recorder = g_steal_pointer (&self->recorder);
  if (recorder)
    st_recorder_finish (recorder, keep, &self->n_packets, &self->n_dropped, &self->failure);
}

static void
st_capture_dispose (GObject *object)
{
  StCapture *self = ST_CAPTURE (object);
  g_mutex_lock (&self->lock);
  const gboolean unasked = self->recorder != NULL;
  finish (self, self->keep);
  g_mutex_unlock (&self->lock);
  if (unasked && self->failure)
    g_warning ("%s", self->failure->message);
  g_clear_object (&self->space);
  G_OBJECT_CLASS (st_capture_parent_class)->dispose (object);
}

static void
st_capture_finalize (GObject *object)
{
  StCapture *self = ST_CAPTURE (object);
  g_free (self->interface);
  g_free (self->path);
  g_clear_error (&self->failure);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (st_capture_parent_class)->finalize (object);
}

static void
st_capture_get_property (GObject    *object,
                         guint       id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  StCapture *self = ST_CAPTURE (object);
  switch (id)
    {
    case PROP_SPACE:
      g_value_set_object (value, self->space);
      break;
    case PROP_INTERFACE:
      g_value_set_string (value, self->interface);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_SNAPSHOT_LENGTH:
      g_value_set_uint (value, self->snapshot_length);
      break;
    case PROP_KEEP:
      g_value_set_boolean (value, st_capture_get_keep (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_capture_set_property (GObject      *object,
                         guint         id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  StCapture *self = ST_CAPTURE (object);
  switch (id)
    {
    case PROP_SPACE:
      self->space = g_value_dup_object (value);
      break;
    case PROP_INTERFACE:
      self->interface = g_value_dup_string (value);
      break;
    case PROP_PATH:
      self->path = g_value_dup_string (value);
      break;
    case PROP_SNAPSHOT_LENGTH:
      self->snapshot_length = g_value_get_uint (value);
      break;
    case PROP_KEEP:
      st_capture_set_keep (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_capture_class_init (StCaptureClass *klass)
{
  const GParamFlags once = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->dispose = st_capture_dispose;
  object_class->finalize = st_capture_finalize;
  object_class->get_property = st_capture_get_property;
  object_class->set_property = st_capture_set_property;

  /**
   * StCapture:space:
   *
   * The space with the network, or without one if it is the caller's.
   *
   * Since: 0.1
   */
  properties[PROP_SPACE] = g_param_spec_object ("space", NULL, NULL, ST_TYPE_SPACE, once);

  /**
   * StCapture:interface:
   *
   * The name of the interface, or %NULL for all.
   *
   * Since: 0.1
   */
  properties[PROP_INTERFACE] = g_param_spec_string ("interface", NULL, NULL, NULL, once);

  /**
   * StCapture:path: (type filename)
   *
   * The path of the file.
   *
   * Since: 0.1
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, once);

  /**
   * StCapture:snapshot-length:
   *
   * How many bytes of each packet are written at most, from its link layer on.
   *
   * Since: 0.1
   */
  properties[PROP_SNAPSHOT_LENGTH] =
    g_param_spec_uint ("snapshot-length", NULL, NULL, 1, DEFAULT_SNAPSHOT_LENGTH, DEFAULT_SNAPSHOT_LENGTH, once);

  /**
   * StCapture:keep: (getter get_keep) (setter set_keep)
   *
   * Whether the file stays when the capture is closed.
   *
   * Since: 0.1
   */
  properties[PROP_KEEP] =
    g_param_spec_boolean ("keep", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_capture_init (StCapture *self)
{
  g_mutex_init (&self->lock);
}

/**
 * st_capture_new: (constructor)
 * @space: a space; if it has no network, the caller's is recorded
 * @interface: (nullable): the name of an interface, or %NULL for all
 * @path: (type filename): where to write; a file that is there already is written anew
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the file's own
 *
 * Begins to write the packets of a network to a file.
 *
 * The kernel takes some 15 milliseconds for that. Without `CAP_NET_RAW` in the user namespace that owns the network it is
 * %ST_ERROR_PERMISSION_DENIED, an interface that is not there is %ST_ERROR_NOT_FOUND. To record the beginning of each packet only,
 * make it with [property@Spacetest.Capture:snapshot-length]:
 *
 * ```c
 * StCapture *capture = g_initable_new (ST_TYPE_CAPTURE, NULL, &error, "space", netns, "path", "headers.pcapng",
 *                                      "snapshot-length", 96, NULL);
 * ```
 *
 * Returns: (transfer full): a capture that runs, or %NULL with @error set
 *
 * Since: 0.1
 */
StCapture *
st_capture_new (StSpace    *space,
                const char *interface,
                const char *path,
                GError    **error)
{
  g_return_val_if_fail (ST_IS_SPACE (space), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  return g_initable_new (ST_TYPE_CAPTURE, NULL, error, "space", space, "interface", interface, "path", path, NULL);
}

static guint64
get_count (StCapture *self,
           gboolean   dropped)
{
  g_mutex_lock (&self->lock);
  if (self->recorder)
    st_recorder_get_counts (self->recorder, &self->n_packets, &self->n_dropped);
  const guint64 count = dropped ? self->n_dropped : self->n_packets;
  g_mutex_unlock (&self->lock);
  return count;
}

/**
 * st_capture_get_n_packets:
 * @self: a capture
 *
 * Counts the packets that are in the file, which is all of them once the capture is closed.
 *
 * Returns: how many there are
 *
 * Since: 0.1
 */
guint64
st_capture_get_n_packets (StCapture *self)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), 0);
  return get_count (self, FALSE);
}

/**
 * st_capture_get_n_dropped:
 * @self: a capture
 *
 * Counts the packets that are missing, as they came faster than they could be written, or as the disk was full.
 *
 * Returns: how many there are
 *
 * Since: 0.1
 */
guint64
st_capture_get_n_dropped (StCapture *self)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), 0);
  return get_count (self, TRUE);
}

/**
 * st_capture_get_keep: (get-property keep)
 * @self: a capture
 *
 * Whether the file stays when the capture is closed.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
st_capture_get_keep (StCapture *self)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), FALSE);
  g_mutex_lock (&self->lock);
  const gboolean keep = self->keep;
  g_mutex_unlock (&self->lock);
  return keep;
}

/**
 * st_capture_set_keep: (set-property keep)
 * @self: a capture
 * @keep: whether the file stays
 *
 * Says whether the file stays when the capture is closed. It does, unless told otherwise.
 *
 * Since: 0.1
 */
void
st_capture_set_keep (StCapture *self,
                     gboolean   keep)
{
  g_return_if_fail (ST_IS_CAPTURE (self));
  g_mutex_lock (&self->lock);
  const gboolean changed = self->keep != !!keep;
  self->keep = !!keep;
  g_mutex_unlock (&self->lock);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEEP]);
}

/**
 * st_capture_is_closed:
 * @self: a capture
 *
 * Whether the capture is over.
 *
 * Returns: %TRUE if it was closed, or made without its constructor
 *
 * Since: 0.1
 */
gboolean
st_capture_is_closed (StCapture *self)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), TRUE);
  g_mutex_lock (&self->lock);
  const gboolean closed = self->recorder == NULL;
  g_mutex_unlock (&self->lock);
  return closed;
}

/**
 * st_capture_close:
 * @self: a capture
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the file's own
 *
 * Ends a capture: every packet that was sent or received before is in the file then.
 *
 * That takes some 20 milliseconds, most of them for the kernel to take its memory back. If the file could not be written, as the
 * disk was full, that is an error here; it has in it what came before. With [property@Spacetest.Capture:keep] off, the file is removed
 * instead. Closing again does nothing, and says the same.
 *
 * A capture that is dropped without closing it is closed, and errors are printed as a warning.
 *
 * Returns: %TRUE if everything is in the file, or the file is removed
 *
 * Since: 0.1
 */
gboolean
st_capture_close (StCapture *self,
                  GError   **error)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), FALSE);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (!self->made)
    return st_error_set_closed (error, "capture");
  finish (self, self->keep);
  if (self->failure)
    g_propagate_error (error, g_error_copy (self->failure));
  return self->failure == NULL;
}

/**
 * st_capture_discard:
 * @self: a capture
 * @error: return location for a [error@Spacetest.Error], or a [error@Gio.IOErrorEnum] of the file's own
 *
 * Ends a capture and removes its file. What is no ordinary file, or somebody else's by now, is left alone.
 *
 * After [method@Spacetest.Capture.close] it is %ST_ERROR_CLOSED.
 *
 * Returns: %TRUE if the file is gone
 *
 * Since: 0.1
 */
gboolean
st_capture_discard (StCapture *self,
                    GError   **error)
{
  g_return_val_if_fail (ST_IS_CAPTURE (self), FALSE);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (!self->recorder)
    return st_error_set_closed (error, "capture");
  finish (self, FALSE);
  if (self->failure)
    g_propagate_error (error, g_error_copy (self->failure));
  return self->failure == NULL;
}
