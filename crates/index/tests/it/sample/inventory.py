"""Keeps the stock of a small shop."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

DEFAULT_UNIT = "piece"
_CODE = re.compile(r"^[A-Z]{2}-\d+$")


@dataclass
class Item:
    """One kind of thing."""

    code: str
    price: float
    tags: list[str] = field(default_factory=list)

    def __post_init__(self):
        if not _CODE.match(self.code):
            raise ValueError(f"bad code: {self.code}")

    @property
    def label(self) -> str:
        return f"{self.code} ({self.price:.2f})"

    @label.setter
    def label(self, text: str) -> None:
        code, _, price = text.partition(" ")
        self.code = code
        self.price = float(price.strip("()"))

    @staticmethod
    def parse(line: str) -> "Item":
        code, price, *tags = line.split(",")
        return Item(code.strip(), float(price), [tag.strip() for tag in tags])


class Inventory:
    def __init__(self, items=()):
        self._items = {item.code: item for item in items}
        self._counts = {}

    def __len__(self):
        return len(self._items)

    def add(self, item, count=1):
        """Adds some of an item.

        The count may be negative.
        """
        self._items[item.code] = item
        self._counts[item.code] = self._counts.get(item.code, 0) + count
        return self

    async def refresh(self, source):
        async for item in source:
            self.add(item)

    def report(self):
        head = """\
code;count
----------
"""
        rows = [
            f"{code};{count}"
            for code, count in sorted(self._counts.items())
            if count
        ]
        return head + "\n".join(rows)


@lru_cache(maxsize=None)
def vat(price: float, *, rate: float = 0.19) -> float:
    # Rounded to cents.
    return round(price * rate, 2)


def cheapest(items):
    def key(item):
        return item.price

    return min(items, key=key, default=None)


if __name__ == "__main__":
    print(Inventory([Item("AB-1", 2.0)]).report())
