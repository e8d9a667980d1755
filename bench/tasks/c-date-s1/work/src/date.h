#ifndef DATE_H
#define DATE_H

struct date {
    int year;
    int month;
    int day;
};

int date_is_leap(int year);
int date_month_days(int year, int month);
int date_valid(struct date date);

/* Days since 1970-01-01, for years from 1 on, and back. */
long date_to_days(struct date date);
struct date date_from_days(long days);

/* 1 is Monday, 7 is Sunday. */
int date_weekday(struct date date);

/* The same day so many months later, or the last day of that month. */
struct date date_add_months(struct date date, int months);

/* ISO 8601 week: week 1 has the first Thursday of the year. */
int date_week(struct date date);

#endif
