import unittest

from journal import parse_minutes, summarise

MONDAY = """
# Monday
2024-03-04 1h30m parser: first draft
2024-03-04 45m docs: outline
2024-03-04 1h parser: tests
"""

TUESDAY = """
2024-03-05 20m docs: typos
"""


class JournalTest(unittest.TestCase):
    def test_minutes(self):
        self.assertEqual(parse_minutes("1h30m"), 90)

    def test_one_day_after_the_other(self):
        self.assertEqual(summarise(MONDAY), ["parser: 2h30m", "docs: 0h45m"])
        self.assertEqual(summarise(TUESDAY), ["docs: 0h20m"])


if __name__ == "__main__":
    unittest.main()
