/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/core/st-namespace-ref.h>

G_BEGIN_DECLS

#define ST_TYPE_PIN (st_pin_get_type ())
SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StPin, st_pin, ST, PIN, GObject)

SPACETEST_AVAILABLE_IN_ALL
StPin           *st_pin_new                     (StNamespaceRef *reference,
                                                 const char     *path,
                                                 GError        **error);
SPACETEST_AVAILABLE_IN_ALL
const char      *st_pin_get_path                (StPin *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_pin_is_closed               (StPin *self);
SPACETEST_AVAILABLE_IN_ALL
gboolean         st_pin_close                   (StPin   *self,
                                                 GError **error);

#define ST_TYPE_PIN_INFO (st_pin_info_get_type ())

/**
 * StPinInfo:
 *
 * A namespace that is bound to a file, by whoever did it.
 *
 * See [func@Spacetest.Pin.list].
 *
 * Since: 0.1
 */
typedef struct _StPinInfo StPinInfo;

SPACETEST_AVAILABLE_IN_ALL
GType            st_pin_info_get_type           (void);
SPACETEST_AVAILABLE_IN_ALL
StPinInfo       *st_pin_info_copy               (const StPinInfo *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_pin_info_free               (StPinInfo *self);
SPACETEST_AVAILABLE_IN_ALL
const char      *st_pin_info_get_path           (const StPinInfo *self);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceType  st_pin_info_get_namespace_type (const StPinInfo *self);
SPACETEST_AVAILABLE_IN_ALL
StNamespaceId   *st_pin_info_get_id             (const StPinInfo *self);

SPACETEST_AVAILABLE_IN_ALL
GPtrArray       *st_pin_list                    (GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StPinInfo, st_pin_info_free)

G_END_DECLS
