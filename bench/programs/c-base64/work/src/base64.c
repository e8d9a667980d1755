#include "base64.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t length)
{
    return (length + 2) / 3 * 4;
}

void base64_encode(const unsigned char *bytes, size_t length, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i += 3) {
        unsigned long group = (unsigned long)bytes[i] << 16;

        if (i + 1 < length)
            group |= (unsigned long)bytes[i + 1] << 8;
        if (i + 2 < length)
            group |= bytes[i + 2];
        out[used++] = alphabet[group >> 18];
        out[used++] = alphabet[(group >> 12) & 63];
        out[used++] = i + 1 < length ? alphabet[(group >> 6) & 63] : '=';
        out[used++] = i + 2 < length ? alphabet[group & 63] : '=';
    }
    out[used] = '\0';
}

static int value_of(char c)
{
    const char *place = c == '\0' ? NULL : strchr(alphabet, c);

    return place == NULL ? -1 : (int)(place - alphabet);
}

long base64_decode(const char *text, size_t length, unsigned char *out)
{
    size_t padding = 0;
    size_t used = 0;

    if (length % 4 != 0)
        return -1;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < length; i += 4) {
        unsigned long group = 0;

        for (size_t j = 0; j < 4; j++) {
            int value = i + j >= length - padding ? 0 : value_of(text[i + j]);

            if (value < 0)
                return -1;
            group = (group << 6) | (unsigned long)value;
        }
        out[used++] = (unsigned char)(group >> 16);
        out[used++] = (unsigned char)(group >> 8);
        out[used++] = (unsigned char)group;
    }
    return (long)(used - padding);
}
