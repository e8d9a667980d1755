#ifndef FORMAT_H
#define FORMAT_H

#include "date.h"

#include <stddef.h>

/* Reads "2024-02-29". Returns 0, or -1 if it is no valid date. */
int date_parse(const char *text, struct date *date);

/* Fills a pattern: %Y year, %m and %d with two digits, %e day as it is,
 * %a name of the weekday, %b name of the month, %% a percent sign. */
void date_format(struct date date, const char *pattern, char *out, size_t size);

#endif
