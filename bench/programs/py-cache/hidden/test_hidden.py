import unittest

from cache import Cache


class HiddenTest(unittest.TestCase):
    def setUp(self):
        self.now = 100
        self.cache = Cache(3, 10, lambda: self.now)

    def test_order_of_use(self):
        for key in "abc":
            self.cache.put(key, key.upper())
        self.cache.get("a")
        self.cache.get("b")
        self.cache.put("d", "D")
        self.assertEqual(list(self.cache.entries), ["a", "b", "d"])

    def test_putting_again_renews(self):
        self.cache.put("a", 1)
        self.now += 9
        self.cache.put("a", 2)
        self.now += 9
        self.assertEqual(self.cache.get("a"), 2)
        self.assertEqual(len(self.cache), 1)

    def test_reading_does_not_renew(self):
        self.cache.put("a", 1)
        self.now += 9
        self.cache.get("a")
        self.now += 1
        self.assertEqual(self.cache.get("a", "gone"), "gone")

    def test_expired_go_before_used(self):
        self.cache.put("old", 1)
        self.now += 6
        self.cache.put("b", 2)
        self.cache.put("c", 3)
        self.cache.get("old")
        self.now += 4
        self.cache.put("d", 4)
        self.assertEqual(list(self.cache.entries), ["b", "c", "d"])

    def test_never_over_capacity(self):
        for number in range(20):
            self.cache.put(number, number)
            self.assertLessEqual(len(self.cache), 3)
        self.assertEqual([self.cache.get(n) for n in (16, 17, 18, 19)], [None, 17, 18, 19])

    def test_none_values_and_rate(self):
        self.assertEqual(self.cache.hit_rate(), 0)
        self.cache.put("n", None)
        self.assertIsNone(self.cache.get("n", "x"))
        self.cache.get("m")
        self.cache.get("m")
        self.assertEqual(self.cache.hit_rate(), 33)
        with self.assertRaises(ValueError):
            Cache(0, 1, lambda: 0)
        Cache(1, 1, lambda: 0).put("a", 1)


if __name__ == "__main__":
    unittest.main()
