"""The command: python3 -m tally FILE"""

import sys

from tally.ledger import LedgerError, read_ledger
from tally.report import render


def main(arguments):
    if len(arguments) != 1:
        print("usage: python3 -m tally FILE", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            ledger = read_ledger(file.read())
    except OSError as error:
        print(f"cannot read {arguments[0]}: {error.strerror}", file=sys.stderr)
        return 1
    except LedgerError as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    print(render(ledger))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
