#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

static int failures;

#define CHECK_INT(got, want) \
    do { \
        long long got_ = (long long)(got), want_ = (long long)(want); \
        if (got_ != want_) { \
            printf("%s:%d: in %s: %s is %lld, expected %lld\n", __FILE__, \
                   __LINE__, __func__, #got, got_, want_); \
            failures++; \
        } \
    } while (0)

#define CHECK_STR(got, want) \
    do { \
        const char *got_ = (got), *want_ = (want); \
        if (strcmp(got_, want_) != 0) { \
            printf("%s:%d: in %s: %s is \"%s\", expected \"%s\"\n", __FILE__, \
                   __LINE__, __func__, #got, got_, want_); \
            failures++; \
        } \
    } while (0)

#define FINISH() \
    do { \
        printf(failures ? "%d checks failed\n" : "all checks passed\n", failures); \
        return failures ? 1 : 0; \
    } while (0)

#endif
