/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-space.h"
#include "st-transient-mntns.h"
#include "st-wire.h"

/* A broker does in a namespace what the caller may not. Each handle owns the one that its namespace came from, if any. Who they
 * are is nothing that is known here: spacers install what they can do. */

typedef struct
{
  StWireMountWhat what;
  StHandle *network;  /* of a sysfs */
  const char *path;
  guint64 size;
  GBytes *content;
  StSysfs sysfs;      /* comes back */
} StBrokerMount;

typedef struct
{
  /* Whether new namespaces are to come from a broker: asked before they are made here, and after that was refused. */
  gboolean (*is_wanted) (const GError *refusal);
  /* For namespaces that came from none: one that may join the user namespaces of its user. */
  GObject *(*get_common) (GError **error);
  gboolean (*make) (StNamespaceType types,
                    gboolean        loopback_up,
                    StHandleSet    *made,
                    StSysfs        *sysfs,
                    GError        **error);
  int (*create_socket) (GObject  *broker,
                        StHandle *network,
                        int       family,
                        int       type,
                        int       protocol,
                        GError  **error);
  int (*open_tap) (GObject  *broker,
                   StHandle *network,
                   GError  **error);
  gboolean (*open_root) (GObject  *broker,
                         StHandle *mnt,
                         int      *root,        /* O_PATH */
                         int      *mount_table, /* to be read */
                         GError  **error);
  gboolean (*mount) (GObject       *broker,
                     StHandle      *mnt,
                     StBrokerMount *mount,
                     GError       **error);
  /* What is read, if there is nothing to set; else nothing. */
  GBytes *(*use_sysctl) (GObject    *broker,
                         StHandle   *handle,
                         const char *name,
                         GBytes     *to_set,
                         GError    **error);
} StBrokerFuncs;

void     st_broker_install       (const StBrokerFuncs *funcs);
gboolean st_broker_is_wanted     (GError **refusal);
gboolean st_broker_make          (StNamespaceType types,
                                  gboolean        loopback_up,
                                  StHandleSet    *made,
                                  StSysfs        *sysfs,
                                  GError        **error);
gboolean st_broker_takes_over    (StHandle *handle,
                                  GError  **refusal);
int      st_broker_create_socket (StHandle *network,
                                  int       family,
                                  int       type,
                                  int       protocol,
                                  GError  **error);
int      st_broker_open_tap      (StHandle *network,
                                  GError  **error);
gboolean st_broker_open_root     (StHandle *mnt,
                                  int      *root,
                                  int      *mount_table,
                                  GError  **error);
gboolean st_broker_mount         (StHandle      *mnt,
                                  StBrokerMount *mount,
                                  GError       **error);
GBytes  *st_broker_use_sysctl    (StHandle   *handle,
                                  const char *name,
                                  GBytes     *to_set,
                                  GError    **error);
