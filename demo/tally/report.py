"""The report that is printed for a ledger."""

from tally.money import format_amount


def table(rows):
    """Lines with the first column to the left and the second to the right."""
    if not rows:
        return []
    left = max(len(row[0]) for row in rows)
    right = max(len(row[1]) for row in rows)
    return [f"{name.ljust(left)}  {amount.rjust(right)}" for name, amount in rows]


def render(ledger):
    lines = [f"total  {format_amount(ledger.total())}", ""]
    balances = ledger.balances()
    lines += table([(name, format_amount(balances[name])) for name in sorted(balances)])
    payments = ledger.payments()
    if payments:
        lines.append("")
        lines += [
            f"{debtor} pays {creditor} {format_amount(cents)}"
            for debtor, creditor, cents in payments
        ]
    return "\n".join(lines)
