#include "check.h"
#include "sensor.h"

#include <limits.h>

static void test_ring(void)
{
    struct ring ring = {0};
    int value = -1;

    CHECK_INT(ring_pop(&ring, &value), 0);
    CHECK_INT(value, -1);
    for (int i = 0; i < 30; i++) {
        ring_push(&ring, i);
        CHECK_INT(ring.count, i < RING_SIZE ? i + 1 : RING_SIZE);
        CHECK_INT(ring_at(&ring, ring.count - 1), i);
        CHECK_INT(ring_at(&ring, 0), i < RING_SIZE ? 0 : i - RING_SIZE + 1);
    }
    for (int i = 22; i < 30; i++) {
        CHECK_INT(ring_pop(&ring, &value), 1);
        CHECK_INT(value, i);
    }
    CHECK_INT(ring_pop(&ring, &value), 0);
    ring_push(&ring, 99);
    CHECK_INT(ring_pop(&ring, &value), 1);
    CHECK_INT(value, 99);
    CHECK_INT(ring.count, 0);
}

static void check_mean(const int *values, size_t count, int want)
{
    struct sensor sensor;

    sensor_start(&sensor, 100);
    for (size_t i = 0; i < count; i++)
        sensor_read(&sensor, values[i]);
    CHECK_INT(sensor_mean(&sensor), want);
}

static void test_mean(void)
{
    check_mean(NULL, 0, 0);
    check_mean((int[]){7}, 1, 7);
    check_mean((int[]){1, 2}, 2, 2);
    check_mean((int[]){-1, -2}, 2, -1);
    check_mean((int[]){-1, -2, -2}, 3, -2);
    check_mean((int[]){-7}, 1, -7);
    check_mean((int[]){1, 1, 2}, 3, 1);
}

static void test_alarms(void)
{
    static const int values[] = {30, 31, 30, 31, 26, 31, 25, 30, 32, 40, 0, 30, 31};
    static const int want[] = {0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3};
    struct sensor sensor;

    sensor_start(&sensor, 30);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sensor_read(&sensor, values[i]);
        CHECK_INT(sensor.alarms, want[i]);
    }
    CHECK_INT(sensor.lowest, 0);
    CHECK_INT(sensor.highest, 40);
}

static void test_rising(void)
{
    struct sensor sensor;

    sensor_start(&sensor, 100);
    CHECK_INT(sensor_rising(&sensor), 0);
    sensor_read(&sensor, 5);
    CHECK_INT(sensor_rising(&sensor), 1);
    sensor_read(&sensor, 5);
    CHECK_INT(sensor_rising(&sensor), 1);
    sensor_read(&sensor, 6);
    sensor_read(&sensor, 7);
    sensor_read(&sensor, 1);
    CHECK_INT(sensor_rising(&sensor), 3);
}

static void test_range(void)
{
    struct sensor sensor;
    int lowest = 0;
    int highest = 0;

    sensor_start(&sensor, 100);
    sensor_range(&sensor, &lowest, &highest);
    CHECK_INT(lowest, INT_MAX);
    CHECK_INT(highest, INT_MIN);
    sensor_read(&sensor, -3);
    sensor_range(&sensor, &lowest, &highest);
    CHECK_INT(lowest, -3);
    CHECK_INT(highest, -3);
}

int main(void)
{
    test_ring();
    test_mean();
    test_alarms();
    test_rising();
    test_range();
    FINISH();
}
