#include "sensor.h"

#include <limits.h>
#include <string.h>

#define CALM 5

void sensor_start(struct sensor *sensor, int limit)
{
    memset(sensor, 0, sizeof *sensor);
    sensor->lowest = INT_MAX;
    sensor->highest = INT_MIN;
    sensor->limit = limit;
}

void sensor_read(struct sensor *sensor, int value)
{
    ring_push(&sensor->recent, value);
    if (value < sensor->lowest)
        sensor->lowest = value;
    if (value > sensor->highest)
        sensor->highest = value;
    if (!sensor->above && value > sensor->limit) {
        sensor->above = 1;
        sensor->alarms++;
    } else if (sensor->above && value <= sensor->limit - CALM) {
        sensor->above = 0;
    }
}

static long floor_div(long a, long b)
{
    long quotient = a / b;

    if (a % b != 0 && (a < 0) != (b < 0))
        quotient--;
    return quotient;
}

int sensor_mean(const struct sensor *sensor)
{
    long count = (long)sensor->recent.count;
    long sum = 0;

    if (count == 0)
        return 0;
    for (long i = 0; i < count; i++)
        sum += ring_at(&sensor->recent, (size_t)i);
    return (int)floor_div(2 * sum + count, 2 * count);
}

size_t sensor_rising(const struct sensor *sensor)
{
    size_t longest = 0;
    size_t run = 0;

    for (size_t i = 0; i < sensor->recent.count; i++) {
        if (i > 0 && ring_at(&sensor->recent, i) > ring_at(&sensor->recent, i - 1))
            run++;
        else
            run = 1;
        if (run > longest)
            longest = run;
    }
    return longest;
}

void sensor_range(const struct sensor *sensor, int *lowest, int *highest)
{
    *lowest = INT_MAX;
    *highest = INT_MIN;
    for (size_t i = 0; i < sensor->recent.count; i++) {
        int value = ring_at(&sensor->recent, i);

        if (value < *lowest)
            *lowest = value;
        if (value > *highest)
            *highest = value;
    }
}
