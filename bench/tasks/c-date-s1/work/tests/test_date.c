#include "check.h"
#include "format.h"

static struct date read(const char *text)
{
    struct date date = {0, 0, 0};

    CHECK_INT(date_parse(text, &date), 0);
    return date;
}

static void check_format(struct date date, const char *pattern, const char *want)
{
    char out[64];

    date_format(date, pattern, out, sizeof out);
    CHECK_STR(out, want);
}

static void test_days(void)
{
    CHECK_INT(date_to_days(read("1970-01-01")), 0);
    CHECK_INT(date_to_days(read("2000-03-01")), 11017);
    check_format(date_from_days(19782), "%Y-%m-%d", "2024-02-29");
    check_format(date_from_days(-1), "%Y-%m-%d", "1969-12-31");
}

static void test_weeks(void)
{
    CHECK_INT(date_weekday(read("2024-02-29")), 4);
    CHECK_INT(date_week(read("2021-01-03")), 53);
    CHECK_INT(date_week(read("2024-12-30")), 1);
    check_format(read("2023-06-04"), "%a, %e %b %Y (100%%)", "Sun, 4 Jun 2023 (100%)");
}

static void test_months(void)
{
    check_format(date_add_months(read("2024-01-31"), 1), "%Y-%m-%d", "2024-02-29");
    check_format(date_add_months(read("2023-11-15"), 14), "%Y-%m-%d", "2025-01-15");
    check_format(date_add_months(read("2024-03-31"), -4), "%Y-%m-%d", "2023-11-30");
}

static void test_bad(void)
{
    struct date date;

    CHECK_INT(date_parse("2023-02-29", &date), -1);
    CHECK_INT(date_parse("2023-13-01", &date), -1);
    CHECK_INT(date_parse("2023/01/01", &date), -1);
}

int main(void)
{
    test_days();
    test_weeks();
    test_months();
    test_bad();
    FINISH();
}
