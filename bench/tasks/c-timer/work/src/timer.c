#include "timer.h"

#include "duration.h"

int timers_set(struct timers *timers, long now, const char *duration,
               const char *label)
{
    long seconds = duration_parse(duration);
    size_t place = timers->count;

    if (seconds < 0 || timers->count == TIMER_MAX)
        return -1;
    while (place > 0 && timers->list[place - 1].due > now + seconds) {
        timers->list[place] = timers->list[place - 1];
        place--;
    }
    timers->list[place].due = now + seconds;
    timers->list[place].label = label;
    timers->count++;
    return 0;
}

const char *timers_ring(struct timers *timers, long now)
{
    const char *label;

    if (timers->count == 0 || timers->list[0].due > now)
        return NULL;
    label = timers->list[0].label;
    timers->count--;
    for (size_t i = 0; i < timers->count; i++)
        timers->list[i] = timers->list[i + 1];
    return label;
}

long timers_wait(const struct timers *timers, long now)
{
    if (timers->count == 0)
        return -1;
    return timers->list[0].due > now ? timers->list[0].due - now : 0;
}
