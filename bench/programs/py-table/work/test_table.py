import unittest

from table import render
from wrap import wrap


class TableTest(unittest.TestCase):
    def test_wrap(self):
        self.assertEqual(wrap("the quick brown fox", 9), ["the quick", "brown fox"])
        self.assertEqual(wrap("abcdefgh xy", 3), ["abc", "def", "gh", "xy"])

    def test_table(self):
        rows = [["item", "price"], ["tea", "2.50"], ["dark chocolate bar", "12.00"]]
        self.assertEqual(
            render(rows, 10).split("\n"),
            [
                "   item    | price",
                "-----------+------",
                "tea        |  2.50",
                "dark       | 12.00",
                "chocolate  |",
                "bar        |",
            ],
        )

    def test_short_row(self):
        self.assertEqual(render([["a", "b"], ["1"]]), "a | b\n--+--\n1 |")


if __name__ == "__main__":
    unittest.main()
