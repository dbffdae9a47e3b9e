/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-inet-private.h"
#include "st-link-state-private.h"
#include "st-link.h"
#include "st-network-private.h"

typedef struct _StLinkWatch StLinkWatch;

struct _StLink
{
  GObject parent_instance;

  GMutex lock;
  StNamespaceRef *network; /* guarded by lock; NULL in a link that was made without its constructor */
  guint index;             /* guarded by lock; 0 once it is deleted */
  guint last_index;        /* the same, kept */
  char *name;              /* guarded by lock: the last that was heard of */
  char *kind;              /* guarded by lock */

  StLink *peer;            /* of the end that keeps the other one, set once */
  GWeakRef keeper;         /* of the other one */
  StNamespaceRef *other_network; /* of the other one: where the keeper was made, should it be gone */
  guint other_index;

  StLinkWatch *watch;      /* guarded by lock */
  int fd;                  /* of a tap, or -1 */
  guint ready_timeout;     /* milliseconds, 0 for ever */
};

/* Where a link is for as long as it takes to ask for something. */
typedef struct
{
  StNamespaceRef *ref;
  StNetwork *network;
  StNetlink *netlink; /* of the network */
  guint index;
  char *name;
} StLinkPlace;

StLink  *st_link_new_take      (StNamespaceRef    *network,
                                const StLinkState *state);
void     st_link_pair          (StLink *self,
                                StLink *peer);
gboolean st_link_locate        (StLink      *self,
                                StLinkPlace *place,
                                GError     **error);
void     st_link_place_clear   (StLinkPlace *place);
void     st_link_learn         (StLink            *self,
                                const StLinkState *state);
gboolean st_link_look          (StLink      *self,
                                StLinkState *state);
/* Takes @request. @format says what could not be done, and to which link: its one %s is the link's name. */
gboolean st_link_place_do      (const StLinkPlace *place,
                                struct nl_msg     *request,
                                GError           **error,
                                const char        *format,
                                ...) G_GNUC_PRINTF (4, 5);
gboolean st_link_place_failed  (const StLinkPlace *place,
                                int                result,
                                const char        *words,
                                const char        *what,
                                GError           **error);
/* A message about a link: RTM_SETLINK and the like. */
struct nl_msg *st_link_message (int   type,
                                guint index);

/* A route, by where it leads. */
typedef struct
{
  StInetAddress destination;
  StInetAddress gateway; /* of no family if there is none */
} StWay;

gboolean st_way_parse          (const char *destination,
                                const char *gateway,
                                StWay      *way,
                                GError    **error);
/* Whether there is a route that can be used, in the main table. Returns 0 or -errno. */
int      st_way_look           (const StWay       *way,
                                const StLinkPlace *place,
                                gboolean          *is_there);

void     st_link_watch_end     (StLinkWatch *self);
void     st_link_watch_follow  (StLink *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StLinkPlace, st_link_place_clear)
