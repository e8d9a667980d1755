#include "check.h"
#include "flags.h"

static void test_low(void)
{
    struct role role = {0};
    char text[64];

    role_grant(&role, 1);
    role_grant(&role, 5);
    role_deny(&role, 5);
    CHECK_INT(role_allows(&role, 1), 1);
    CHECK_INT(role_list(&role, text, sizeof text), 1);
    CHECK_STR(text, "1");
}

static void test_high(void)
{
    struct role role = {0};
    char text[64];

    role_grant(&role, 2);
    role_grant(&role, 40);
    role_grant(&role, 101);
    CHECK_INT(role_list(&role, text, sizeof text), 3);
    CHECK_STR(text, "2 40 101");
    CHECK_INT(role_allows(&role, 8), 0);
}

int main(void)
{
    test_low();
    test_high();
    FINISH();
}
