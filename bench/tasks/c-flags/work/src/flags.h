#ifndef FLAGS_H
#define FLAGS_H

#include <stddef.h>

#include "bitset.h"

struct role {
    struct bitset granted;
    struct bitset denied;
};

void role_grant(struct role *role, unsigned permission);
void role_deny(struct role *role, unsigned permission);

/* A denied permission stays denied, whoever grants it. */
int role_allows(const struct role *role, unsigned permission);

/* Adds all that another role grants and denies. */
void role_inherit(struct role *role, const struct role *parent);

/* Writes the allowed permissions as "1 5 70"; returns how many there are. */
unsigned role_list(const struct role *role, char *out, size_t size);

#endif
