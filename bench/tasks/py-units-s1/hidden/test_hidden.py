import unittest
from fractions import Fraction

from convert import Converter, standard
from graph import Graph


class HiddenTest(unittest.TestCase):
    def test_paths(self):
        graph = Graph()
        for one, other in ["ab", "bc", "cd", "ae", "ed", "xy"]:
            graph.link(one, other)
        self.assertEqual(graph.path("a", "d"), ["a", "e", "d"])
        self.assertEqual(graph.path("d", "b"), ["d", "c", "b"])
        self.assertEqual(graph.path("a", "a"), ["a"])
        self.assertIsNone(graph.path("a", "x"))
        self.assertIsNone(graph.path("a", "?"))
        self.assertIsNone(graph.path("?", "a"))
        self.assertEqual(graph.reachable("a"), ["b", "c", "d", "e"])
        self.assertEqual(graph.reachable("y"), ["x"])

    def test_there_and_back(self):
        units = standard()
        for source, target in [("km", "in"), ("C", "F"), ("F", "K"), ("mi", "cm"), ("K", "C")]:
            for value in [0, 1, -3, Fraction(7, 3)]:
                there = units.convert(value, source, target)
                self.assertEqual(units.convert(there, target, source), value)

    def test_known(self):
        units = standard()
        for value, source, target, want in [
            (0, "C", "F", 32), (50, "F", "C", 10), (0, "K", "C", Fraction("-273.15")),
            (1, "in", "cm", Fraction("2.54")), (3, "ft", "in", 36), (5, "m", "m", 5),
            (36, "in", "ft", 3), (250, "cm", "m", Fraction("2.5")),
        ]:
            self.assertEqual(units.convert(value, source, target), want, (value, source, target))

    def test_show(self):
        units = Converter()
        units.define("a", 1, "b")
        for value, digits, want in [
            ("0.005", 2, "0.01 b"), ("0.004", 2, "0.00 b"), ("-0.004", 2, "0.00 b"),
            ("-0.005", 2, "-0.01 b"), ("2.5", 0, "3 b"), ("1.05", 1, "1.1 b"),
            ("12", 3, "12.000 b"), ("9.999", 2, "10.00 b"), ("-1.5", 1, "-1.5 b"),
        ]:
            self.assertEqual(units.show(value, "a", "b", digits), want, (value, digits))

    def test_bad_factor(self):
        with self.assertRaises(ValueError):
            Converter().define("a", 0, "b")


if __name__ == "__main__":
    unittest.main()
