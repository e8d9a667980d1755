#include "check.h"
#include "escape.h"
#include "utf8.h"

static void check_code(unsigned long code, const char *want)
{
    char out[5] = {0};

    CHECK_INT(utf8_encode(code, out), strlen(want));
    CHECK_STR(out, want);
}

static void check_read(const char *json, int result, const char *want)
{
    char out[64] = "";

    CHECK_INT(json_unescape(json, out, sizeof out), result);
    if (result == 0)
        CHECK_STR(out, want);
}

static void check_written(const char *text, const char *want)
{
    char out[64] = "";
    char again[64] = "";

    CHECK_INT(json_escape(text, out, sizeof out), strlen(want));
    CHECK_STR(out, want);
    CHECK_INT(json_unescape(out, again, sizeof again), 0);
    CHECK_STR(again, text);
}

int main(void)
{
    char small[16];

    check_code(0x41, "A");
    check_code(0x7F, "\x7f");
    check_code(0x80, "\xc2\x80");
    check_code(0x7FF, "\xdf\xbf");
    check_code(0x800, "\xe0\xa0\x80");
    check_code(0xD7FF, "\xed\x9f\xbf");
    check_code(0xE000, "\xee\x80\x80");
    check_code(0xFFFF, "\xef\xbf\xbf");
    check_code(0x10000, "\xf0\x90\x80\x80");
    check_code(0x10FFFF, "\xf4\x8f\xbf\xbf");
    check_code(0xD800, "");
    check_code(0xDFFF, "");
    check_code(0x110000, "");
    CHECK_INT(utf8_length(""), 0);
    CHECK_INT(utf8_length("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"), 5);

    check_read("\"\"", 0, "");
    check_read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, "\"\\/\b\f\n\r\t");
    check_read("\"\\u0aF9\"", 0, "\xe0\xab\xb9");
    check_read("\"\\u0009\\uDBFF\\uDFFF\"", 0, "\t\xf4\x8f\xbf\xbf");
    check_read("\"\\ud800\\udc00\"", 0, "\xf0\x90\x80\x80");
    check_read("a\"", -1, "");
    check_read("\"a\"b", -1, "");
    check_read("\"a\nb\"", -1, "");
    check_read("\"\\", -1, "");
    check_read("\"\\u00", -1, "");
    check_read("\"\\u0000\"", -1, "");
    check_read("\"\\udc00\"", -1, "");
    check_read("\"\\ud800\\u0041\"", -1, "");
    check_read("\"\\ud800\\ue000\"", -1, "");
    check_read("\"\\ud800xxxxxx\"", -1, "");
    check_read("\"\\u00G0\"", -1, "");
    check_read("\"\\u00/0\"", -1, "");
    check_read("\"\\u00:0\"", -1, "");

    check_written("", "\"\"");
    check_written("a/b", "\"a/b\"");
    check_written("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    check_written("\x01\x10\x1f ~", "\"\\u0001\\u0010\\u001f ~\"");
    check_written("\xc3\xa9\"", "\"\xc3\xa9\\\"\"");
    CHECK_INT(json_escape("", small, 2), -1);
    CHECK_INT(json_escape("0123456789", small, sizeof small), -1);
    CHECK_INT(json_unescape("\"0123456789abcdef\"", small, sizeof small), -1);
    FINISH();
}
