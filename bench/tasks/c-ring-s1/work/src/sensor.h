#ifndef SENSOR_H
#define SENSOR_H

#include "ring.h"

struct sensor {
    struct ring recent;
    int lowest;
    int highest;
    int limit;
    int alarms;
    int above;
};

void sensor_start(struct sensor *sensor, int limit);

/* Takes a reading. Readings over the limit start an alarm, which lasts until
 * a reading is below the limit by at least 5. */
void sensor_read(struct sensor *sensor, int value);

/* The mean of the recent readings, rounded to the nearest, halves upwards. */
int sensor_mean(const struct sensor *sensor);

/* The longest run of recent readings that only go up. */
size_t sensor_rising(const struct sensor *sensor);

/* Lowest and highest of the recent readings. */
void sensor_range(const struct sensor *sensor, int *lowest, int *highest);

#endif
