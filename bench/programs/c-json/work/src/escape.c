#include "escape.h"

#include "utf8.h"

#include <string.h>

static const char letters[] = "\"\\/bfnrt";
static const char meanings[] = "\"\\/\b\f\n\r\t";
static const char digits[] = "0123456789abcdef";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads four digits of a \u escape; -1 if they are not there. */
static long read_unit(const char *p)
{
    long unit = 0;

    for (int i = 0; i < 4; i++) {
        int value = hex_value(p[i]);

        if (value < 0)
            return -1;
        unit = unit * 16 + value;
    }
    return unit;
}

long json_escape(const char *text, char *out, size_t size)
{
    size_t used = 0;

    if (size < 3)
        return -1;
    out[used++] = '"';
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        const char *meaning = c == '/' ? NULL : strchr(meanings, c);

        if (used + 8 > size)
            return -1;
        if (meaning != NULL) {
            out[used++] = '\\';
            out[used++] = letters[meaning - meanings];
        } else if (c < 0x20) {
            memcpy(out + used, "\\u00", 4);
            out[used + 4] = digits[c >> 4];
            out[used + 5] = digits[c & 15];
            used += 6;
        } else {
            out[used++] = (char)c;
        }
    }
    out[used++] = '"';
    out[used] = '\0';
    return (long)used;
}

/* Reads what stands behind \u, with the second half of a pair. Returns the
 * code point and moves `p` behind it, or -1. */
static long read_code(const char **p)
{
    long code = read_unit(*p);

    if (code < 0)
        return -1;
    *p += 4;
    if (code >= 0xD800 && code < 0xDC00) {
        long low;

        if ((*p)[0] != '\\' || (*p)[1] != 'u')
            return -1;
        low = read_unit(*p + 2);
        if (low < 0xDC00 || low > 0xDFFF)
            return -1;
        *p += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    return code;
}

int json_unescape(const char *json, char *out, size_t size)
{
    size_t used = 0;
    const char *p = json;

    if (*p++ != '"')
        return -1;
    while (*p != '"') {
        if (used + 5 > size || (unsigned char)*p < 0x20)
            return -1;
        if (*p != '\\') {
            out[used++] = *p++;
        } else if (p[1] == 'u') {
            long code;
            size_t length;

            p += 2;
            code = read_code(&p);
            length = code <= 0 ? 0 : utf8_encode((unsigned long)code, out + used);
            if (length == 0)
                return -1;
            used += length;
        } else {
            const char *letter = p[1] ? strchr(letters, p[1]) : NULL;

            if (letter == NULL)
                return -1;
            out[used++] = meanings[letter - letters];
            p += 2;
        }
    }
    if (p[1] != '\0')
        return -1;
    out[used] = '\0';
    return 0;
}
