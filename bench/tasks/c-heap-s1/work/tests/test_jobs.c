#include "check.h"
#include "jobs.h"

static void test_order(void)
{
    static const int priorities[] = {5, 2, 8, 2, 9, 1, 5, 0};
    static const int want[] = {7, 5, 1, 3, 0, 6, 2, 4};
    struct jobs jobs;
    int ids[8] = {0};

    jobs_start(&jobs, 100);
    for (int i = 0; i < 8; i++)
        CHECK_INT(jobs_add(&jobs, priorities[i], 1), i);
    CHECK_INT(jobs_round(&jobs, ids, 8), 8);
    for (int i = 0; i < 8; i++)
        CHECK_INT(ids[i], want[i]);
}

static void test_budget(void)
{
    struct jobs jobs;
    int ids[4] = {0};

    jobs_start(&jobs, 10);
    jobs_add(&jobs, 1, 6);
    jobs_add(&jobs, 2, 4);
    jobs_add(&jobs, 3, 1);
    jobs_add(&jobs, 0, 50);
    CHECK_INT(jobs_round(&jobs, ids, 4), 1);
    CHECK_INT(ids[0], 3);
    CHECK_INT(jobs_round(&jobs, ids, 4), 2);
    CHECK_INT(ids[1], 1);
    CHECK_INT(jobs_cancel(&jobs, 2), 1);
    CHECK_INT(jobs_cancel(&jobs, 2), 0);
    CHECK_INT(jobs_round(&jobs, ids, 4), 0);
}

int main(void)
{
    test_order();
    test_budget();
    FINISH();
}
