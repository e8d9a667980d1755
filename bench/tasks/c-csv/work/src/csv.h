#ifndef CSV_H
#define CSV_H

#include <stddef.h>

#define CSV_FIELDS 16
#define CSV_LENGTH 64

struct csv_row {
    size_t count;
    char fields[CSV_FIELDS][CSV_LENGTH];
};

/* Reads one line into a row. Returns 0, or -1 if the line is malformed. */
int csv_parse(const char *line, struct csv_row *row);

/* Writes a row as one line. Returns its length, or -1 if there is no room. */
int csv_write(const struct csv_row *row, char *out, size_t size);

#endif
