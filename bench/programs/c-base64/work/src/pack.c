#include "pack.h"

#include "base64.h"

#include <stdio.h>
#include <string.h>

/* Adler-32, cut down to 16 bits: RFC 1950 with 8-bit halves modulo 251. */
unsigned checksum(const unsigned char *bytes, size_t length)
{
    unsigned a = 1;
    unsigned b = 0;

    for (size_t i = 0; i < length; i++) {
        a = (a + bytes[i]) % 251;
        b = (b + a) % 251;
    }
    return b << 8 | a;
}

long pack(const unsigned char *bytes, size_t length, char *out, size_t size)
{
    int head = snprintf(out, size, "%zu:%u:", length, checksum(bytes, length));

    if (head < 0 || (size_t)head + base64_length(length) + 1 > size)
        return -1;
    base64_encode(bytes, length, out + head);
    return head + (long)base64_length(length);
}

/* Reads a number up to a colon and moves behind it; -1 if there is none. */
static long read_number(const char **p)
{
    long number = 0;
    int count = 0;

    while (**p >= '0' && **p <= '9' && count < 9) {
        number = number * 10 + (**p - '0');
        (*p)++;
        count++;
    }
    if (count == 0 || **p != ':')
        return -1;
    (*p)++;
    return number;
}

long unpack(const char *text, unsigned char *out, size_t size)
{
    long length = read_number(&text);
    long sum = length < 0 ? -1 : read_number(&text);
    long got;

    if (sum < 0 || base64_length((size_t)length) != strlen(text))
        return -1;
    if (strlen(text) / 4 * 3 > size)
        return -1;
    got = base64_decode(text, strlen(text), out);
    if (got != length || checksum(out, (size_t)got) != (unsigned)sum)
        return -1;
    return got;
}
