#ifndef TIMER_H
#define TIMER_H

#include <stddef.h>

#define TIMER_MAX 8

struct timer {
    long due;
    const char *label;
};

struct timers {
    size_t count;
    struct timer list[TIMER_MAX];
};

/* Sets a timer; returns 0, or -1 if it is full or the duration is bad. */
int timers_set(struct timers *timers, long now, const char *duration,
               const char *label);

/* Takes out the timer that is due first, if it is due by now. */
const char *timers_ring(struct timers *timers, long now);

/* Seconds until the next timer rings, or -1 if there is none. */
long timers_wait(const struct timers *timers, long now);

#endif
