/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"
#include "st-namespace-type.h"

const StKind *st_namespace_type_check_one (StNamespaceType type,
                                           GError        **error);
gboolean      st_namespace_types_check    (StNamespaceType types,
                                           GError        **error);
