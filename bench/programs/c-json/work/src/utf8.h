#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Writes a code point (up to 0x10FFFF) as UTF-8, without an end; returns how
 * many bytes, or 0 if it is not a code point. `out` has room for 4. */
size_t utf8_encode(unsigned long code, char *out);

/* How many code points the text has. */
size_t utf8_length(const char *text);

#endif
