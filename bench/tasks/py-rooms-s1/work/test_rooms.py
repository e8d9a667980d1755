import unittest

from rooms import Room


class RoomTest(unittest.TestCase):
    def test_bookings(self):
        room = Room("blue")
        self.assertTrue(room.book("9:00", "10:30"))
        self.assertTrue(room.book("10:30", "11"))
        self.assertFalse(room.book("10:00", "12:00"))
        self.assertFalse(room.book("7:30", "8:30"))
        self.assertEqual(room.taken(), ["9:00-11:00"])

    def test_free(self):
        room = Room("red")
        room.book("14:00", "15:00")
        room.book("8:00", "9:15")
        self.assertEqual(room.free(), ["9:15-14:00", "15:00-18:00"])
        self.assertEqual(room.free(240), ["9:15-14:00"])

    def test_use(self):
        room = Room("green")
        room.book("8:00", "13:00")
        self.assertEqual(room.use(), 50)


if __name__ == "__main__":
    unittest.main()
