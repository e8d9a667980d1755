"""A client that plans its attempts from the settings."""

from settings import Settings

DEFAULTS = {"retries": 3, "delay": 2, "verbose": True, "name": "client"}


class Client:
    def __init__(self, *files):
        self.settings = Settings(DEFAULTS)
        for text in files:
            self.settings.add(text)

    def delays(self):
        """Seconds to wait before each retry, doubling each time."""
        delay = self.settings.lookup("delay")
        plan = []
        for _ in range(self.settings.lookup("retries")):
            plan.append(delay)
            delay *= 2
        return plan

    def banner(self):
        if not self.settings.lookup("verbose"):
            return ""
        return f"{self.settings.lookup('name')}: {len(self.delays())} retries"
