"""Splits a formula into tokens: ("number", 1.5), ("name", "x"), ("sign", "+")."""

SIGNS = "+-*/^(),="


def tokenize(text):
    tokens = []
    position = 0
    while position < len(text):
        char = text[position]
        if char.isspace():
            position += 1
        elif char.isdigit() or char == ".":
            end = position
            while end < len(text) and (text[end].isdigit() or text[end] == "."):
                end += 1
            tokens.append(("number", float(text[position:end])))
            position = end
        elif char.isalpha():
            end = position
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            tokens.append(("name", text[position:end]))
            position = end
        elif char in SIGNS:
            tokens.append(("sign", char))
            position += 1
        else:
            raise ValueError(f"unexpected {char!r} at {position}")
    return tokens
