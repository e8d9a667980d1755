import unittest

from tally.money import format_amount, parse_amount, split_amount


class MoneyTest(unittest.TestCase):
    def test_amounts_are_read(self):
        self.assertEqual(parse_amount("12"), 1200)
        self.assertEqual(parse_amount("12.50"), 1250)
        self.assertEqual(parse_amount("3.5"), 350)
        self.assertEqual(parse_amount("0.07"), 7)

    def test_bad_amounts_are_refused(self):
        for text in ["", "x", "1.234", "1.x", "-1"]:
            with self.assertRaises(ValueError):
                parse_amount(text)

    def test_amounts_are_written(self):
        self.assertEqual(format_amount(1250), "12.50")
        self.assertEqual(format_amount(-7550), "-75.50")

    def test_few_cents_are_written_with_two_digits(self):
        self.assertEqual(format_amount(1205), "12.05")
        self.assertEqual(format_amount(7), "0.07")

    def test_shares_add_up(self):
        self.assertEqual(split_amount(1000, 3), [334, 333, 333])


if __name__ == "__main__":
    unittest.main()
