/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-namespace-type.h"
#include "st-spacer-options.h"
#include "st-wire.h"

struct _StSpacerOptions
{
  GObject parent_instance;

  StIdMap id_map;
  gint64 monotonic_offset;
  gint64 boottime_offset;
  char *host_name;
  int stdout_fd;
  int stderr_fd;
};

gboolean st_spacer_options_check_first (StSpacerOptions *self,
                                        GError         **error);
gboolean st_spacer_options_fill        (StSpacerOptions *self,
                                        StNamespaceType  kinds,
                                        StWireMessage   *request,
                                        GError         **error);
int      st_spacer_options_peek_stdout (StSpacerOptions *self);
int      st_spacer_options_peek_stderr (StSpacerOptions *self);
