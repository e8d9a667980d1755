#include "bitset.h"

static uint64_t mask(unsigned bit)
{
    return 1 << bit % 64;
}

void bitset_add(struct bitset *set, unsigned bit)
{
    if (bit < BITSET_BITS)
        set->words[bit / 64] |= mask(bit);
}

void bitset_remove(struct bitset *set, unsigned bit)
{
    if (bit < BITSET_BITS)
        set->words[bit / 64] &= ~mask(bit);
}

int bitset_has(const struct bitset *set, unsigned bit)
{
    return bit < BITSET_BITS && (set->words[bit / 64] & mask(bit)) != 0;
}

unsigned bitset_count(const struct bitset *set)
{
    unsigned count = 0;

    for (int i = 0; i < BITSET_WORDS; i++)
        for (uint64_t word = set->words[i]; word != 0; word &= word - 1)
            count++;
    return count;
}

int bitset_next(const struct bitset *set, unsigned from)
{
    for (unsigned bit = from; bit < BITSET_BITS; bit++)
        if (bitset_has(set, bit))
            return (int)bit;
    return -1;
}

int bitset_contains(const struct bitset *set, const struct bitset *part)
{
    for (int i = 0; i < BITSET_WORDS; i++)
        if ((part->words[i] & ~set->words[i]) != 0)
            return 0;
    return 1;
}
