import unittest

from invoice import Invoice
from money import format_amount, parse_amount, percentage, split_evenly


class HiddenTest(unittest.TestCase):
    def test_percentage_rounds_halves_up(self):
        cases = [
            (100, 1900, 19), (50, 100, 1), (49, 100, 0), (150, 100, 2),
            (250, 100, 3), (0, 1900, 0), (199, 1900, 38), (105, 1000, 11),
            (104, 1000, 10), (1, 700, 0), (8, 700, 1), (7, 700, 0),
        ]
        for cents, rate, want in cases:
            self.assertEqual(percentage(cents, rate), want, (cents, rate))

    def test_mixed_rates(self):
        invoice = Invoice("Bo")
        invoice.add("pen", "1.99")
        invoice.add("book", "3.33", quantity=3, rate="reduced")
        invoice.add("stamp", "0.85", rate="none")
        self.assertEqual(invoice.taxes(), {"standard": 38, "reduced": 70, "none": 0})
        self.assertEqual(invoice.total(), 199 + 999 + 85 + 108)

    def test_exact_amounts_stay_exact(self):
        invoice = Invoice("Bo")
        invoice.add("desk", "100.00")
        self.assertEqual(invoice.taxes(), {"standard": 1900})

    def test_instalments(self):
        invoice = Invoice("Bo")
        invoice.add("chair", "10.00", rate="none")
        self.assertEqual(invoice.instalments(3), ["3.34", "3.33", "3.33"])
        self.assertEqual(split_evenly(5, 2), [3, 2])

    def test_amounts(self):
        self.assertEqual(parse_amount("12,5"), 1250)
        self.assertEqual(parse_amount("-0.07"), -7)
        self.assertEqual(format_amount(-1205), "-12.05")
        with self.assertRaises(ValueError):
            parse_amount("1.234")


if __name__ == "__main__":
    unittest.main()
