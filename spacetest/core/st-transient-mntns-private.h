/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-namespace-ref-private.h"
#include "st-transient-mntns.h"

StTransientMntns *st_transient_mntns_new_in_network (StNamespaceRef *network,
                                                     GError        **error);
StTransientMntns *st_transient_mntns_new_of_current (GError **error);
StTransientMntns *st_transient_mntns_new_empty      (StSysfs sysfs);

struct _StTransientMntns
{
  StNamespaceRef parent_instance;

  StSysfs sysfs; /* guarded by the reference's lock, as is root */
  int root;      /* of the namespace, or -1 as long as nobody asked */
};

/* Something to do in the workshop, in a mount namespace and a network. */
typedef struct
{
  StHandle *made;     /* what came of it */
  guint64 network;    /* the serial of the one it is done in, or 0 */
  StSysfs sysfs;
  const char *path;
  guint64 size;
  GBytes *content;
  int root;
} StTransientWork;

gboolean st_transient_mntns_do          (StHandle        *mnt,
                                         StHandle        *network,
                                         StFunc           func,
                                         StTransientWork *work,
                                         GError         **error);
int      st_transient_mntns_note_sysfs  (StTransientWork *work,
                                         int              result);
void     st_transient_mntns_set_no_proc (GError **error,
                                         int      number);
