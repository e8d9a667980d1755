import unittest

from tally.ledger import LedgerError, read_ledger
from tally.report import render


class LedgerTest(unittest.TestCase):
    def test_balances(self):
        ledger = read_ledger("Ada paid 10.00 for Ada, Bo: lunch")
        self.assertEqual(ledger.balances(), {"Ada": 500, "Bo": -500})

    def test_payments(self):
        ledger = read_ledger(
            "people: Ada, Bo, Cy\nAda paid 9.00 for all: taxi\nBo paid 3 for Cy"
        )
        self.assertEqual(ledger.payments(), [("Cy", "Ada", 600)])

    def test_report(self):
        ledger = read_ledger("Ada paid 25.50 for Ada, Bo: tickets # in advance")
        self.assertEqual(
            render(ledger), "total  25.50\n\nAda   12.75\nBo   -12.75\n\nBo pays Ada 12.75"
        )

    def test_a_bad_line_is_named(self):
        with self.assertRaises(LedgerError) as caught:
            read_ledger("people: Ada\n\nAda spent 5")
        self.assertEqual(caught.exception.number, 3)


if __name__ == "__main__":
    unittest.main()
