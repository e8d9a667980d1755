#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* The length of `length` bytes in base64, without the end. */
size_t base64_length(size_t length);

/* Writes base64 with an end; `out` has room for it. */
void base64_encode(const unsigned char *bytes, size_t length, char *out);

/* Reads base64 of `length` characters. Returns how many bytes, or -1. */
long base64_decode(const char *text, size_t length, unsigned char *out);

#endif
