#include "ring.h"

void ring_push(struct ring *ring, int value)
{
    size_t place = (ring->first + ring->count) % RING_SIZE;

    ring->values[place] = value;
    if (ring->count < RING_SIZE)
        ring->count++;
    else
        ring->first = (ring->first + 1) % RING_SIZE;
}

int ring_pop(struct ring *ring, int *value)
{
    if (ring->count == 0)
        return 0;
    *value = ring->values[ring->first];
    ring->first = (ring->first + 1) % RING_SIZE;
    ring->count--;
    return 1;
}

int ring_at(const struct ring *ring, size_t position)
{
    return ring->values[(ring->first + position) % RING_SIZE];
}
