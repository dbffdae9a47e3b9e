/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-reexec-options-private.h"

#define START_TIMEOUT (60 * 1000)

/**
 * StReexecOptions:
 *
 * How an action is run, see [func@Spacetest.reexec_run_with_options].
 *
 * Options can be used any number of times; they are not to be changed by one thread while another uses them.
 *
 * ```c
 * g_autoptr (StLauncher) launcher = st_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
 * st_launcher_setenv (launcher, "LANG", "C", TRUE);
 * st_launcher_take_fd (launcher, listening_fd, 3);
 *
 * g_autoptr (StReexecOptions) options = st_reexec_options_new ();
 * st_reexec_options_set_launcher (options, launcher);
 * st_reexec_options_set_timeout (options, 5000);
 * g_autoptr (GVariant) result = st_reexec_run_with_options (space, "serve", NULL, options, NULL, &error);
 * ```
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (StReexecOptions, st_reexec_options, G_TYPE_OBJECT)

static void
st_reexec_options_finalize (GObject *object)
{
  StReexecOptions *self = ST_REEXEC_OPTIONS (object);
  g_clear_object (&self->launcher);
  g_strfreev (self->command);
  g_clear_pointer (&self->result_type, g_variant_type_free);
  G_OBJECT_CLASS (st_reexec_options_parent_class)->finalize (object);
}

static void
st_reexec_options_class_init (StReexecOptionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = st_reexec_options_finalize;
}

static void
st_reexec_options_init (StReexecOptions *self)
{
  self->start_timeout = START_TIMEOUT;
}

/**
 * st_reexec_options_new:
 *
 * Makes options that change nothing.
 *
 * Returns: (transfer full): new options
 *
 * Since: 0.1
 */
StReexecOptions *
st_reexec_options_new (void)
{
  return g_object_new (ST_TYPE_REEXEC_OPTIONS, NULL);
}

StReexecOptions *
st_reexec_options_copy (const StReexecOptions *other)
{
  StReexecOptions *self = st_reexec_options_new ();
  if (!other)
    return self;
  g_set_object (&self->launcher, other->launcher);
  self->timeout = other->timeout;
  self->start_timeout = other->start_timeout;
  self->command = g_strdupv (other->command);
  self->result_type = other->result_type ? g_variant_type_copy (other->result_type) : NULL;
  return self;
}

/**
 * st_reexec_options_set_launcher:
 * @self: options
 * @launcher: (nullable): a launcher, or %NULL for none
 *
 * Sets what the process of the action has: working directory, environment, descriptors, standard input, output and error.
 *
 * Pipes have nobody at the other end: with them, running is %ST_ERROR_INVALID_ARGUMENT. Files and descriptors are good. Without a launcher, standard
 * input is empty, and what the action prints is printed where this program prints.
 *
 * Since: 0.1
 */
void
st_reexec_options_set_launcher (StReexecOptions *self,
                                StLauncher      *launcher)
{
  g_return_if_fail (ST_IS_REEXEC_OPTIONS (self));
  g_return_if_fail (launcher == NULL || ST_IS_LAUNCHER (launcher));
  g_set_object (&self->launcher, launcher);
}

/**
 * st_reexec_options_set_timeout:
 * @self: options
 * @milliseconds: milliseconds, or 0 for no limit, which is how it is at first
 *
 * Sets how long the action may take, from its start to its result. One that takes longer is killed.
 *
 * Since: 0.1
 */
void
st_reexec_options_set_timeout (StReexecOptions *self,
                               guint            milliseconds)
{
  g_return_if_fail (ST_IS_REEXEC_OPTIONS (self));
  self->timeout = milliseconds;
}

/**
 * st_reexec_options_get_timeout:
 * @self: options
 *
 * Gets how long the action may take.
 *
 * Returns: milliseconds, or 0 for no limit
 *
 * Since: 0.1
 */
guint
st_reexec_options_get_timeout (StReexecOptions *self)
{
  g_return_val_if_fail (ST_IS_REEXEC_OPTIONS (self), 0);
  return self->timeout;
}

/**
 * st_reexec_options_set_start_timeout:
 * @self: options
 * @milliseconds: milliseconds, or 0 for no limit; a minute at first
 *
 * Sets how long the fresh copy of the program may take to come to its actions.
 *
 * One that takes longer is killed: it may never do it.
 *
 * Since: 0.1
 */
void
st_reexec_options_set_start_timeout (StReexecOptions *self,
                                     guint            milliseconds)
{
  g_return_if_fail (ST_IS_REEXEC_OPTIONS (self));
  self->start_timeout = milliseconds;
}

/**
 * st_reexec_options_get_start_timeout:
 * @self: options
 *
 * Gets how long the fresh copy of the program may take to come to its actions.
 *
 * Returns: milliseconds, or 0 for no limit
 *
 * Since: 0.1
 */
guint
st_reexec_options_get_start_timeout (StReexecOptions *self)
{
  g_return_val_if_fail (ST_IS_REEXEC_OPTIONS (self), 0);
  return self->start_timeout;
}

/**
 * st_reexec_options_set_command:
 * @self: options
 * @command: (array zero-terminated=1) (element-type filename) (nullable): a program and its arguments, or %NULL for a copy of this program
 *
 * Sets what is started, for programs that are run by an interpreter.
 *
 * The program calls [func@Spacetest.reexec_init], or [func@Spacetest.reexec_receive] and [func@Spacetest.reexec_reply]. Whether it knows
 * the action is found out there.
 *
 * Since: 0.1
 */
void
st_reexec_options_set_command (StReexecOptions   *self,
                               const char *const *command)
{
  g_return_if_fail (ST_IS_REEXEC_OPTIONS (self));
  char **copy = g_strdupv ((char **) command);
  g_strfreev (self->command);
  self->command = copy;
}

/**
 * st_reexec_options_set_result_type:
 * @self: options
 * @type: (nullable): a type, which may be indefinite, or %NULL for any
 *
 * Sets what the result must be.
 *
 * Another one is %ST_ERROR_CALLBACK_FAILED.
 *
 * Since: 0.1
 */
void
st_reexec_options_set_result_type (StReexecOptions    *self,
                                   const GVariantType *type)
{
  g_return_if_fail (ST_IS_REEXEC_OPTIONS (self));
  g_clear_pointer (&self->result_type, g_variant_type_free);
  self->result_type = type ? g_variant_type_copy (type) : NULL;
}
