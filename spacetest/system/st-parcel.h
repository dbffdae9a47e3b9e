/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a program and a fresh copy of it tell each other, of any size, over SOCK_SEQPACKET. Plain C without GLib. Results are >= 0, or -errno. */

typedef enum
{
  ST_PARCEL_HELLO = 1, /* the copy has come as far as it must */
  ST_PARCEL_ORDER,
  ST_PARCEL_ANSWER,
} StParcelKind;

typedef struct
{
  StParcelKind kind;
  int content; /* or -1 */
} StParcel;

int st_parcel_create_content (const void *data,
                              size_t      size);
int st_parcel_map_content    (int          content,
                              const void **data,
                              size_t      *size);
void st_parcel_unmap         (const void *data,
                              size_t      size);
int st_parcel_send           (int             socket,
                              const StParcel *parcel);
int st_parcel_receive        (int       socket,
                              StParcel *parcel);
int st_parcel_receive_now    (int       socket,
                              StParcel *parcel);

/* A socket that is to be found again in a program that is given its number and its identity. */
uint64_t st_parcel_get_identity (int socket);
int      st_parcel_keep         (int socket); /* for this program alone */
