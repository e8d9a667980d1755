#include "check.h"
#include "escape.h"
#include "utf8.h"

static void test_escape(void)
{
    char out[64];

    CHECK_INT(json_escape("say \"hi\"\n", out, sizeof out), 14);
    CHECK_STR(out, "\"say \\\"hi\\\"\\n\"");
    json_escape("\x1f/\\", out, sizeof out);
    CHECK_STR(out, "\"\\u001f/\\\\\"");
}

static void test_unescape(void)
{
    char out[64] = "";

    CHECK_INT(json_unescape("\"a\\tb\\/\\u0041\"", out, sizeof out), 0);
    CHECK_STR(out, "a\tb/A");
    CHECK_INT(json_unescape("\"\\u00e9 \\u20AC \\ud83d\\ude00\"", out, sizeof out), 0);
    CHECK_STR(out, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK_INT(utf8_length(out), 5);
}

static void test_malformed(void)
{
    char out[64];

    CHECK_INT(json_unescape("\"open", out, sizeof out), -1);
    CHECK_INT(json_unescape("\"\\x\"", out, sizeof out), -1);
    CHECK_INT(json_unescape("\"\\u12g4\"", out, sizeof out), -1);
    CHECK_INT(json_unescape("\"\\ud83d\"", out, sizeof out), -1);
}

int main(void)
{
    test_escape();
    test_unescape();
    test_malformed();
    FINISH();
}
