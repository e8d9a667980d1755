"""A cache that drops what was used longest ago, and what is too old."""


class Cache:
    """Keeps at most `capacity` values, each for at most `lifetime` seconds."""

    def __init__(self, capacity, lifetime, clock):
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.lifetime = lifetime
        self.clock = clock
        self.entries = {}
        self.hits = 0
        self.misses = 0

    def __len__(self):
        return len(self.entries)

    def get(self, key, default=None):
        """The value of a key; using it makes it the youngest."""
        entry = self.entries.get(key)
        if entry is None:
            self.misses += 1
            return default
        value, expires = entry
        if expires <= self.clock():
            del self.entries[key]
            self.misses += 1
            return default
        del self.entries[key]
        self.entries[key] = (value, expires)
        self.hits += 1
        return value

    def put(self, key, value):
        self.entries.pop(key, None)
        if len(self.entries) >= self.capacity:
            self.make_room()
        self.entries[key] = (value, self.clock() + self.lifetime)

    def make_room(self):
        """Drop everything that is too old, or else the oldest entry."""
        now = self.clock()
        expired = [key for key, (_, expires) in self.entries.items() if expires <= now]
        for key in expired:
            del self.entries[key]
        if not expired:
            oldest = next(iter(self.entries))
            del self.entries[oldest]

    def hit_rate(self):
        """The share of lookups that found something, in percent."""
        total = self.hits + self.misses
        if total == 0:
            return 0
        return self.hits * 100 // total
