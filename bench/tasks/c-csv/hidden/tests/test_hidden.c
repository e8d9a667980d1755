#include "check.h"
#include "csv.h"

static void check_fields(const char *line, size_t count, const char **want)
{
    struct csv_row row;

    CHECK_INT(csv_parse(line, &row), 0);
    CHECK_INT(row.count, count);
    for (size_t i = 0; i < count && i < row.count; i++)
        CHECK_STR(row.fields[i], want[i]);
}

static void check_bad(const char *line)
{
    struct csv_row row;

    CHECK_INT(csv_parse(line, &row), -1);
}

static void check_round_trip(const char *line)
{
    struct csv_row row;
    char out[256];

    CHECK_INT(csv_parse(line, &row), 0);
    CHECK_INT(csv_write(&row, out, sizeof out), strlen(line));
    CHECK_STR(out, line);
}

int main(void)
{
    check_fields("\"\"\"\"", 1, (const char *[]){"\""});
    check_fields("\"\"\"\"\"\"", 1, (const char *[]){"\"\""});
    check_fields("\"\",x", 2, (const char *[]){"", "x"});
    check_fields("x,\"\"\"\",\"y\"\"\"", 3, (const char *[]){"x", "\"", "y\""});
    check_fields("\"a\"\"b\",\"c,\"\"d\"\"\"", 2, (const char *[]){"a\"b", "c,\"d\""});
    check_fields("", 1, (const char *[]){""});
    check_fields("a,", 2, (const char *[]){"a", ""});
    check_bad("\"open");
    check_bad("\"a\"b");
    check_bad("a\"b");
    check_bad("\"a\"\"");
    check_bad("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
    check_round_trip("a,\"b,c\",\"d\"\"e\"");
    check_round_trip("\"\"\"\",\"\"\"x\"\"\"");
    FINISH();
}
