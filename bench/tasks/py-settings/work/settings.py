"""Settings in layers: built-in defaults, then a site file, then the user's."""


def parse(text):
    """Read `key = value` lines; `#` starts a comment, keys are lower case."""
    values = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"line {number}: expected key = value")
        values[key.strip().lower()] = convert(value.strip())
    return values


def convert(text):
    """Turn a written value into a number, a truth value or a string."""
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    try:
        return int(text)
    except ValueError:
        return text.strip('"')


class Settings:
    """Layers of values; the layer added last is asked first."""

    def __init__(self, defaults):
        self.layers = [dict(defaults)]

    def add(self, text):
        self.layers.append(parse(text))

    def lookup(self, key, fallback=None):
        for layer in reversed(self.layers):
            if layer.get(key):
                return layer[key]
        return fallback

    def keys(self):
        return sorted({key for layer in self.layers for key in layer})

    def as_dict(self):
        return {key: self.lookup(key) for key in self.keys()}
