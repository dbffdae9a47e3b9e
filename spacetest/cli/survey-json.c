/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
/* An array of objects, each of which has all the members that spacetest(1) lists. */
#include "json.h"
#include "survey-print.h"

static void
put_number (FILE       *out,
            const char *name,
            gboolean    is_known,
            guint64     number)
{
  if (is_known)
    fprintf (out, ", \"%s\": %" G_GUINT64_FORMAT, name, number);
  else
    json_put_member (out, name, NULL);
}

static void
put_processes (FILE         *out,
               const GArray *processes)
{
  fputs (",\n   \"processes\": [", out);
  for (guint i = 0; i < processes->len; i++)
    fprintf (out, "%s%d", i ? ", " : "", g_array_index (processes, Holder, i).pid);
  fputs ("]", out);
}

static void
put_numbered (FILE         *out,
              const char   *name,
              const GArray *holders,
              const char   *number_name)
{
  fprintf (out, ",\n   \"%s\": [", name);
  for (guint i = 0; i < holders->len; i++)
    {
      const Holder *holder = &g_array_index (holders, Holder, i);
      fprintf (out, "%s{\"pid\": %d, \"%s\": %d}", i ? ", " : "", holder->pid, number_name, holder->number);
    }
  fputs ("]", out);
}

static void
put_mounts (FILE         *out,
            const GArray *mounts)
{
  fputs (",\n   \"mounts\": [", out);
  for (guint i = 0; i < mounts->len; i++)
    {
      const Holder *holder = &g_array_index (mounts, Holder, i);
      fprintf (out, "%s{\"pid\": %d", i ? ", " : "", holder->pid);
      json_put_member (out, "path", holder->path);
      fputs ("}", out);
    }
  fputs ("]", out);
}

static void
put_sighting (FILE           *out,
              const Sighting *sighting)
{
  fprintf (out, "{\"name\": \"%s\"", sighting->name);
  json_put_member (out, "kind", sighting->kind->name);
  put_number (out, "inode", TRUE, sighting->inode);
  put_number (out, "serial", sighting->serial != 0, sighting->serial);
  json_put_member (out, "owner", sighting->owner);
  json_put_member (out, "parent", sighting->parent);
  put_number (out, "owner_uid", sighting->owner_uid >= 0, (guint64) sighting->owner_uid);
  put_processes (out, sighting->processes);
  put_numbered (out, "threads", sighting->threads, "tid");
  put_numbered (out, "for_children", sighting->for_children, "tid");
  put_numbered (out, "fds", sighting->fds, "fd");
  put_mounts (out, sighting->mounts);
  put_numbered (out, "sockets", sighting->sockets, "fd");
  fputs ("}", out);
}

void
survey_print_json (Survey    *survey,
                   GPtrArray *shown,
                   FILE      *out)
{
  fputs ("[", out);
  for (guint i = 0; i < shown->len; i++)
    {
      fputs (i ? ",\n  " : "\n  ", out);
      put_sighting (out, shown->pdata[i]);
    }
  fputs (shown->len ? "\n]\n" : "]\n", out);
}
