/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "st-kind.h"
#include "st-space.h"

/* A file of /proc/sys, for one namespace of a space. */
typedef struct
{
  StKindIndex kind;
  const char *name;   /* its path below /proc/sys */
  const char *label;  /* what it is called in messages */
  const char *to_set; /* or NULL to read it */
} StSetting;

char *st_setting_use (const StSetting *self,
                      StSpace         *space,
                      GError         **error);
