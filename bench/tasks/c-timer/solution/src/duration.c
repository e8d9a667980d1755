#include "duration.h"

#include <stdio.h>

static const struct {
    char letter;
    long seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define UNIT_COUNT (sizeof units / sizeof units[0])

static long unit_seconds(char letter)
{
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (units[i].letter == letter)
            return units[i].seconds;
    return -1;
}

long duration_parse(const char *text)
{
    long total = 0;
    long number = 0;
    int digits = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p >= '0' && *p <= '9') {
            number = number * 10 + (*p - '0');
            digits++;
            continue;
        }
        if (digits == 0 || unit_seconds(*p) < 0)
            return -1;
        total += number * unit_seconds(*p);
        number = 0;
        digits = 0;
    }
    if (digits > 0 || text[0] == '\0')
        return -1;
    return total;
}

void duration_format(long seconds, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        long count = seconds / units[i].seconds;

        seconds %= units[i].seconds;
        if (count > 0 && used < size)
            used += (size_t)snprintf(out + used, size - used, "%ld%c", count,
                                     units[i].letter);
    }
    if (used == 0)
        snprintf(out, size, "0s");
}
