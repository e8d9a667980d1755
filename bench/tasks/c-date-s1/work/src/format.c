#include "format.h"

#include <stdio.h>
#include <string.h>

static const char *weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int number(const char *text, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

int date_parse(const char *text, struct date *date)
{
    struct date read;

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return -1;
    read.year = number(text, 4);
    read.month = number(text + 5, 2);
    read.day = number(text + 8, 2);
    if (!date_valid(read))
        return -1;
    *date = read;
    return 0;
}

void date_format(struct date date, const char *pattern, char *out, size_t size)
{
    size_t used = 0;

    for (const char *p = pattern; *p != '\0'; p++) {
        char part[12] = {*p, '\0'};

        if (*p == '%' && p[1] != '\0') {
            p++;
            if (*p == 'Y')
                snprintf(part, sizeof part, "%04d", date.year);
            else if (*p == 'm')
                snprintf(part, sizeof part, "%02d", date.month);
            else if (*p == 'd')
                snprintf(part, sizeof part, "%02d", date.day);
            else if (*p == 'e')
                snprintf(part, sizeof part, "%d", date.day);
            else if (*p == 'a')
                strcpy(part, weekdays[date_weekday(date) - 1]);
            else if (*p == 'b')
                strcpy(part, months[date.month - 1]);
            else
                part[0] = *p;
        }
        if (used + strlen(part) + 1 > size)
            break;
        memcpy(out + used, part, strlen(part));
        used += strlen(part);
    }
    out[used] = '\0';
}
