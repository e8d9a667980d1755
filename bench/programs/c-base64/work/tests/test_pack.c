#include "check.h"
#include "base64.h"
#include "pack.h"

static const unsigned char *bytes(const char *text)
{
    return (const unsigned char *)text;
}

static void test_base64(void)
{
    char out[32];

    base64_encode(bytes("Hello"), 5, out);
    CHECK_STR(out, "SGVsbG8=");
    base64_encode(bytes("Moat\xff\xfe\xfd"), 7, out);
    CHECK_STR(out, "TW9hdP/+/Q==");
}

static void test_pack(void)
{
    char out[64];
    unsigned char back[64] = {0};

    CHECK_INT(checksum(bytes("abc"), 3), 22316);
    CHECK_INT(pack(bytes("abc"), 3, out, sizeof out), 12);
    CHECK_STR(out, "3:22316:YWJj");
    CHECK_INT(unpack(out, back, sizeof back), 3);
    CHECK_STR((char *)back, "abc");
}

static void test_damage(void)
{
    unsigned char back[64];

    CHECK_INT(unpack("3:22316:YWJk", back, sizeof back), -1);
    CHECK_INT(unpack("2:22316:YWJj", back, sizeof back), -1);
    CHECK_INT(unpack("3:22316:YW#j", back, sizeof back), -1);
    CHECK_INT(unpack("3:YWJj", back, sizeof back), -1);
}

int main(void)
{
    test_base64();
    test_pack();
    test_damage();
    FINISH();
}
