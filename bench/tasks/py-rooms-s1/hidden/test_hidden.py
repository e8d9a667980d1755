import unittest

from intervals import gaps, merge, overlaps, total
from rooms import Room, format_time, parse_time


class HiddenTest(unittest.TestCase):
    def test_merge(self):
        cases = [
            ([], []), ([(1, 2)], [(1, 2)]), ([(3, 5), (1, 2)], [(1, 2), (3, 5)]),
            ([(1, 3), (3, 5)], [(1, 5)]), ([(1, 9), (2, 3), (4, 5)], [(1, 9)]),
            ([(1, 4), (2, 6), (8, 9)], [(1, 6), (8, 9)]), ([(2, 3), (1, 3)], [(1, 3)]),
        ]
        for given, want in cases:
            self.assertEqual(merge(given), want)

    def test_gaps(self):
        cases = [
            ([], [(0, 10)]), ([(0, 10)], []), ([(2, 4)], [(0, 2), (4, 10)]),
            ([(-5, 3), (8, 20)], [(3, 8)]), ([(-5, 0), (10, 12)], [(0, 10)]),
            ([(1, 8), (2, 3)], [(0, 1), (8, 10)]), ([(0, 1), (9, 10)], [(1, 9)]),
            ([(-9, 90)], []), ([(12, 15), (3, 4)], [(0, 3), (4, 10)]),
        ]
        for given, want in cases:
            self.assertEqual(gaps(given, 0, 10), want, given)

    def test_overlaps(self):
        for one, other, want in [
            ((1, 3), (2, 4), True), ((1, 2), (2, 3), False), ((2, 3), (1, 2), False),
            ((1, 9), (3, 4), True), ((3, 4), (1, 9), True), ((1, 2), (5, 6), False),
            ((5, 6), (1, 2), False), ((1, 2), (1, 2), True),
        ]:
            self.assertEqual(overlaps(one, other), want, (one, other))

    def test_total(self):
        self.assertEqual(total([(0, 10), (5, 15), (20, 21)]), 16)

    def test_times(self):
        self.assertEqual([parse_time(t) for t in ("0:00", "9", "24:00")], [0, 540, 1440])
        self.assertEqual([format_time(m) for m in (0, 545, 1439)], ["0:00", "9:05", "23:59"])
        for text in ("25:00", "24:01", "-1"):
            with self.assertRaises(ValueError):
                parse_time(text)

    def test_room(self):
        room = Room("x")
        self.assertTrue(room.book("8:00", "18:00"))
        self.assertEqual(room.use(), 100)
        self.assertEqual(room.free(), [])
        self.assertFalse(room.book("17:59", "18:00"))
        self.assertFalse(Room("y").book("17:00", "18:01"))
        with self.assertRaises(ValueError):
            room.book("9:00", "9:00")
        other = Room("z")
        other.book("8:01", "18:00")
        self.assertEqual(other.free(), ["8:00-8:01"])
        self.assertEqual(other.free(2), [])


if __name__ == "__main__":
    unittest.main()
