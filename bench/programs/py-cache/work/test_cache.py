import unittest

from cache import Cache


class CacheTest(unittest.TestCase):
    def setUp(self):
        self.now = 0
        self.cache = Cache(2, 10, lambda: self.now)

    def test_least_recently_used_goes(self):
        self.cache.put("a", 1)
        self.cache.put("b", 2)
        self.assertEqual(self.cache.get("a"), 1)
        self.cache.put("c", 3)
        self.assertIsNone(self.cache.get("b"))
        self.assertEqual(self.cache.get("a"), 1)
        self.assertEqual(self.cache.get("c"), 3)

    def test_old_values_are_not_served(self):
        self.cache.put("a", 1)
        self.now = 9
        self.assertEqual(self.cache.get("a"), 1)
        self.now = 10
        self.assertIsNone(self.cache.get("a"))
        self.assertEqual(len(self.cache), 0)

    def test_hit_rate(self):
        self.cache.put("a", 1)
        self.cache.get("a")
        self.cache.get("x")
        self.assertEqual(self.cache.hit_rate(), 50)


if __name__ == "__main__":
    unittest.main()
