/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "../core/socket-support.h"

/* What the suites of links share. */

static inline StLink *
make_cable (gpointer    space,
            const char *name,
            gpointer    peer_space,
            const char *peer_name)
{
  g_autoptr (GError) error = NULL;
  StLink *made = st_link_new_veth (space, name, peer_space, peer_name, &error);
  g_assert_no_error (error);
  g_assert_nonnull (made);
  return made;
}

static inline StLink *
get_peer (StLink *link)
{
  g_autoptr (GError) error = NULL;
  StLink *peer = st_link_get_peer (link, &error);
  g_assert_no_error (error);
  return peer;
}

static inline StLink *
find_link (gpointer    space,
           const char *name)
{
  g_autoptr (GError) error = NULL;
  StLink *found = st_link_new_for_name (space, name, &error);
  g_assert_no_error (error);
  return found;
}

/* Names of all links there, with a blank after each. */
static inline char *
list_links (gpointer space)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GPtrArray) links = st_link_list (space, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < links->len; i++)
    {
      g_autofree char *name = st_link_get_name (links->pdata[i]);
      g_string_append_printf (names, "%s ", name);
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

#define assert_there_are(space, expected)                                     \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *there_are_ = list_links (space);                         \
    g_assert_cmpstr (there_are_, ==, expected);                               \
  }                                                                           \
  G_STMT_END

#define assert_name(link, expected)                                           \
  G_STMT_START                                                                \
  {                                                                           \
    g_autofree char *name_ = st_link_get_name (link);                         \
    g_assert_cmpstr (name_, ==, expected);                                    \
  }                                                                           \
  G_STMT_END

/* A call with &error last that must work. */
#define assert_done(call)                                                     \
  G_STMT_START                                                                \
  {                                                                           \
    gboolean done_ = (call);                                                  \
    g_assert_no_error (error);                                                \
    g_assert_true (done_);                                                    \
  }                                                                           \
  G_STMT_END

/* And one that must not. */
#define assert_refused(call, code, text)                                      \
  G_STMT_START                                                                \
  {                                                                           \
    g_assert_false (call);                                                    \
    test_assert_failed (error, code, text);                                   \
  }                                                                           \
  G_STMT_END

static inline gboolean
has_address (StLink     *link,
             const char *address)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) all = st_link_list_addresses (link, &error);
  g_assert_no_error (error);
  return g_strv_contains ((const char *const *) all, address);
}

/* Up and with an address. */
static inline void
prepare_end (StLink     *end,
             const char *address)
{
  g_autoptr (GError) error = NULL;
  if (address)
    assert_done (st_link_add_address (end, address, &error));
  assert_done (st_link_set_up (end, TRUE, &error));
}

static inline void
wait_for_end (StLink *end)
{
  g_autoptr (GError) error = NULL;
  assert_done (st_link_wait_ready (end, NULL, &error));
}

/* Who may not make networks has them from the default spacer, which stays. */
static inline void
start_default_spacer (void)
{
  g_autoptr (GError) error = NULL;
  assert_done (st_spacer_set_policy (ST_SPACER_POLICY_AUTO, &error));
  g_autoptr (StTransientNetns) first = test_new_netns ();
}

/* Two networks and a cable between them. */
typedef struct
{
  StTransientNetns *alice;
  StTransientNetns *bob;
  StLink *cable;
  StLink *peer;
} Hosts;

static inline void
hosts_init (Hosts *hosts)
{
  hosts->alice = test_new_netns ();
  hosts->bob = test_new_netns ();
  hosts->cable = make_cable (hosts->alice, "eth0", hosts->bob, "eth0");
  hosts->peer = get_peer (hosts->cable);
}

static inline void
hosts_clear (Hosts *hosts)
{
  g_clear_object (&hosts->cable);
  g_clear_object (&hosts->peer);
  g_clear_object (&hosts->alice);
  g_clear_object (&hosts->bob);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Hosts, hosts_clear)
