import unittest

from client import Client


class ClientTest(unittest.TestCase):
    def test_defaults(self):
        self.assertEqual(Client().delays(), [2, 4, 8])

    def test_site_file(self):
        self.assertEqual(Client("retries = 2\ndelay = 5").delays(), [5, 10])

    def test_user_turns_retries_off(self):
        self.assertEqual(Client("retries = 4", "retries = 0").delays(), [])


if __name__ == "__main__":
    unittest.main()
