/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#include "st-linkage.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

static const char *
base_name (const char *path)
{
  const char *slash = strrchr (path, '/');
  return slash ? slash + 1 : path;
}

/* The dynamic section's strings; it is where it is loaded, or where it was linked to be, as the machine has it. */
static const char *
get_strings (const struct link_map *map)
{
  for (const ElfW (Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_STRTAB)
      return (const char *) (entry->d_un.d_ptr < map->l_addr ? map->l_addr + entry->d_un.d_ptr : entry->d_un.d_ptr);
  return NULL;
}

static const char *
get_name (const struct link_map *map)
{
  const char *strings = get_strings (map);
  for (const ElfW (Dyn) *entry = map->l_ld; strings && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_SONAME)
      return strings + entry->d_un.d_val;
  return base_name (map->l_name);
}

static bool
needs (const struct link_map *map,
       const struct link_map *other)
{
  const char *strings = get_strings (map);
  for (const ElfW (Dyn) *entry = map->l_ld; strings && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_NEEDED && !strcmp (base_name (strings + entry->d_un.d_val), get_name (other)))
      return true;
  return false;
}

/* The program, what it needs, what that needs ...: each comes to the end of the list once. */
static bool
is_needed (struct link_map       *program,
           const struct link_map *wanted)
{
  size_t n_maps = 0, n_reached = 0;
  for (const struct link_map *map = program; map; map = map->l_next)
    n_maps++;
  const struct link_map **reached = calloc (n_maps, sizeof *reached);
  if (!reached)
    return false;
  reached[n_reached++] = program;
  bool found = false;
  for (size_t i = 0; i < n_reached && !found; i++)
    for (const struct link_map *map = program; map && !found; map = map->l_next)
      {
        bool known = !needs (reached[i], map);
        for (size_t j = 0; j < n_reached && !known; j++)
          known = reached[j] == map;
        if (!known)
          reached[n_reached++] = map;
        found = !known && map == wanted;
      }
  free (reached);
  return found;
}

static bool
is_preloaded (const struct link_map *map)
{
  const char *preload = getenv ("LD_PRELOAD");
  return preload && (strstr (preload, get_name (map)) || (*map->l_name && strstr (preload, map->l_name)));
}

/* Whether the object with @address in it was loaded together with the program, so that its constructors run before main();
 * otherwise somebody has called dlopen(). */
bool
st_linkage_is_before_main (const void *address)
{
  Dl_info info;
  struct link_map *own = NULL;
  if (dladdr1 (address, &info, (void **) &own, RTLD_DL_LINKMAP) == 0 || !own)
    return true; /* there is no dynamic linker */
  struct link_map *program = _r_debug.r_map;
  return own == program || is_preloaded (own) || is_needed (program, own);
}
