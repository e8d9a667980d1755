#include "check.h"
#include "duration.h"
#include "timer.h"

static void test_parse(void)
{
    static const struct {
        const char *text;
        long want;
    } cases[] = {
        {"45s", 45},       {"2d", 172800},    {"1d1h1m1s", 90061}, {"0s", 0},
        {"10m10s", 610},   {"1h", 3600},      {"1h0m5s", 3605},    {"5m5m", 600},
        {"", -1},          {"h", -1},         {"10", -1},          {"1h30", -1},
        {"1x", -1},        {"1hm", -1},       {"-1h", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_INT(duration_parse(cases[i].text), cases[i].want);
}

static void test_round_trip(void)
{
    char text[32];

    for (long seconds = 0; seconds < 200000; seconds += 997) {
        duration_format(seconds, text, sizeof text);
        CHECK_INT(duration_parse(text), seconds);
    }
}

static void test_order(void)
{
    struct timers timers = {0};

    timers_set(&timers, 0, "1m30s", "b");
    timers_set(&timers, 0, "1m5s", "a");
    timers_set(&timers, 0, "1h", "c");
    CHECK_INT(timers_ring(&timers, 64) == NULL, 1);
    CHECK_STR(timers_ring(&timers, 100), "a");
    CHECK_STR(timers_ring(&timers, 100), "b");
    CHECK_INT(timers_ring(&timers, 100) == NULL, 1);
    CHECK_STR(timers_ring(&timers, 3600), "c");
    CHECK_INT(timers_wait(&timers, 0), -1);
}

static void test_bad(void)
{
    struct timers timers = {0};

    CHECK_INT(timers_set(&timers, 0, "soon", "x"), -1);
    CHECK_INT(timers.count, 0);
}

int main(void)
{
    test_parse();
    test_round_trip();
    test_order();
    test_bad();
    FINISH();
}
