#include "flags.h"

#include <stdio.h>

void role_grant(struct role *role, unsigned permission)
{
    bitset_add(&role->granted, permission);
}

void role_deny(struct role *role, unsigned permission)
{
    bitset_add(&role->denied, permission);
}

int role_allows(const struct role *role, unsigned permission)
{
    return bitset_has(&role->granted, permission) &&
           !bitset_has(&role->denied, permission);
}

void role_inherit(struct role *role, const struct role *parent)
{
    for (int i = 0; i < BITSET_WORDS; i++) {
        role->granted.words[i] |= parent->granted.words[i];
        role->denied.words[i] |= parent->denied.words[i];
    }
}

unsigned role_list(const struct role *role, char *out, size_t size)
{
    unsigned count = 0;
    size_t used = 0;
    int bit = bitset_next(&role->granted, 0);

    out[0] = '\0';
    while (bit >= 0) {
        if (role_allows(role, (unsigned)bit)) {
            int n = snprintf(out + used, size - used, "%s%d", count ? " " : "", bit);

            if (n < 0 || (size_t)n >= size - used)
                break;
            used += (size_t)n;
            count++;
        }
        bit = bitset_next(&role->granted, (unsigned)bit + 1);
    }
    return count;
}
