"""Amounts of money as whole cents, so that nothing is lost in floats."""


def parse_amount(text):
    """Turn "12.50", "12,50" or "12" into 1250 cents."""
    text = text.strip().replace(",", ".")
    sign = 1
    if text.startswith("-"):
        sign = -1
        text = text[1:]
    whole, _, fraction = text.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError(f"not an amount: {text!r}")
    if len(fraction) > 2:
        raise ValueError(f"more than two decimals: {text!r}")
    return sign * (int(whole) * 100 + int(fraction.ljust(2, "0")))


def format_amount(cents):
    """Turn 1250 into "12.50"."""
    sign = "-" if cents < 0 else ""
    whole, fraction = divmod(abs(cents), 100)
    return f"{sign}{whole}.{fraction:02d}"


def percentage(cents, basis_points):
    """The share of an amount; 1900 basis points are 19 percent."""
    return (cents * basis_points + 5000) // 10000


def split_evenly(cents, parts):
    """Split an amount so that the parts differ by at most one cent."""
    if parts < 1:
        raise ValueError("parts must be at least 1")
    share, rest = divmod(cents, parts)
    return [share + 1 if i < rest else share for i in range(parts)]
