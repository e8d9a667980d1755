import unittest

from table import column_sides, column_widths, is_number, render
from wrap import align, split_long, wrap


class HiddenTest(unittest.TestCase):
    def test_wrap(self):
        for text, width, want in [
            ("", 5, [""]), ("   ", 5, [""]), ("a b c", 1, ["a", "b", "c"]),
            ("aa bb cc", 5, ["aa bb", "cc"]), ("aa bb cc", 4, ["aa", "bb", "cc"]),
            ("abcdef", 3, ["abc", "def"]), ("abcd ef", 3, ["abc", "d", "ef"]),
            ("a  lot\nof space", 20, ["a lot of space"]), ("x", 1, ["x"]),
        ]:
            self.assertEqual(wrap(text, width), want, (text, width))
        with self.assertRaises(ValueError):
            wrap("x", 0)
        self.assertEqual(split_long("abcdefg", 3), ["abc", "def", "g"])

    def test_align(self):
        for text, width, side, want in [
            ("a", 4, "left", "a   "), ("a", 4, "right", "   a"), ("a", 4, "centre", " a  "),
            ("ab", 5, "centre", " ab  "), ("abc", 3, "right", "abc"), ("abcd", 3, "left", "abcd"),
        ]:
            self.assertEqual(align(text, width, side), want)

    def test_numbers(self):
        for text, want in [("1", True), ("-1.5", True), ("", False), ("1.2.3", False), ("x1", False)]:
            self.assertEqual(is_number(text), want, text)

    def test_columns(self):
        rows = [["h", "head", "x"], ["1", "a"], ["-22", "5"], ["", "b", "3"]]
        self.assertEqual(column_widths(rows, 3), [3, 3, 1])
        self.assertEqual(column_widths([["", ""]], 9), [1, 1])
        self.assertEqual(column_sides(rows), ["right", "left", "right"])
        self.assertEqual(column_sides([["1"]]), ["left"])

    def test_render(self):
        self.assertEqual(render([]), "")
        self.assertEqual(render([["only", "head"]]), "only | head\n-----+-----")
        self.assertEqual(
            render([["n", "text"], ["10", "one two three"], ["7", "x"]], 7).split("\n"),
            ["n  |  text", "---+--------", "10 | one two", "   | three", " 7 | x"],
        )


if __name__ == "__main__":
    unittest.main()
