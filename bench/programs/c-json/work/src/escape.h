#ifndef ESCAPE_H
#define ESCAPE_H

#include <stddef.h>

/* Writes a text as a JSON string with its quotes. Returns its length, or -1
 * if there is no room. */
long json_escape(const char *text, char *out, size_t size);

/* Reads a JSON string with its quotes. Returns 0, or -1 if it is malformed
 * or there is no room. */
int json_unescape(const char *json, char *out, size_t size);

#endif
