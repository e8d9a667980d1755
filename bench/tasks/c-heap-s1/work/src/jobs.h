#ifndef JOBS_H
#define JOBS_H

#include "heap.h"

struct jobs {
    struct heap waiting;
    int budget;
    int cost[HEAP_MAX];
    int next_id;
};

/* How much may be spent in one round. */
void jobs_start(struct jobs *jobs, int budget);

/* Adds a job; returns its id, or -1 if there is no room. */
int jobs_add(struct jobs *jobs, int priority, int cost);

/* Runs jobs in order until the next one would go over the budget; a first
 * job that is too dear for any round is run alone. Writes their ids. */
size_t jobs_round(struct jobs *jobs, int *ids, size_t room);

int jobs_cancel(struct jobs *jobs, int id);

#endif
