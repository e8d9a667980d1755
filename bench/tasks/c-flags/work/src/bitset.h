#ifndef BITSET_H
#define BITSET_H

#include <stdint.h>

#define BITSET_WORDS 2
#define BITSET_BITS (BITSET_WORDS * 64)

struct bitset {
    uint64_t words[BITSET_WORDS];
};

void bitset_add(struct bitset *set, unsigned bit);
void bitset_remove(struct bitset *set, unsigned bit);
int bitset_has(const struct bitset *set, unsigned bit);
unsigned bitset_count(const struct bitset *set);

/* The lowest member that is at least `from`, or -1. */
int bitset_next(const struct bitset *set, unsigned from);

/* Whether every member of `part` is in `set`. */
int bitset_contains(const struct bitset *set, const struct bitset *part);

#endif
