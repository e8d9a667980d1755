#ifndef RING_H
#define RING_H

#include <stddef.h>

#define RING_SIZE 8

struct ring {
    int values[RING_SIZE];
    size_t first;
    size_t count;
};

/* Adds a value; when the ring is full, the oldest value is dropped. */
void ring_push(struct ring *ring, int value);

/* Takes out the oldest value. Returns 0 if there is none. */
int ring_pop(struct ring *ring, int *value);

/* The value at a position counted from the oldest. */
int ring_at(const struct ring *ring, size_t position);

#endif
