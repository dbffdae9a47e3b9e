/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-spacer-options-private.h"

#include "st-system.h"

#include <unistd.h>

/**
 * StSpacerOptions:
 *
 * What a new [class@Spacetest.Spacer] is to have besides its namespaces.
 *
 * What does not fit the namespaces that are asked for is %ST_ERROR_INVALID_ARGUMENT of the call that uses the options: offsets
 * without a time namespace, for example. Options can be used any number of times; they are not to be changed by one thread
 * while another uses them.
 *
 * ```c
 * g_autoptr (StSpacerOptions) options = st_spacer_options_new ();
 * st_spacer_options_set_boottime_offset (options, G_GINT64_CONSTANT (365) * 24 * 3600 * G_USEC_PER_SEC);
 * g_autoptr (StSpacer) old = st_spacer_create_subspace (spacer, ST_NAMESPACE_USER | ST_NAMESPACE_TIME, options, NULL, &error);
 * ```
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (StSpacerOptions, st_spacer_options, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (StIdMap,
                    st_id_map,
                    G_DEFINE_ENUM_VALUE (ST_ID_MAP_ROOT, "root"),
                    G_DEFINE_ENUM_VALUE (ST_ID_MAP_SELF, "self"))

enum
{
  PROP_ID_MAP = 1,
  PROP_MONOTONIC_OFFSET,
  PROP_BOOTTIME_OFFSET,
  PROP_HOST_NAME,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
st_spacer_options_get_property (GObject    *object,
                                guint       id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  StSpacerOptions *self = ST_SPACER_OPTIONS (object);
  switch (id)
    {
    case PROP_ID_MAP:
      g_value_set_enum (value, self->id_map);
      break;
    case PROP_MONOTONIC_OFFSET:
      g_value_set_int64 (value, self->monotonic_offset);
      break;
    case PROP_BOOTTIME_OFFSET:
      g_value_set_int64 (value, self->boottime_offset);
      break;
    case PROP_HOST_NAME:
      g_value_set_string (value, self->host_name);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_spacer_options_set_property (GObject      *object,
                                guint         id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  StSpacerOptions *self = ST_SPACER_OPTIONS (object);
  switch (id)
    {
    case PROP_ID_MAP:
      st_spacer_options_set_id_map (self, g_value_get_enum (value));
      break;
    case PROP_MONOTONIC_OFFSET:
      st_spacer_options_set_monotonic_offset (self, g_value_get_int64 (value));
      break;
    case PROP_BOOTTIME_OFFSET:
      st_spacer_options_set_boottime_offset (self, g_value_get_int64 (value));
      break;
    case PROP_HOST_NAME:
      st_spacer_options_set_host_name (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
replace_fd (int *place,
            int  fd)
{
  if (*place >= 0)
    close (*place);
  *place = fd < 0 ? -1 : fd;
  if (fd >= 0)
    st_system_close_on_exec (fd);
}

static void
st_spacer_options_finalize (GObject *object)
{
  StSpacerOptions *self = ST_SPACER_OPTIONS (object);
  replace_fd (&self->stdout_fd, -1);
  replace_fd (&self->stderr_fd, -1);
  g_free (self->host_name);
  G_OBJECT_CLASS (st_spacer_options_parent_class)->finalize (object);
}

static void
st_spacer_options_class_init (StSpacerOptionsClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_spacer_options_get_property;
  object_class->set_property = st_spacer_options_set_property;
  object_class->finalize = st_spacer_options_finalize;

  /**
   * StSpacerOptions:id-map: (getter get_id_map) (setter set_id_map)
   *
   * Who one is in a new user namespace.
   *
   * Since: 0.1
   */
  properties[PROP_ID_MAP] = g_param_spec_enum ("id-map", NULL, NULL, ST_TYPE_ID_MAP, ST_ID_MAP_ROOT, flags);

  /**
   * StSpacerOptions:monotonic-offset: (getter get_monotonic_offset) (setter set_monotonic_offset)
   *
   * What is added to `CLOCK_MONOTONIC` in a new time namespace, in microseconds.
   *
   * Since: 0.1
   */
  properties[PROP_MONOTONIC_OFFSET] = g_param_spec_int64 ("monotonic-offset", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);

  /**
   * StSpacerOptions:boottime-offset: (getter get_boottime_offset) (setter set_boottime_offset)
   *
   * What is added to `CLOCK_BOOTTIME`, which `/proc/uptime` shows, in a new time namespace, in microseconds.
   *
   * Since: 0.1
   */
  properties[PROP_BOOTTIME_OFFSET] = g_param_spec_int64 ("boottime-offset", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);

  /**
   * StSpacerOptions:host-name: (getter get_host_name) (setter set_host_name)
   *
   * The host name, in a new UTS namespace, or %NULL for the one that is.
   *
   * Since: 0.1
   */
  properties[PROP_HOST_NAME] = g_param_spec_string ("host-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_spacer_options_init (StSpacerOptions *self)
{
  self->stdout_fd = self->stderr_fd = -1;
}

/**
 * st_spacer_options_new:
 *
 * Makes options that ask for nothing special.
 *
 * Returns: (transfer full): new options
 *
 * Since: 0.1
 */
StSpacerOptions *
st_spacer_options_new (void)
{
  return g_object_new (ST_TYPE_SPACER_OPTIONS, NULL);
}

/**
 * st_spacer_options_get_id_map: (get-property id-map)
 * @self: options
 *
 * Gets who one is in a new user namespace.
 *
 * Returns: the map
 *
 * Since: 0.1
 */
StIdMap
st_spacer_options_get_id_map (StSpacerOptions *self)
{
  g_return_val_if_fail (ST_IS_SPACER_OPTIONS (self), 0);
  return self->id_map;
}

/**
 * st_spacer_options_set_id_map: (set-property id-map)
 * @self: options
 * @id_map: the map
 *
 * Sets who one is in a new user namespace.
 *
 * Without a new user namespace it does not matter.
 *
 * Since: 0.1
 */
void
st_spacer_options_set_id_map (StSpacerOptions *self,
                              StIdMap         id_map)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  if (self->id_map == id_map)
    return;
  self->id_map = id_map;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ID_MAP]);
}

