#include "date.h"

int date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int date_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month == 2 && date_is_leap(year))
        return 29;
    return days[month - 1];
}

int date_valid(struct date date)
{
    return date.year >= 1 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= date_month_days(date.year, date.month);
}

/* Days from 0001-01-01 to the first day of the year. */
static long year_start(int year)
{
    long before = year - 1;

    return before + 365 + before / 4 - before / 100 + before / 400;
}

long date_to_days(struct date date)
{
    long days = year_start(date.year) - year_start(1970);

    for (int month = 1; month < date.month; month++)
        days += date_month_days(date.year, month);
    return days + date.day - 1;
}

struct date date_from_days(long days)
{
    struct date date = {(int)(1970 + days / 366), 1, 1};
    long left;

    if (days < 0)
        date.year = (int)(1970 + days / 365 - 1);
    while (year_start(date.year + 1) - year_start(1970) <= days)
        date.year++;
    left = days - (year_start(date.year) - year_start(1970));
    while (left >= date_month_days(date.year, date.month)) {
        left -= date_month_days(date.year, date.month);
        date.month++;
    }
    date.day = (int)left + 1;
    return date;
}

int date_weekday(struct date date)
{
    long days = date_to_days(date) + 3;

    return (int)((days % 7 + 7) % 7) + 1;
}

struct date date_add_months(struct date date, int months)
{
    int total = date.year * 12 + (date.month - 1) + months;
    int last;

    date.year = total / 12;
    date.month = total % 12 + 1;
    last = date_month_days(date.year, date.month);
    if (date.day > last)
        date.day = last;
    return date;
}

int date_week(struct date date)
{
    long thursday = date_to_days(date) - date_weekday(date) + 4;
    struct date middle = date_from_days(thursday);
    struct date first = {middle.year, 1, 1};

    return (int)((thursday - date_to_days(first)) / 7) + 1;
}
