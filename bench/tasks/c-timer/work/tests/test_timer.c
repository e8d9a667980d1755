#include "check.h"
#include "timer.h"

static void test_minutes(void)
{
    struct timers timers = {0};

    CHECK_INT(timers_set(&timers, 1000, "90m", "tea"), 0);
    CHECK_INT(timers_wait(&timers, 1000), 5400);
}

static void test_hours_and_minutes(void)
{
    struct timers timers = {0};

    CHECK_INT(timers_set(&timers, 1000, "1h30m", "cake"), 0);
    CHECK_INT(timers_wait(&timers, 1000), 5400);
    CHECK_INT(timers_wait(&timers, 6500), 0);
}

int main(void)
{
    test_minutes();
    test_hours_and_minutes();
    FINISH();
}
