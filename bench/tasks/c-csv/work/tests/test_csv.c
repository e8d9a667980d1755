#include "check.h"
#include "csv.h"

static void test_plain(void)
{
    struct csv_row row;

    CHECK_INT(csv_parse("a,,c", &row), 0);
    CHECK_INT(row.count, 3);
    CHECK_STR(row.fields[0], "a");
    CHECK_STR(row.fields[1], "");
    CHECK_STR(row.fields[2], "c");
}

static void test_quotes(void)
{
    struct csv_row row;

    CHECK_INT(csv_parse("\"a, b\",\"say \"\"hi\"\"\",end", &row), 0);
    CHECK_INT(row.count, 3);
    CHECK_STR(row.fields[0], "a, b");
    CHECK_STR(row.fields[1], "say \"hi\"");
    CHECK_STR(row.fields[2], "end");
}

int main(void)
{
    test_plain();
    test_quotes();
    FINISH();
}
