/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-handle-private.h"
#include "st-space.h"

/* Enough to find the files of a mount namespace from outside. Shared, so that closing a view on one thread takes nothing from
 * under another. Errors in files have %G_IO_ERROR codes and a message that does not name the path: the caller knows it. */
typedef struct
{
  gatomicrefcount ref_count;
  StHandle *mnt;
  int root;  /* O_PATH, as is proc: the procfs at home, by which any thread finds its descriptors */
  int proc;
  int table; /* the mount table inside */
} StViewRoot;

/* Where a path leads in the end: what is there, or the directory and the name where it would be. */
typedef struct
{
  int target;    /* O_PATH, or -1 */
  int directory; /* O_PATH, or -1 if the path ends in a slash or dots and so can name nothing but a directory */
  char *name;
} StViewPlace;

StViewRoot *st_view_root_new    (StHandle *mnt,
                                 GError  **error);
StViewRoot *st_view_root_ref    (StViewRoot *self);
void        st_view_root_unref  (StViewRoot *self);
int         st_view_root_lookup (StViewRoot *self,
                                 const char *path,
                                 int         flags,
                                 GError    **error);
gboolean    st_view_root_find   (StViewRoot  *self,
                                 const char  *path,
                                 gboolean     follow,
                                 StViewPlace *place,
                                 GError     **error);
gboolean    st_view_root_run    (StViewRoot *self,
                                 StFunc      func,
                                 gpointer    user_data,
                                 GError    **error);
gboolean    st_view_root_run_or_stay (StViewRoot *self,
                                      StFunc      func,
                                      gpointer    user_data,
                                      GError    **error);
StHandle   *st_view_root_open_namespace (StViewRoot *self,
                                         const char *path,
                                         GError    **error);

gboolean    st_view_set_result  (GError **error,
                                 int      result);
void        st_view_place_clear (StViewPlace *self);
void        st_view_clear_fd    (int *fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StViewRoot, st_view_root_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StViewPlace, st_view_place_clear)

#define ST_VIEW_NO_PLACE { -1, -1, NULL }
#define ST_AUTO_FD __attribute__ ((cleanup (st_view_clear_fd))) int
