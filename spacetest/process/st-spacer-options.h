/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/st-macros.h>

G_BEGIN_DECLS

#define ST_TYPE_ID_MAP (st_id_map_get_type ())

/**
 * StIdMap:
 * @ST_ID_MAP_ROOT: the caller's ids become 0: he is root inside, without being it outside
 * @ST_ID_MAP_SELF: the caller's ids stay what they are
 *
 * Who one is in a new user namespace.
 *
 * All other ids show up as the overflow id, 65534, see [user_namespaces(7)](man:user_namespaces(7)).
 *
 * Since: 0.1
 */
typedef enum
{
  ST_ID_MAP_ROOT,
  ST_ID_MAP_SELF,
} StIdMap;

SPACETEST_AVAILABLE_IN_ALL
GType st_id_map_get_type (void);

#define ST_TYPE_SPACER_OPTIONS (st_spacer_options_get_type ())
SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StSpacerOptions, st_spacer_options, ST, SPACER_OPTIONS, GObject)

SPACETEST_AVAILABLE_IN_ALL
StSpacerOptions *st_spacer_options_new                  (void);
SPACETEST_AVAILABLE_IN_ALL
StIdMap          st_spacer_options_get_id_map           (StSpacerOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_set_id_map           (StSpacerOptions *self,
                                                         StIdMap          id_map);
SPACETEST_AVAILABLE_IN_ALL
gint64           st_spacer_options_get_monotonic_offset (StSpacerOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_set_monotonic_offset (StSpacerOptions *self,
                                                         gint64           microseconds);
SPACETEST_AVAILABLE_IN_ALL
gint64           st_spacer_options_get_boottime_offset  (StSpacerOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_set_boottime_offset  (StSpacerOptions *self,
                                                         gint64           microseconds);
SPACETEST_AVAILABLE_IN_ALL
const char      *st_spacer_options_get_host_name        (StSpacerOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_set_host_name        (StSpacerOptions *self,
                                                         const char      *host_name);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_take_stdout_fd       (StSpacerOptions *self,
                                                         int              fd);
SPACETEST_AVAILABLE_IN_ALL
void             st_spacer_options_take_stderr_fd       (StSpacerOptions *self,
                                                         int              fd);

G_END_DECLS
