"""Converts between units by walking over known conversions."""

from fractions import Fraction

from graph import Graph


class Converter:
    def __init__(self):
        self.graph = Graph()
        self.rules = {}

    def define(self, one, factor, other, offset=0):
        """Say that `other = one * factor + offset`."""
        factor = Fraction(factor)
        offset = Fraction(offset)
        if factor == 0:
            raise ValueError("the factor must not be zero")
        self.rules[one, other] = (factor, offset)
        self.rules[other, one] = (1 / factor, -offset / factor)
        self.graph.link(one, other)

    def convert(self, value, source, target):
        """The value in another unit, exact."""
        path = self.graph.path(source, target)
        if path is None:
            raise ValueError(f"cannot convert {source} to {target}")
        value = Fraction(value)
        for one, other in zip(path, path[1:]):
            factor, offset = self.rules[one, other]
            value = value * factor + offset
        return value

    def show(self, value, source, target, digits=2):
        """The converted value as text, rounded half up."""
        exact = self.convert(value, source, target)
        scale = 10**digits
        scaled = abs(exact) * scale
        rounded = int(scaled + Fraction(1, 2))
        sign = "-" if exact < 0 and rounded > 0 else ""
        whole, rest = divmod(rounded, scale)
        if digits == 0:
            return f"{sign}{whole} {target}"
        return f"{sign}{whole}.{rest:0{digits}d} {target}"


def standard():
    converter = Converter()
    converter.define("km", 1000, "m")
    converter.define("m", 100, "cm")
    converter.define("in", "2.54", "cm")
    converter.define("ft", 12, "in")
    converter.define("mi", 5280, "ft")
    converter.define("C", "1.8", "F", 32)
    converter.define("C", 1, "K", "273.15")
    return converter
