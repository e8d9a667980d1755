import unittest

from invoice import Invoice


class InvoiceTest(unittest.TestCase):
    def test_total_of_one_line(self):
        invoice = Invoice("Ada")
        invoice.add("paper", "10.00")
        self.assertEqual(invoice.total(), 1190)

    def test_total_is_rounded_to_the_nearest_cent(self):
        invoice = Invoice("Ada")
        invoice.add("pen", "2.01")
        invoice.add("ink", "4.99", quantity=2)
        self.assertEqual(invoice.total(), 1427)

    def test_render(self):
        invoice = Invoice("Ada")
        invoice.add("book", "8.00", rate="reduced")
        self.assertEqual(
            invoice.render(), "Invoice for Ada\n1 x book: 8.00\nTotal: 8.56"
        )


if __name__ == "__main__":
    unittest.main()
