#include "check.h"
#include "flags.h"

static void test_every_bit(void)
{
    for (unsigned bit = 0; bit < BITSET_BITS; bit++) {
        struct bitset set = {{0}};

        bitset_add(&set, bit);
        CHECK_INT(bitset_count(&set), 1);
        CHECK_INT(bitset_next(&set, 0), bit);
        CHECK_INT(bitset_has(&set, bit), 1);
        CHECK_INT(bitset_has(&set, (bit + 32) % BITSET_BITS), 0);
        bitset_remove(&set, bit);
        CHECK_INT(bitset_count(&set), 0);
    }
}

static void test_all_bits(void)
{
    struct bitset all = {{0}}, even = {{0}};

    for (unsigned bit = 0; bit < BITSET_BITS; bit++)
        bitset_add(&all, bit);
    for (unsigned bit = 0; bit < BITSET_BITS; bit += 2)
        bitset_add(&even, bit);
    CHECK_INT(bitset_count(&all), BITSET_BITS);
    CHECK_INT(bitset_count(&even), BITSET_BITS / 2);
    CHECK_INT(bitset_contains(&all, &even), 1);
    CHECK_INT(bitset_contains(&even, &all), 0);
    CHECK_INT(bitset_next(&even, 63), 64);
    CHECK_INT(bitset_next(&even, 127), -1);
}

static void test_outside(void)
{
    struct bitset set = {{0}};

    bitset_add(&set, BITSET_BITS);
    CHECK_INT(bitset_count(&set), 0);
    CHECK_INT(bitset_has(&set, BITSET_BITS + 1), 0);
}

static void test_inherit(void)
{
    struct role child = {0}, parent = {0};
    char text[64];

    role_grant(&parent, 33);
    role_grant(&parent, 64);
    role_deny(&parent, 65);
    role_grant(&child, 65);
    role_grant(&child, 127);
    role_inherit(&child, &parent);
    CHECK_INT(role_list(&child, text, sizeof text), 3);
    CHECK_STR(text, "33 64 127");
}

int main(void)
{
    test_every_bit();
    test_all_bits();
    test_outside();
    test_inherit();
    FINISH();
}
