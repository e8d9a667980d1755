"""A calculator with variables: `x = 2`, `3 * (x + 1) ^ 2`, `max(1, x)`."""

from lexer import tokenize

FUNCTIONS = {"max": max, "min": min, "abs": abs}


class Calculator:
    def __init__(self):
        self.names = {}
        self.tokens = []
        self.position = 0

    def evaluate(self, text):
        """The value of a formula; an assignment also stores it."""
        self.tokens = tokenize(text)
        self.position = 0
        if len(self.tokens) > 1 and self.tokens[1] == ("sign", "="):
            kind, name = self.tokens[0]
            if kind != "name":
                raise ValueError("only a name can be assigned to")
            self.position = 2
            self.names[name] = self.finish()
            return self.names[name]
        return self.finish()

    def finish(self):
        value = self.sum()
        if self.position < len(self.tokens):
            raise ValueError(f"unexpected {self.tokens[self.position][1]!r}")
        return value

    def accept(self, *signs):
        """Step over one of the signs and return it, or return None."""
        if self.position < len(self.tokens):
            kind, value = self.tokens[self.position]
            if kind == "sign" and value in signs:
                self.position += 1
                return value
        return None

    def sum(self):
        value = self.product()
        while sign := self.accept("+", "-"):
            right = self.product()
            value = value + right if sign == "+" else value - right
        return value

    def product(self):
        value = self.unary()
        while sign := self.accept("*", "/"):
            right = self.unary()
            value = value * right if sign == "*" else value / right
        return value

    def unary(self):
        if self.accept("-"):
            return -self.unary()
        return self.power()

    def power(self):
        base = self.atom()
        if self.accept("^"):
            return base ** self.unary()
        return base

    def atom(self):
        if self.accept("("):
            value = self.sum()
            if not self.accept(")"):
                raise ValueError("missing )")
            return value
        if self.position >= len(self.tokens):
            raise ValueError("formula ends too early")
        kind, value = self.tokens[self.position]
        self.position += 1
        if kind == "number":
            return value
        if kind == "name" and value in FUNCTIONS:
            return self.call(FUNCTIONS[value])
        if kind == "name" and value in self.names:
            return self.names[value]
        raise ValueError(f"unexpected {value!r}")

    def call(self, function):
        if not self.accept("("):
            raise ValueError("missing (")
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        if not self.accept(")"):
            raise ValueError("missing )")
        return function(*arguments) if len(arguments) > 1 else function(arguments[0])
