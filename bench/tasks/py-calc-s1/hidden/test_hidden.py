import unittest

from calc import Calculator
from lexer import tokenize


class HiddenTest(unittest.TestCase):
    def test_tokens(self):
        self.assertEqual(
            tokenize("a_1=.5*(b+10)"),
            [("name", "a_1"), ("sign", "="), ("number", 0.5), ("sign", "*"), ("sign", "("),
             ("name", "b"), ("sign", "+"), ("number", 10.0), ("sign", ")")],
        )
        self.assertEqual(tokenize("  "), [])
        self.assertEqual(tokenize("12.5"), [("number", 12.5)])

    def test_formulas(self):
        for text, want in [
            ("1", 1), ("((1))", 1), ("1+1-1+1", 2), ("100/10/5", 2), ("2*3/6*4", 4),
            ("-2^2", -4), ("2^-1", 0.5), ("--3", 3), ("2*-3", -6), ("(1+2)^2", 9),
            ("min(4, 2+1)", 3), ("abs(-3)", 3), ("abs(2-5)*2", 6), ("8/4*2", 4),
            ("1-(2-3)", 2), ("max(min(1,2),0)", 1), ("5-3+1", 3), ("6-2*3", 0),
        ]:
            self.assertEqual(Calculator().evaluate(text), want, text)

    def test_names(self):
        calculator = Calculator()
        self.assertEqual(calculator.evaluate("x = 3"), 3)
        self.assertEqual(calculator.evaluate("y_2 = x * x"), 9)
        self.assertEqual(calculator.evaluate("x = x + y_2"), 12)
        self.assertEqual(calculator.evaluate("x - y_2"), 3)

    def test_errors(self):
        for text in ["", ")", "(1+2", "1+*2", "max(1", "max 1", "max()", "2 x", "(1)(2)",
                     "= 1", "1 = 1", "x =", "max(1,)", "1 % 2", "x"]:
            with self.assertRaises(ValueError, msg=text):
                Calculator().evaluate(text)


if __name__ == "__main__":
    unittest.main()
