#ifndef DURATION_H
#define DURATION_H

#include <stddef.h>

/* Reads "1h30m", "45s" or "2d" as seconds; -1 if it is not a duration. */
long duration_parse(const char *text);

/* Writes seconds as "1h30m"; zero is "0s". */
void duration_format(long seconds, char *out, size_t size);

#endif
