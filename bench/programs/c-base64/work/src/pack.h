#ifndef PACK_H
#define PACK_H

#include <stddef.h>

/* A packed text is "length:checksum:base64", numbers in decimal. */

unsigned checksum(const unsigned char *bytes, size_t length);

/* Packs bytes; returns the length, or -1 if there is no room. */
long pack(const unsigned char *bytes, size_t length, char *out, size_t size);

/* Unpacks; returns how many bytes, or -1 if something does not fit. */
long unpack(const char *text, unsigned char *out, size_t size);

#endif
