#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

#define HEAP_MAX 64

struct entry {
    int priority;
    unsigned long ticket;
    int id;
};

struct heap {
    size_t count;
    unsigned long tickets;
    struct entry entries[HEAP_MAX];
};

/* Adds an entry; returns 0 if the heap is full. */
int heap_push(struct heap *heap, int priority, int id);

/* Takes out the first entry; returns 0 if there is none. */
int heap_pop(struct heap *heap, struct entry *entry);

/* Removes the entry with this id; returns 0 if it is not there. */
int heap_remove(struct heap *heap, int id);

#endif
