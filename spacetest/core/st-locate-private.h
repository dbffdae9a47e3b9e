/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-ref-private.h"

StNamespaceRef *st_locate (const StIdentity *identity,
                           const StKind     *kind,
                           GError          **error);
