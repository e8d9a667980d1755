"""Bookings of meeting rooms on one day."""

from intervals import gaps, merge, overlaps, total

OPENS = 8 * 60
CLOSES = 18 * 60


def parse_time(text):
    hours, _, minutes = text.partition(":")
    value = int(hours) * 60 + int(minutes or 0)
    if not 0 <= value <= 24 * 60:
        raise ValueError(f"no such time: {text}")
    return value


def format_time(minutes):
    return f"{minutes // 60}:{minutes % 60:02d}"


class Room:
    def __init__(self, name):
        self.name = name
        self.bookings = []

    def book(self, start, end):
        """Book the room; False if it is taken or closed then."""
        wanted = (parse_time(start), parse_time(end))
        if wanted[0] >= wanted[1]:
            raise ValueError("the end must be after the start")
        if wanted[0] <= OPENS or wanted[1] > CLOSES:
            return False
        if any(overlaps(wanted, booking) for booking in self.bookings):
            return False
        self.bookings.append(wanted)
        return True

    def free(self, minutes=1):
        """The free times that are at least so many minutes long."""
        return [
            f"{format_time(start)}-{format_time(end)}"
            for start, end in gaps(self.bookings, OPENS, CLOSES)
            if end - start >= minutes
        ]

    def taken(self):
        return [f"{format_time(s)}-{format_time(e)}" for s, e in merge(self.bookings)]

    def use(self):
        """The share of the day that is booked, in percent."""
        return round(100 * total(self.bookings) / (CLOSES - OPENS))
