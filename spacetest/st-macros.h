/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#if !defined(SPACETEST_INSIDE) && !defined(SPACETEST_COMPILATION)
#error "Only <spacetest/spacetest.h> can be included directly."
#endif

#include <gio/gio.h>

/* The build defines what exports a symbol; users see plain declarations. */
#ifndef SPACETEST_EXTERN
#define SPACETEST_EXTERN extern
#endif
#define SPACETEST_AVAILABLE_IN_ALL SPACETEST_EXTERN

/* A type that only this library derives from: instance and class structures stay private. */
#define ST_DECLARE_INTERNAL_TYPE(TypeName, type_name, TYPE_NAME, ParentName)                               \
  SPACETEST_AVAILABLE_IN_ALL GType st_##type_name##_get_type (void);                                       \
  typedef struct _St##TypeName St##TypeName;                                                               \
  typedef struct _St##TypeName##Class St##TypeName##Class;                                                 \
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS                                                                         \
  _GLIB_DEFINE_AUTOPTR_CHAINUP (St##TypeName, ParentName)                                                  \
  G_DEFINE_AUTOPTR_CLEANUP_FUNC (St##TypeName##Class, g_type_class_unref)                                  \
  G_GNUC_UNUSED static inline St##TypeName *ST_##TYPE_NAME (gpointer ptr)                                  \
  {                                                                                                        \
    return G_TYPE_CHECK_INSTANCE_CAST (ptr, st_##type_name##_get_type (), St##TypeName);                   \
  }                                                                                                        \
  G_GNUC_UNUSED static inline gboolean ST_IS_##TYPE_NAME (gpointer ptr)                                    \
  {                                                                                                        \
    return G_TYPE_CHECK_INSTANCE_TYPE (ptr, st_##type_name##_get_type ());                                 \
  }                                                                                                        \
  G_GNUC_END_IGNORE_DEPRECATIONS
