/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-type.h>

G_BEGIN_DECLS

#define ST_TYPE_NAMESPACE_ID (st_namespace_id_get_type ())

typedef struct _StNamespaceId StNamespaceId;

/**
 * StNamespaceId:
 * @device: number of the device that holds all namespaces
 * @inode: number of the namespace there
 *
 * The identity of a namespace as long as it lives.
 *
 * The kernel hands out the numbers of a dead namespace again at once: two references are compared by
 * [method@Spacetest.NamespaceRef.equal], which knows better where the kernel does.
 *
 * Since: 0.1
 */
struct _StNamespaceId
{
  guint64 device;
  guint64 inode;
};

SPACETEST_AVAILABLE_IN_ALL
GType          st_namespace_id_get_type      (void);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId *st_namespace_id_new           (guint64 device,
                                              guint64 inode);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId *st_namespace_id_new_for_inode (guint64  inode,
                                              GError **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId *st_namespace_id_parse         (const char      *text,
                                              StNamespaceType *type,
                                              GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId *st_namespace_id_copy          (const StNamespaceId *self);
SPACETEST_AVAILABLE_IN_ALL
void           st_namespace_id_free          (StNamespaceId *self);
SPACETEST_AVAILABLE_IN_ALL
char          *st_namespace_id_to_string     (const StNamespaceId *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean       st_namespace_id_equal         (const StNamespaceId *self,
                                              const StNamespaceId *other);
SPACETEST_AVAILABLE_IN_ALL
guint          st_namespace_id_hash          (const StNamespaceId *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StNamespaceId, st_namespace_id_free)

G_END_DECLS
