#include "csv.h"

#include <string.h>

static int append(char *field, size_t *length, char c)
{
    if (*length + 1 >= CSV_LENGTH)
        return -1;
    field[(*length)++] = c;
    field[*length] = '\0';
    return 0;
}

/* Reads a field in quotes; `p` stands behind the first quote. */
static const char *read_quoted(const char *p, char *field)
{
    size_t length = 0;

    field[0] = '\0';
    while (*p != '\0') {
        if (*p == '"') {
            if (*p + 1 != '"')
                return p + 1;
            p++;
        }
        if (append(field, &length, *p) != 0)
            return NULL;
        p++;
    }
    return NULL;
}

static const char *read_plain(const char *p, char *field)
{
    size_t length = 0;

    field[0] = '\0';
    while (*p != '\0' && *p != ',') {
        if (*p == '"' || append(field, &length, *p) != 0)
            return NULL;
        p++;
    }
    return p;
}

int csv_parse(const char *line, struct csv_row *row)
{
    const char *p = line;

    row->count = 0;
    for (;;) {
        char *field;

        if (row->count == CSV_FIELDS)
            return -1;
        field = row->fields[row->count++];
        if (*p == '"')
            p = read_quoted(p + 1, field);
        else
            p = read_plain(p, field);
        if (p == NULL)
            return -1;
        if (*p == '\0')
            return 0;
        if (*p != ',')
            return -1;
        p++;
    }
}

static int needs_quotes(const char *field)
{
    return strpbrk(field, ",\"\n") != NULL;
}

int csv_write(const struct csv_row *row, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < row->count; i++) {
        const char *field = row->fields[i];
        int quoted = needs_quotes(field);

        if (used + 2 * strlen(field) + 4 > size)
            return -1;
        if (i > 0)
            out[used++] = ',';
        if (quoted)
            out[used++] = '"';
        for (; *field != '\0'; field++) {
            if (*field == '"')
                out[used++] = '"';
            out[used++] = *field;
        }
        if (quoted)
            out[used++] = '"';
    }
    out[used] = '\0';
    return (int)used;
}
