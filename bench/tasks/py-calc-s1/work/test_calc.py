import unittest

from calc import Calculator


class CalcTest(unittest.TestCase):
    def test_formulas(self):
        for text, want in [
            ("1 + 2 * 3", 7),
            ("10 - 4 - 3", 3),
            ("2 * (3 + 4)", 14),
            ("2 ^ 3 ^ 2", 512),
            ("-3 + 5", 2),
            ("7 / 2", 3.5),
            ("max(1, 5, 2) + 0.5", 5.5),
        ]:
            self.assertEqual(Calculator().evaluate(text), want, text)

    def test_names(self):
        calculator = Calculator()
        calculator.evaluate("side = 4")
        self.assertEqual(calculator.evaluate("side ^ 2"), 16)

    def test_errors(self):
        for text in ["1 +", "(1", "1 2", "x", "3 = 4", "1 $ 2"]:
            with self.assertRaises(ValueError, msg=text):
                Calculator().evaluate(text)


if __name__ == "__main__":
    unittest.main()
