#include "check.h"
#include "jobs.h"

static unsigned long seed = 1;

static int random_below(int limit)
{
    seed = (seed * 1103515245 + 12345) % 2147483648UL;
    return (int)(seed / 65536 % (unsigned long)limit);
}

static void check_sorted(struct heap *heap, size_t count)
{
    struct entry last = {-1, 0, 0};
    struct entry entry;

    CHECK_INT(heap->count, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(heap_pop(heap, &entry), 1);
        CHECK_INT(entry.priority > last.priority ||
                      (entry.priority == last.priority && entry.ticket > last.ticket),
                  1);
        last = entry;
    }
    CHECK_INT(heap_pop(heap, &entry), 0);
}

static void test_random(void)
{
    for (int round = 0; round < 40; round++) {
        struct heap heap = {0};
        int count = random_below(HEAP_MAX + 1);
        size_t left = (size_t)count;

        for (int i = 0; i < count; i++)
            CHECK_INT(heap_push(&heap, random_below(12), i), 1);
        for (int i = 0; i < count; i += 3, left--)
            CHECK_INT(heap_remove(&heap, i), 1);
        CHECK_INT(heap_remove(&heap, 0), 0);
        check_sorted(&heap, left);
    }
}

static void test_full(void)
{
    struct heap heap = {0};

    for (int i = 0; i < HEAP_MAX; i++)
        CHECK_INT(heap_push(&heap, i, i), 1);
    CHECK_INT(heap_push(&heap, 0, 99), 0);
    CHECK_INT(heap_remove(&heap, HEAP_MAX - 1), 1);
    CHECK_INT(heap_remove(&heap, 99), 0);
    check_sorted(&heap, HEAP_MAX - 1);
}

static void test_jobs(void)
{
    struct jobs jobs;
    int ids[3] = {-1, -1, -1};

    jobs_start(&jobs, 5);
    CHECK_INT(jobs_add(&jobs, 0, -1), -1);
    CHECK_INT(jobs_add(&jobs, 4, 0), 0);
    CHECK_INT(jobs_add(&jobs, 4, 5), 1);
    CHECK_INT(jobs_add(&jobs, 4, 1), 2);
    CHECK_INT(jobs_round(&jobs, ids, 1), 1);
    CHECK_INT(ids[0], 0);
    CHECK_INT(jobs_round(&jobs, ids, 3), 1);
    CHECK_INT(ids[0], 1);
    CHECK_INT(jobs_round(&jobs, ids, 0), 0);
    CHECK_INT(jobs_round(&jobs, ids, 3), 1);
    CHECK_INT(ids[0], 2);
    while (jobs_add(&jobs, 1, 1) >= 0)
        continue;
    CHECK_INT(jobs.waiting.count, HEAP_MAX - 3);
    CHECK_INT(jobs_round(&jobs, ids, 3), 3);
    CHECK_INT(jobs_cancel(&jobs, 3), 0);
    CHECK_INT(jobs_cancel(&jobs, 6), 1);
}

int main(void)
{
    test_random();
    test_full();
    test_jobs();
    FINISH();
}
