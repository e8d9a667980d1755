"""The expenses of a group and what each of its people is owed."""

import re

from tally.money import parse_amount, split_amount

EXPENSE = re.compile(
    r"^(?P<payer>\w+) paid (?P<amount>\S+) for (?P<people>[\w, ]+?)(?:: (?P<what>.*))?$"
)


class LedgerError(Exception):
    """A line that cannot be read."""

    def __init__(self, number, reason):
        super().__init__(f"line {number}: {reason}")
        self.number = number


class Ledger:
    def __init__(self):
        self.people = []
        self.expenses = []

    def add_person(self, name):
        if name not in self.people:
            self.people.append(name)

    def add_expense(self, payer, cents, people, what):
        for name in [payer, *people]:
            self.add_person(name)
        self.expenses.append((payer, cents, people, what))

    def total(self):
        return sum(cents for _, cents, _, _ in self.expenses)

    def balances(self):
        """What each person is owed, in cents; negative if they owe."""
        balances = {name: 0 for name in self.people}
        for payer, cents, people, _ in self.expenses:
            balances[payer] += cents
            for name, share in zip(people, split_amount(cents, len(people))):
                balances[name] -= share
        return balances

    def payments(self):
        """The payments that settle all debts, the largest first."""
        balances = self.balances()
        payments = []
        while any(balances.values()):
            debtor = min(balances, key=balances.get)
            creditor = max(balances, key=balances.get)
            cents = min(-balances[debtor], balances[creditor])
            balances[debtor] += cents
            balances[creditor] -= cents
            payments.append((debtor, creditor, cents))
        return payments


def split_names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def read_ledger(text):
    """Read a file of expenses; blank lines and # comments are skipped."""
    ledger = Ledger()
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        if line.startswith("people:"):
            for name in split_names(line[len("people:") :]):
                ledger.add_person(name)
            continue
        match = EXPENSE.match(line)
        if not match:
            raise LedgerError(number, "expected: NAME paid AMOUNT for NAMES: WHAT")
        people = split_names(match["people"])
        if people == ["all"]:
            people = list(ledger.people)
        if not people:
            raise LedgerError(number, "nobody to pay for")
        try:
            cents = parse_amount(match["amount"])
        except ValueError as error:
            raise LedgerError(number, str(error)) from error
        ledger.add_expense(match["payer"], cents, people, match["what"] or "")
    return ledger
