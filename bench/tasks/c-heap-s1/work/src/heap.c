#include "heap.h"

static int before(const struct entry *a, const struct entry *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->ticket < b->ticket;
}

static void swap(struct heap *heap, size_t a, size_t b)
{
    struct entry entry = heap->entries[a];

    heap->entries[a] = heap->entries[b];
    heap->entries[b] = entry;
}

static void rise(struct heap *heap, size_t child)
{
    while (child > 0) {
        size_t parent = (child - 1) / 2;

        if (!before(&heap->entries[child], &heap->entries[parent]))
            return;
        swap(heap, child, parent);
        child = parent;
    }
}

static void sink(struct heap *heap, size_t parent)
{
    for (;;) {
        size_t first = parent;

        for (size_t child = 2 * parent + 1; child <= 2 * parent + 2; child++)
            if (child < heap->count &&
                before(&heap->entries[child], &heap->entries[first]))
                first = child;
        if (first == parent)
            return;
        swap(heap, first, parent);
        parent = first;
    }
}

int heap_push(struct heap *heap, int priority, int id)
{
    if (heap->count == HEAP_MAX)
        return 0;
    heap->entries[heap->count] = (struct entry){priority, heap->tickets++, id};
    heap->count++;
    rise(heap, heap->count - 1);
    return 1;
}

static void remove_at(struct heap *heap, size_t place)
{
    heap->count--;
    if (place == heap->count)
        return;
    swap(heap, place, heap->count);
    rise(heap, place);
    sink(heap, place);
}

int heap_pop(struct heap *heap, struct entry *entry)
{
    if (heap->count == 0)
        return 0;
    *entry = heap->entries[0];
    remove_at(heap, 0);
    return 1;
}

int heap_remove(struct heap *heap, int id)
{
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->entries[i].id == id) {
            remove_at(heap, i);
            return 1;
        }
    }
    return 0;
}
