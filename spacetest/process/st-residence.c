/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-residence-private.h"

#include "st-spacer-private.h"

/* Of the spacer that lives deepest, if some of the namespaces come from spacers. */
static StChannel *
find_channel (const StHandleSet *set)
{
  StChannel *deepest = NULL;
  for (gsize i = 0; i < ST_N_KINDS; i++)
    {
      GObject *broker = set->of_kind[i] ? set->of_kind[i]->broker : NULL;
      if (broker && (!deepest || st_channel_get_level (ST_CHANNEL (broker)) > st_channel_get_level (deepest)))
        deepest = ST_CHANNEL (broker);
    }
  return deepest;
}

/* What is in @set stays. */
static void
add_missing (StHandleSet *set,
             StHandleSet *home)
{
  for (gsize i = 0; i < ST_N_KINDS; i++)
    if (!set->of_kind[i])
      set->of_kind[i] = g_steal_pointer (&home->of_kind[i]);
}

static gboolean
get_home (StChannel   *channel,
          StHandleSet *home,
          GError     **error)
{
  GError *failure = NULL;
  if (st_channel_get_home (channel, home, &failure))
    return TRUE;
  st_channel_propagate_to_reference (error, failure);
  return FALSE;
}

/* A namespace that a spacer made is used from where that spacer lives. The first helper lives where the caller does. */
gboolean
st_residence_complete (StHandleSet *set,
                       GError     **error)
{
  for (StChannel *channel = find_channel (set); channel && st_channel_get_level (channel) > 0; channel = st_channel_get_parent (channel))
    {
      g_auto (StHandleSet) home = { 0 };
      if (!get_home (channel, &home, error))
        return FALSE;
      add_missing (set, &home);
    }
  return TRUE;
}

/* Nobody can send signals out of his PID namespace, and the process that stands in for the program is in the caller's. */
static StChannel *
find_above (StChannel *channel,
            GError   **error)
{
  StChannel *guard = channel;
  for (; st_channel_get_level (channel) > 0; channel = st_channel_get_parent (channel))
    {
      g_auto (StHandleSet) home = { 0 };
      if (!get_home (channel, &home, error))
        return NULL;
      if (home.of_kind[ST_KIND_PID])
        guard = st_channel_get_parent (channel);
    }
  return g_object_ref (guard);
}

StChannel *
st_residence_find_guard (const StHandleSet *set,
                         GCancellable      *cancellable,
                         GError           **error)
{
  StChannel *channel = find_channel (set);
  if (channel)
    return find_above (channel, error);
  g_autoptr (StSpacer) spacer = st_spacer_get_default (cancellable, error);
  channel = spacer ? st_spacer_get_channel (spacer, error) : NULL;
  return channel ? g_object_ref (channel) : NULL;
}

/* Neither the spacer nor what it made has to be kept for a program that lives there. */
void
st_residence_keep (const StHandleSet *set,
                   GSubprocess       *process)
{
  StChannel *channel = find_channel (set);
  if (channel)
    g_object_set_data_full (G_OBJECT (process), "spacetest-residence", g_object_ref (channel), g_object_unref);
}
