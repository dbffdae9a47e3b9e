/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>
#include <spacetest/process/st-spacer-options.h>

G_BEGIN_DECLS

#define ST_TYPE_SPACER (st_spacer_get_type ())
SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StSpacer, st_spacer, ST, SPACER, GObject)

SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_new                     (GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_new_with_options        (StSpacerOptions    *options,
                                                   GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_new_async               (StSpacerOptions    *options,
                                                   GCancellable       *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_new_finish              (GAsyncResult       *result,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_get_default             (GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_create_subspace         (StSpacer           *self,
                                                   StNamespaceType     types,
                                                   StSpacerOptions    *options,
                                                   GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_create_subspace_async   (StSpacer           *self,
                                                   StNamespaceType     types,
                                                   StSpacerOptions    *options,
                                                   GCancellable       *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
StSpacer       *st_spacer_create_subspace_finish  (StSpacer           *self,
                                                   GAsyncResult       *result,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StSpace        *st_spacer_create_space            (StSpacer           *self,
                                                   StNamespaceType     types,
                                                   GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_create_space_async      (StSpacer           *self,
                                                   StNamespaceType     types,
                                                   GCancellable       *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
StSpace        *st_spacer_create_space_finish     (StSpacer           *self,
                                                   GAsyncResult       *result,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef *st_spacer_create_transient        (StSpacer           *self,
                                                   StNamespaceType     type,
                                                   GCancellable       *cancellable,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_create_transient_async  (StSpacer           *self,
                                                   StNamespaceType     type,
                                                   GCancellable       *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer            user_data);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceRef *st_spacer_create_transient_finish (StSpacer           *self,
                                                   GAsyncResult       *result,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
StSpace        *st_spacer_get_space               (StSpacer           *self,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
int             st_spacer_get_pid                 (StSpacer           *self,
                                                   GError            **error);
SPACETEST_AVAILABLE_IN_ALL
guint           st_spacer_get_timeout             (StSpacer           *self);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_set_timeout             (StSpacer           *self,
                                                   guint               seconds);
SPACETEST_AVAILABLE_IN_ALL
gboolean        st_spacer_is_closed               (StSpacer           *self);
SPACETEST_AVAILABLE_IN_ALL
void            st_spacer_close                   (StSpacer           *self);

G_END_DECLS
