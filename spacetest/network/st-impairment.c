/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-impairment-private.h"

#include "st-error-private.h"

/**
 * StImpairment:
 *
 * What makes a link slower and worse than it is: see [method@Spacetest.Link.set_impairment].
 *
 * An object holds the values, and nothing else: it can be given to any number of links, and what is changed in it afterwards has no
 * effect before it is given to them again. All values are 0, for none, but [property@Spacetest.Impairment:limit]. It can be used from any
 * thread.
 *
 * ```python
 * cable.set_impairment(Spacetest.Impairment(rate=20_000_000, delay=30_000, loss=0.01))
 * ```
 *
 * Since: 0.1
 */
struct _StImpairment
{
  GObject parent_instance;

  GMutex lock;
  StImpairmentValues values; /* guarded by lock */
};

G_DEFINE_FINAL_TYPE (StImpairment, st_impairment, G_TYPE_OBJECT)

enum
{
  PROP_RATE = 1,
  PROP_DELAY,
  PROP_JITTER,
  PROP_LOSS,
  PROP_DUPLICATION,
  PROP_REORDERING,
  PROP_CORRUPTION,
  PROP_LIMIT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

#define MOST_RATE (G_GUINT64_CONSTANT (8) * G_MAXINT) /* the kernel is told in bytes, by a library that takes an int */
#define MOST_TIME 240000000                            /* what the kernel counts in units of 64 ns fits 32 bits */

static void
st_impairment_get_property (GObject    *object,
                            guint       id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  StImpairment *self = ST_IMPAIRMENT (object);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  switch (id)
    {
    case PROP_RATE:
      g_value_set_uint64 (value, self->values.rate);
      break;
    case PROP_DELAY:
      g_value_set_uint (value, self->values.delay);
      break;
    case PROP_JITTER:
      g_value_set_uint (value, self->values.jitter);
      break;
    case PROP_LOSS:
      g_value_set_double (value, self->values.loss);
      break;
    case PROP_DUPLICATION:
      g_value_set_double (value, self->values.duplication);
      break;
    case PROP_REORDERING:
      g_value_set_double (value, self->values.reordering);
      break;
    case PROP_CORRUPTION:
      g_value_set_double (value, self->values.corruption);
      break;
    case PROP_LIMIT:
      g_value_set_uint (value, self->values.limit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_impairment_set_property (GObject      *object,
                            guint         id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  StImpairment *self = ST_IMPAIRMENT (object);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  switch (id)
    {
    case PROP_RATE:
      self->values.rate = g_value_get_uint64 (value);
      break;
    case PROP_DELAY:
      self->values.delay = g_value_get_uint (value);
      break;
    case PROP_JITTER:
      self->values.jitter = g_value_get_uint (value);
      break;
    case PROP_LOSS:
      self->values.loss = g_value_get_double (value);
      break;
    case PROP_DUPLICATION:
      self->values.duplication = g_value_get_double (value);
      break;
    case PROP_REORDERING:
      self->values.reordering = g_value_get_double (value);
      break;
    case PROP_CORRUPTION:
      self->values.corruption = g_value_get_double (value);
      break;
    case PROP_LIMIT:
      self->values.limit = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
st_impairment_finalize (GObject *object)
{
  g_mutex_clear (&ST_IMPAIRMENT (object)->lock);
  G_OBJECT_CLASS (st_impairment_parent_class)->finalize (object);
}

static void
st_impairment_class_init (StImpairmentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = st_impairment_get_property;
  object_class->set_property = st_impairment_set_property;
  object_class->finalize = st_impairment_finalize;
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * StImpairment:rate:
   *
   * How much goes through in a second, in bits, Ethernet headers among them; 0 is all.
   *
   * What waits is held, as long as it is not more than goes through in 200 ms, or 64 packets; the rest is dropped.
   *
   * Since: 0.1
   */
  properties[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * StImpairment:delay:
   *
   * By how much each packet is delayed, in microseconds, four minutes at most.
   *
   * Since: 0.1
   */
  properties[PROP_DELAY] = g_param_spec_uint ("delay", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * StImpairment:jitter:
   *
   * By how much the delay varies, in microseconds, more or less. If it does by more than packets are apart, they overtake each other.
   *
   * Since: 0.1
   */
  properties[PROP_JITTER] = g_param_spec_uint ("jitter", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * StImpairment:loss:
   *
   * The share of packets that are lost, from 0 to 1.
   *
   * Since: 0.1
   */
  properties[PROP_LOSS] = g_param_spec_double ("loss", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  /**
   * StImpairment:duplication:
   *
   * The share of packets that arrive twice, from 0 to 1.
   *
   * Since: 0.1
   */
  properties[PROP_DUPLICATION] = g_param_spec_double ("duplication", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  /**
   * StImpairment:reordering:
   *
   * The share of packets that are not delayed, and so overtake the others, from 0 to 1. It takes a delay.
   *
   * Since: 0.1
   */
  properties[PROP_REORDERING] = g_param_spec_double ("reordering", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  /**
   * StImpairment:corruption:
   *
   * The share of packets where one bit arrives wrong, from 0 to 1.
   *
   * Since: 0.1
   */
  properties[PROP_CORRUPTION] = g_param_spec_double ("corruption", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  /**
   * StImpairment:limit:
   *
   * How many packets can be under way at once, where they are delayed; more are lost.
   *
   * Since: 0.1
   */
  properties[PROP_LIMIT] = g_param_spec_uint ("limit", NULL, NULL, 0, G_MAXUINT, ST_IMPAIRMENT_LIMIT, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
st_impairment_init (StImpairment *self)
{
  g_mutex_init (&self->lock);
  self->values.limit = ST_IMPAIRMENT_LIMIT;
}

/**
 * st_impairment_new:
 *
 * Makes one that has no effect: what is wanted is set by its properties.
 *
 * Returns: (transfer full): an impairment
 *
 * Since: 0.1
 */
StImpairment *
st_impairment_new (void)
{
  return g_object_new (ST_TYPE_IMPAIRMENT, NULL);
}

StImpairment *
st_impairment_new_take (const StImpairmentValues *values)
{
  StImpairment *self = st_impairment_new ();
  self->values = *values;
  return self;
}

static gboolean
refuse (GError    **error,
        const char *what)
{
  st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no impairment: %s", what);
  return FALSE;
}

static gboolean
check_shares (const StImpairmentValues *values,
              GError                  **error)
{
  const struct
  {
    const char *name;
    double value;
  } shares[] = {
    { "loss", values->loss },
    { "duplication", values->duplication },
    { "reordering", values->reordering },
    { "corruption", values->corruption },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (shares); i++)
    if (!(shares[i].value >= 0 && shares[i].value <= 1))
      {
        st_error_set (error, ST_ERROR_INVALID_ARGUMENT, "no impairment: %s is a share from 0 to 1, not %g", shares[i].name,
                      shares[i].value);
        return FALSE;
      }
  return TRUE;
}

gboolean
st_impairment_get_values (StImpairment       *self,
                          StImpairmentValues *values,
                          GError            **error)
{
  g_mutex_lock (&self->lock);
  *values = self->values;
  g_mutex_unlock (&self->lock);
  if (!check_shares (values, error))
    return FALSE;
  if (values->rate > MOST_RATE)
    return refuse (error, "the rate is 17179869176 bits a second at most");
  if (values->rate > 0 && values->rate < 8)
    return refuse (error, "the rate is 8 bits a second at least, or 0 for none");
  if (values->delay > MOST_TIME || values->jitter > MOST_TIME)
    return refuse (error, "delay and jitter are 240000000 microseconds at most");
  if (values->reordering > 0 && values->delay == 0)
    return refuse (error, "reordering takes a delay: packets overtake those that are delayed");
  if (values->limit < 1 || values->limit > G_MAXINT)
    return refuse (error, "the limit is 1 packet at least, and 2147483647 at most");
  return TRUE;
}

gboolean
st_impairment_values_have_more (const StImpairmentValues *values)
{
  return values->delay || values->jitter || values->loss > 0 || values->duplication > 0 || values->reordering > 0 || values->corruption > 0;
}

static void
add_share (GString    *text,
           double      share,
           const char *name)
{
  if (share > 0)
    g_string_append_printf (text, "%s%g %% %s", text->len ? ", " : "", share * 100, name);
}

/**
 * st_impairment_to_string:
 * @self: an impairment
 *
 * Describes an impairment for messages.
 *
 * Returns: (transfer full): a text like "20000000 bit/s, delay 30000 us, 1 % lost", or "none"
 *
 * Since: 0.1
 */
char *
st_impairment_to_string (StImpairment *self)
{
  g_return_val_if_fail (ST_IS_IMPAIRMENT (self), NULL);
  g_mutex_lock (&self->lock);
  const StImpairmentValues values = self->values;
  g_mutex_unlock (&self->lock);
  GString *text = g_string_new (NULL);
  if (values.rate)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT " bit/s", values.rate);
  if (values.delay)
    g_string_append_printf (text, "%sdelay %u us", text->len ? ", " : "", values.delay);
  if (values.jitter)
    g_string_append_printf (text, "%sjitter %u us", text->len ? ", " : "", values.jitter);
  add_share (text, values.loss, "lost");
  add_share (text, values.duplication, "twice");
  add_share (text, values.reordering, "ahead of others");
  add_share (text, values.corruption, "corrupted");
  if (text->len == 0)
    g_string_append (text, "none");
  return g_string_free (text, FALSE);
}
