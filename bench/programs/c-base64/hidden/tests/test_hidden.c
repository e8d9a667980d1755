#include "check.h"
#include "base64.h"
#include "pack.h"

static void check_pair(const char *plain, const char *coded)
{
    char out[32];
    unsigned char back[32] = {0};

    CHECK_INT(base64_length(strlen(plain)), strlen(coded));
    base64_encode((const unsigned char *)plain, strlen(plain), out);
    CHECK_STR(out, coded);
    CHECK_INT(base64_decode(coded, strlen(coded), back), strlen(plain));
    CHECK_STR((char *)back, plain);
}

static void check_bad(const char *text)
{
    unsigned char back[32];

    CHECK_INT(base64_decode(text, strlen(text), back), -1);
}

static void test_every_byte(void)
{
    unsigned char given[300], back[303];
    char out[512];

    for (size_t i = 0; i < sizeof given; i++)
        given[i] = (unsigned char)(i * 7);
    for (size_t length = 0; length <= sizeof given; length += 13) {
        CHECK_INT(pack(given, length, out, sizeof out), strlen(out));
        CHECK_INT(unpack(out, back, sizeof back), length);
        CHECK_INT(memcmp(given, back, length), 0);
    }
}

static void test_limits(void)
{
    char out[13];
    unsigned char back[8];

    CHECK_INT(pack((const unsigned char *)"abc", 3, out, 13), 12);
    CHECK_INT(pack((const unsigned char *)"abc", 3, out, 12), -1);
    CHECK_INT(unpack("3:22316:YWJj", back, 3), 3);
    CHECK_INT(unpack("3:22316:YWJj", back, 2), -1);
    CHECK_INT(unpack("0:1:", back, 0), 0);
}

static void test_heads(void)
{
    unsigned char back[32];

    CHECK_INT(unpack("", back, sizeof back), -1);
    CHECK_INT(unpack(":1:", back, sizeof back), -1);
    CHECK_INT(unpack("0::", back, sizeof back), -1);
    CHECK_INT(unpack("0:2:", back, sizeof back), -1);
    CHECK_INT(unpack("a:1:", back, sizeof back), -1);
    CHECK_INT(unpack("-3:22316:YWJj", back, sizeof back), -1);
    CHECK_INT(unpack("1:22316:YWJj", back, sizeof back), -1);
    CHECK_INT(unpack("4:22316:YWJj", back, sizeof back), -1);
    CHECK_INT(unpack("0000000003:22316:YWJj", back, sizeof back), -1);
    CHECK_INT(unpack("000000003:22316:YWJj", back, sizeof back), 3);
}

int main(void)
{
    check_pair("", "");
    check_pair("f", "Zg==");
    check_pair("fo", "Zm8=");
    check_pair("foo", "Zm9v");
    check_pair("foob", "Zm9vYg==");
    check_pair("fooba", "Zm9vYmE=");
    check_pair("foobar", "Zm9vYmFy");
    check_bad("Zg=");
    check_bad("Z===");
    check_bad("Zg==Zg==");
    check_bad("Zm9-");
    check_bad("=m9v");
    test_every_byte();
    test_limits();
    test_heads();
    FINISH();
}
