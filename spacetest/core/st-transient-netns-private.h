/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-transient-netns.h"

StTransientNetns *st_transient_netns_new_here (GError **error);