/**
 * st_spacer_options_get_monotonic_offset: (get-property monotonic-offset)
 * @self: options
 *
 * Gets what is added to `CLOCK_MONOTONIC` in a new time namespace.
 *
 * Returns: microseconds
 *
 * Since: 0.1
 */
gint64
st_spacer_options_get_monotonic_offset (StSpacerOptions *self)
{
  g_return_val_if_fail (ST_IS_SPACER_OPTIONS (self), 0);
  return self->monotonic_offset;
}

/**
 * st_spacer_options_set_monotonic_offset: (set-property monotonic-offset)
 * @self: options
 * @microseconds: microseconds
 *
 * Sets what is added to `CLOCK_MONOTONIC` in a new time namespace.
 *
 * It counts from the clock of the machine, may be negative, and holds for those who are in the time namespace from its
 * beginning. A clock that would be negative, or beyond some 146 years, is %ST_ERROR_INVALID_ARGUMENT of the call that uses the
 * options. See [time_namespaces(7)](man:time_namespaces(7)).
 *
 * Since: 0.1
 */
void
st_spacer_options_set_monotonic_offset (StSpacerOptions *self,
                                        gint64          microseconds)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  if (self->monotonic_offset == microseconds)
    return;
  self->monotonic_offset = microseconds;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MONOTONIC_OFFSET]);
}

/**
 * st_spacer_options_get_boottime_offset: (get-property boottime-offset)
 * @self: options
 *
 * Gets what is added to `CLOCK_BOOTTIME` in a new time namespace.
 *
 * Returns: microseconds
 *
 * Since: 0.1
 */
gint64
st_spacer_options_get_boottime_offset (StSpacerOptions *self)
{
  g_return_val_if_fail (ST_IS_SPACER_OPTIONS (self), 0);
  return self->boottime_offset;
}

/**
 * st_spacer_options_set_boottime_offset: (set-property boottime-offset)
 * @self: options
 * @microseconds: microseconds
 *
 * Sets what is added to `CLOCK_BOOTTIME` in a new time namespace.
 *
 * It counts from the clock of the machine, may be negative, and holds for those who are in the time namespace from its
 * beginning. A clock that would be negative, or beyond some 146 years, is %ST_ERROR_INVALID_ARGUMENT of the call that uses the
 * options. See [time_namespaces(7)](man:time_namespaces(7)).
 *
 * Since: 0.1
 */
void
st_spacer_options_set_boottime_offset (StSpacerOptions *self,
                                       gint64          microseconds)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  if (self->boottime_offset == microseconds)
    return;
  self->boottime_offset = microseconds;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BOOTTIME_OFFSET]);
}

/**
 * st_spacer_options_get_host_name: (get-property host-name)
 * @self: options
 *
 * Gets the host name of a new subspace.
 *
 * Returns: (nullable) (transfer none): the name, or %NULL if there is to be no UTS namespace for it
 *
 * Since: 0.1
 */
const char *
st_spacer_options_get_host_name (StSpacerOptions *self)
{
  g_return_val_if_fail (ST_IS_SPACER_OPTIONS (self), NULL);
  return self->host_name;
}

/**
 * st_spacer_options_set_host_name: (set-property host-name)
 * @self: options
 * @host_name: (nullable): 1 to 64 bytes, or %NULL
 *
 * Sets the host name of a new subspace, which gets a UTS namespace for it.
 *
 * Since: 0.1
 */
void
st_spacer_options_set_host_name (StSpacerOptions *self,
                                 const char      *host_name)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  if (g_strcmp0 (self->host_name, host_name) == 0)
    return;
  g_free (self->host_name);
  self->host_name = g_strdup (host_name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST_NAME]);
}

/**
 * st_spacer_options_take_stdout_fd:
 * @self: options
 * @fd: an open descriptor, which is the options' now, or -1 for what the maker has
 *
 * Sets where the stdout of a new helper process goes, and of all subspaces below it.
 *
 * The helper itself writes nothing there but when it is about to die of a bug.
 *
 * Since: 0.1
 */
void
st_spacer_options_take_stdout_fd (StSpacerOptions *self,
                                  int              fd)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  replace_fd (&self->stdout_fd, fd);
}

/**
 * st_spacer_options_take_stderr_fd:
 * @self: options
 * @fd: an open descriptor, which is the options' now, or -1 for what the maker has
 *
 * Sets where the stderr of a new helper process goes, and of all subspaces below it.
 *
 * The helper itself writes nothing there but when it is about to die of a bug.
 *
 * Since: 0.1
 */
void
st_spacer_options_take_stderr_fd (StSpacerOptions *self,
                                  int              fd)
{
  g_return_if_fail (ST_IS_SPACER_OPTIONS (self));
  replace_fd (&self->stderr_fd, fd);
}
