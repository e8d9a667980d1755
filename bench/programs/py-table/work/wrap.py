"""Breaks text into lines of limited width."""


def split_long(word, width):
    """Cut a word that is too long into pieces."""
    return [word[start : start + width] for start in range(0, len(word), width)]


def wrap(text, width):
    """Lines of at most `width` characters, broken between words."""
    if width < 1:
        raise ValueError("width must be at least 1")
    lines = []
    line = ""
    for word in text.split():
        for piece in split_long(word, width):
            if not line:
                line = piece
            elif len(line) + 1 + len(piece) <= width:
                line += " " + piece
            else:
                lines.append(line)
                line = piece
    if line:
        lines.append(line)
    return lines or [""]


def align(text, width, side="left"):
    """Fill a text with blanks up to the width."""
    missing = width - len(text)
    if missing <= 0:
        return text
    if side == "right":
        return " " * missing + text
    if side == "centre":
        left = missing // 2
        return " " * left + text + " " * (missing - left)
    return text + " " * missing
