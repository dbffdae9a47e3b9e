/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <spacetest/process/st-launcher.h>

G_BEGIN_DECLS

#define ST_TYPE_REEXEC_OPTIONS (st_reexec_options_get_type ())
SPACETEST_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (StReexecOptions, st_reexec_options, ST, REEXEC_OPTIONS, GObject)

SPACETEST_AVAILABLE_IN_ALL
StReexecOptions *st_reexec_options_new               (void);
SPACETEST_AVAILABLE_IN_ALL
void             st_reexec_options_set_launcher      (StReexecOptions *self,
                                                      StLauncher      *launcher);
SPACETEST_AVAILABLE_IN_ALL
void             st_reexec_options_set_timeout       (StReexecOptions *self,
                                                      guint            milliseconds);
SPACETEST_AVAILABLE_IN_ALL
guint            st_reexec_options_get_timeout       (StReexecOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_reexec_options_set_start_timeout (StReexecOptions *self,
                                                      guint            milliseconds);
SPACETEST_AVAILABLE_IN_ALL
guint            st_reexec_options_get_start_timeout (StReexecOptions *self);
SPACETEST_AVAILABLE_IN_ALL
void             st_reexec_options_set_command       (StReexecOptions   *self,
                                                      const char *const *command);
SPACETEST_AVAILABLE_IN_ALL
void             st_reexec_options_set_result_type   (StReexecOptions    *self,
                                                      const GVariantType *type);

G_END_DECLS
