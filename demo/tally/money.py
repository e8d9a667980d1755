"""Amounts of money, kept as whole cents."""


def parse_amount(text):
    """Turn a written amount such as "12", "12.5" or "12.50" into cents."""
    whole, _, fraction = text.strip().partition(".")
    if not whole.isdigit() or len(fraction) > 2:
        raise ValueError(f"not an amount: {text}")
    if fraction and not fraction.isdigit():
        raise ValueError(f"not an amount: {text}")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def format_amount(cents):
    """Turn cents into a written amount with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100}"


def split_amount(cents, count):
    """Split an amount into shares that add up to it exactly."""
    share, rest = divmod(cents, count)
    return [share + 1 if number < rest else share for number in range(count)]
