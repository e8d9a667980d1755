#include "check.h"
#include "sensor.h"

static struct sensor readings(const int *values, size_t count)
{
    struct sensor sensor;

    sensor_start(&sensor, 30);
    for (size_t i = 0; i < count; i++)
        sensor_read(&sensor, values[i]);
    return sensor;
}

static void test_mean(void)
{
    struct sensor few = readings((int[]){20, 21, 24}, 3);
    struct sensor many = readings((int[]){90, 90, 10, 11, 12, 13, 14, 15, 16, 17}, 10);

    CHECK_INT(sensor_mean(&few), 22);
    CHECK_INT(sensor_mean(&many), 14);
    CHECK_INT(many.highest, 90);
}

static void test_alarms(void)
{
    struct sensor sensor = readings((int[]){29, 31, 30, 27, 33, 25, 35}, 7);

    CHECK_INT(sensor.alarms, 2);
}

static void test_rising(void)
{
    struct sensor sensor = readings((int[]){1, 2, 3, 4, 5, 1, 4, 9, 9, 3, 7}, 11);

    CHECK_INT(sensor_rising(&sensor), 3);
}

static void test_order(void)
{
    struct sensor sensor = readings((int[]){1, 2, 3, 4, 5, 6, 7, 8, 9}, 9);
    int value = 0;
    int lowest = 0;
    int highest = 0;

    sensor_range(&sensor, &lowest, &highest);
    CHECK_INT(lowest, 2);
    CHECK_INT(highest, 9);
    CHECK_INT(ring_pop(&sensor.recent, &value), 1);
    CHECK_INT(value, 2);
    CHECK_INT(ring_at(&sensor.recent, 6), 9);
}

int main(void)
{
    test_mean();
    test_alarms();
    test_rising();
    test_order();
    FINISH();
}
