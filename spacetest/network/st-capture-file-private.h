/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* A file that grows by whole blocks, and can be found again to be removed. Results are >= 0, or -errno. */

#define ST_CAPTURE_FILE_CHUNK (256 * 1024)

typedef struct
{
  char *path;
  char *name;
  int directory; /* where @name is */
  int fd;
  off_t size;    /* as far as it is whole */
} StCaptureFile;

#define ST_CAPTURE_FILE_CLOSED { NULL, NULL, -1, -1, 0 }

gboolean st_capture_file_open      (StCaptureFile *self,
                                    const char    *path,
                                    GError       **error);
int      st_capture_file_append    (StCaptureFile *self,
                                    gconstpointer  data,
                                    gsize          size);
int      st_capture_file_close     (StCaptureFile *self);
gboolean st_capture_file_remove    (StCaptureFile *self,
                                    GError       **error);
gboolean st_capture_file_set_error (const StCaptureFile *self,
                                    int                  result,
                                    GError             **error);
void     st_capture_file_clear     (StCaptureFile *self);
