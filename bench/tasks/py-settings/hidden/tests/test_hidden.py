import unittest

from client import Client
from settings import Settings, parse


class HiddenTest(unittest.TestCase):
    def test_false_wins_over_true(self):
        self.assertEqual(Client("verbose = off").banner(), "")

    def test_empty_string_wins(self):
        self.assertEqual(Client('name = ""').banner(), ": 3 retries")

    def test_zero_delay(self):
        self.assertEqual(Client("delay = 0").delays(), [0, 0, 0])

    def test_last_layer_first(self):
        settings = Settings({"a": 1, "b": 2})
        settings.add("a = 0")
        settings.add("b = no")
        self.assertEqual(settings.as_dict(), {"a": 0, "b": False})
        settings.add("a = 7")
        self.assertEqual(settings.lookup("a"), 7)

    def test_unknown_key(self):
        settings = Settings({})
        self.assertIsNone(settings.lookup("x"))
        self.assertEqual(settings.lookup("x", 5), 5)
        settings.add("x = 0")
        self.assertEqual(settings.lookup("x", 5), 0)

    def test_parse(self):
        self.assertEqual(
            parse('Name = "a = b" # note\n\n# all\nyes = 1'), {"name": "a = b", "yes": 1}
        )
        with self.assertRaises(ValueError):
            parse("novalue")


if __name__ == "__main__":
    unittest.main()
