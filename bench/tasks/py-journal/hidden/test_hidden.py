import unittest

from journal import group_by_project, parse_journal, parse_minutes, summarise

TEXT = "2024-03-04 10m a: x\n2024-03-04 10m b: y\n2024-03-05 1h c: z\n"


class HiddenTest(unittest.TestCase):
    def test_repeated_summaries_are_equal(self):
        want = ["c: 1h00m", "a: 0h10m", "b: 0h10m"]
        for _ in range(3):
            self.assertEqual(summarise(TEXT), want)

    def test_empty(self):
        self.assertEqual(summarise(TEXT) and summarise(""), [])
        self.assertEqual(summarise("# nothing\n\n"), [])

    def test_groups_are_independent(self):
        first = group_by_project(parse_journal(TEXT))
        second = group_by_project([])
        self.assertEqual(sorted(first), ["a", "b", "c"])
        self.assertEqual(second, {})

    def test_groups_can_be_continued(self):
        groups = group_by_project(parse_journal(TEXT))
        same = group_by_project(parse_journal("2024-04-01 5m a: more"), groups)
        self.assertIs(same, groups)
        self.assertEqual([entry["minutes"] for entry in groups["a"]], [10, 5])

    def test_an_empty_group_given_is_filled(self):
        groups = {}
        group_by_project(parse_journal(TEXT), groups)
        self.assertEqual(len(groups), 3)

    def test_bad_durations(self):
        for text in ["", "h", "10", "1m2h", "1.5h"]:
            with self.assertRaises(ValueError, msg=text):
                parse_minutes(text)


if __name__ == "__main__":
    unittest.main()
