#include "jobs.h"

#include <string.h>

void jobs_start(struct jobs *jobs, int budget)
{
    memset(jobs, 0, sizeof *jobs);
    jobs->budget = budget;
}

int jobs_add(struct jobs *jobs, int priority, int cost)
{
    int id = jobs->next_id;

    if (id >= HEAP_MAX || cost < 0)
        return -1;
    if (!heap_push(&jobs->waiting, priority, id))
        return -1;
    jobs->cost[id] = cost;
    jobs->next_id++;
    return id;
}

size_t jobs_round(struct jobs *jobs, int *ids, size_t room)
{
    size_t count = 0;
    int spent = 0;
    struct entry entry;

    while (count < room && jobs->waiting.count > 0) {
        int cost = jobs->cost[jobs->waiting.entries[0].id];

        if (count > 0 && spent + cost > jobs->budget)
        heap_pop(&jobs->waiting, &entry);
        ids[count++] = entry.id;
        spent += cost;
    }
    return count;
}

int jobs_cancel(struct jobs *jobs, int id)
{
    return heap_remove(&jobs->waiting, id);
}
