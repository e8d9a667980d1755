import unittest

from convert import standard


class ConvertTest(unittest.TestCase):
    def test_lengths(self):
        units = standard()
        self.assertEqual(units.convert(2, "km", "cm"), 200000)
        self.assertEqual(units.show(1, "mi", "km", 3), "1.609 km")
        self.assertEqual(units.show(1, "ft", "cm"), "30.48 cm")

    def test_temperatures(self):
        units = standard()
        self.assertEqual(units.show(100, "C", "F", 0), "212 F")
        self.assertEqual(units.show(0, "F", "K"), "255.37 K")
        self.assertEqual(units.show(-40, "F", "C"), "-40.00 C")

    def test_unknown(self):
        with self.assertRaises(ValueError):
            standard().convert(1, "km", "K")
        with self.assertRaises(ValueError):
            standard().convert(1, "km", "parsec")


if __name__ == "__main__":
    unittest.main()
