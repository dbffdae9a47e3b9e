/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-id.h>
#include <spacetest/core/st-space.h>

G_BEGIN_DECLS

#define ST_TYPE_NAMESPACE_REF (st_namespace_ref_get_type ())
ST_DECLARE_INTERNAL_TYPE (NamespaceRef, namespace_ref, NAMESPACE_REF, StSpace)

SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_path       (const char      *path,
                                                      StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_chain      (const char *const *paths,
                                                      StNamespaceType    type,
                                                      GError           **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_fd         (int              fd,
                                                      StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_take_fd        (int              fd,
                                                      StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_pid        (int              pid,
                                                      StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_pidfd      (int              pidfd,
                                                      StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_current        (StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_transient      (StNamespaceType  type,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
void             st_namespace_ref_new_transient_async  (StNamespaceType      type,
                                                        GCancellable        *cancellable,
                                                        GAsyncReadyCallback  callback,
                                                        gpointer             user_data);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_transient_finish (GAsyncResult *result,
                                                        GError      **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_from_portable  (GVariant        *portable,
                                                      GError         **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_from_portable_string (const char *text,
                                                            GError    **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_new_for_id         (const StNamespaceId *id,
                                                      StNamespaceType      type,
                                                      GError             **error);

SPACETEST_AVAILABLE_IN_ALL
StNamespaceType  st_namespace_ref_get_namespace_type (StNamespaceRef *self);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId   *st_namespace_ref_get_id             (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
guint64          st_namespace_ref_get_serial         (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_get_owner          (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef  *st_namespace_ref_get_parent         (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
gint64           st_namespace_ref_get_owner_uid      (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_namespace_ref_equal              (StNamespaceRef *self,
                                                      StNamespaceRef *other);
SPACETEST_AVAILABLE_IN_ALL
guint            st_namespace_ref_hash               (StNamespaceRef *self);
SPACETEST_AVAILABLE_IN_ALL
char            *st_namespace_ref_to_string          (StNamespaceRef *self);
SPACETEST_AVAILABLE_IN_ALL
GVariant        *st_namespace_ref_to_portable        (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
char            *st_namespace_ref_to_portable_string (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
int              st_namespace_ref_peek_fd            (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
int              st_namespace_ref_dup_fd             (StNamespaceRef *self,
                                                      GError        **error);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_namespace_ref_is_from_spacer     (StNamespaceRef *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_namespace_ref_is_closed          (StNamespaceRef *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_namespace_ref_close              (StNamespaceRef *self);

G_END_DECLS
