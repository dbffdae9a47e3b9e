/* SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: The spacetest authors */
#pragma once

#include "survey.h"

#include <stdio.h>

/* Writes some of what a survey found. */

typedef void (*SurveyPrintFunc) (Survey    *survey,
                                 GPtrArray *shown,
                                 FILE      *out);

void survey_print_table (Survey    *survey,
                         GPtrArray *shown,
                         FILE      *out);
void survey_print_tree  (Survey    *survey,
                         GPtrArray *shown,
                         FILE      *out);
void survey_print_json  (Survey    *survey,
                         GPtrArray *shown,
                         FILE      *out);
