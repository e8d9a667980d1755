#include "check.h"
#include "format.h"

static void check_format(struct date date, const char *pattern, const char *want)
{
    char out[16];

    date_format(date, pattern, out, sizeof out);
    CHECK_STR(out, want);
}

static void test_leap(void)
{
    static const int years[] = {1600, 1700, 1900, 1996, 2000, 2001, 2023, 2024, 2100, 2400};
    static const int leap[] = {1, 0, 0, 1, 1, 0, 0, 1, 0, 1};

    for (size_t i = 0; i < sizeof years / sizeof years[0]; i++) {
        CHECK_INT(date_is_leap(years[i]), leap[i]);
        CHECK_INT(date_month_days(years[i], 2), 28 + leap[i]);
    }
    CHECK_INT(date_month_days(2023, 1), 31);
    CHECK_INT(date_month_days(2023, 11), 30);
    CHECK_INT(date_month_days(2023, 12), 31);
}

static void test_there_and_back(void)
{
    for (long days = -719162; days < 200000; days += 331) {
        struct date date = date_from_days(days);

        CHECK_INT(date_valid(date), 1);
        CHECK_INT(date_to_days(date), days);
    }
    for (long days = -800; days < 800; days++)
        CHECK_INT(date_to_days(date_from_days(days)), days);
}

static void test_weekday(void)
{
    for (long days = -20; days < 20; days++) {
        int today = date_weekday(date_from_days(days));
        int tomorrow = date_weekday(date_from_days(days + 1));

        CHECK_INT(tomorrow, today % 7 + 1);
    }
    CHECK_INT(date_weekday((struct date){1970, 1, 1}), 4);
    CHECK_INT(date_weekday((struct date){1, 1, 1}), 1);
}

static void test_week(void)
{
    CHECK_INT(date_week((struct date){2020, 12, 31}), 53);
    CHECK_INT(date_week((struct date){2021, 1, 4}), 1);
    CHECK_INT(date_week((struct date){2023, 1, 1}), 52);
    CHECK_INT(date_week((struct date){2023, 1, 8}), 1);
    CHECK_INT(date_week((struct date){2023, 1, 9}), 2);
    CHECK_INT(date_week((struct date){2024, 12, 29}), 52);
}

static void test_add_months(void)
{
    check_format(date_add_months((struct date){2023, 12, 31}, 2), "%Y-%m-%d", "2024-02-29");
    check_format(date_add_months((struct date){2023, 1, 31}, 1), "%Y-%m-%d", "2023-02-28");
    check_format(date_add_months((struct date){2023, 1, 15}, 0), "%Y-%m-%d", "2023-01-15");
    check_format(date_add_months((struct date){2023, 1, 15}, 11), "%Y-%m-%d", "2023-12-15");
    check_format(date_add_months((struct date){2023, 1, 15}, -1), "%Y-%m-%d", "2022-12-15");
    check_format(date_add_months((struct date){2023, 5, 31}, 24), "%Y-%m-%d", "2025-05-31");
}

static void test_parse(void)
{
    static const char *bad[] = {"", "2024-00-10", "2024-01-00", "2024-04-31", "2024-1-01",
                                "2024-01-011", "20a4-01-01", "2024-01/01", "0000-01-01", "2024-01-32"};
    struct date date = {1, 2, 3};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_INT(date_parse(bad[i], &date), -1);
    CHECK_INT(date.year == 1 && date.month == 2 && date.day == 3, 1);
    CHECK_INT(date_parse("0001-12-31", &date), 0);
    CHECK_INT(date.year == 1 && date.month == 12 && date.day == 31, 1);
}

static void test_format(void)
{
    struct date date = {987, 1, 5};

    check_format(date, "%Y%m%d", "09870105");
    check_format(date, "%e.%b", "5.Jan");
    check_format(date, "%a %x%", "Fri x%");
    check_format(date, "", "");
    check_format(date, "12345678901234567", "123456789012345");
    check_format(date, "1234567890123%Y", "1234567890123");
    check_format((struct date){2023, 12, 31}, "%b %a", "Dec Sun");
}

int main(void)
{
    test_leap();
    test_there_and_back();
    test_weekday();
    test_week();
    test_add_months();
    test_parse();
    test_format();
    FINISH();
}
