"""An invoice: lines with a price, a quantity and a tax rate."""

from money import format_amount, parse_amount, percentage, split_evenly

RATES = {"standard": 1900, "reduced": 700, "none": 0}


class Invoice:
    def __init__(self, customer):
        self.customer = customer
        self.lines = []

    def add(self, name, price, quantity=1, rate="standard"):
        if rate not in RATES:
            raise ValueError(f"unknown tax rate: {rate}")
        if quantity < 1:
            raise ValueError("quantity must be at least 1")
        self.lines.append((name, parse_amount(price), quantity, rate))

    def net(self):
        return sum(price * quantity for _, price, quantity, _ in self.lines)

    def taxes(self):
        """Tax per rate, computed on the sum of the lines with that rate."""
        sums = {}
        for _, price, quantity, rate in self.lines:
            sums[rate] = sums.get(rate, 0) + price * quantity
        return {rate: percentage(total, RATES[rate]) for rate, total in sums.items()}

    def total(self):
        return self.net() + sum(self.taxes().values())

    def instalments(self, count):
        return [format_amount(part) for part in split_evenly(self.total(), count)]

    def render(self):
        rows = [f"Invoice for {self.customer}"]
        for name, price, quantity, _ in self.lines:
            rows.append(f"{quantity} x {name}: {format_amount(price * quantity)}")
        rows.append(f"Total: {format_amount(self.total())}")
        return "\n".join(rows)
