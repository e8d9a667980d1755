"""Renders rows as a text table with wrapped cells."""

from wrap import align, wrap


def is_number(text):
    return text.lstrip("-").replace(".", "", 1).isdigit()


def column_widths(rows, limit):
    """The width of each column: its longest cell, but not over the limit."""
    columns = max(len(row) for row in rows)
    widths = [1] * columns
    for row in rows:
        for index, cell in enumerate(row):
            widths[index] = max(widths[index], min(len(cell), limit))
    return widths


def column_sides(rows):
    """Columns that hold only numbers are aligned to the right."""
    sides = []
    for index in range(max(len(row) for row in rows)):
        cells = [row[index] for row in rows[1:] if index < len(row) and row[index]]
        sides.append("right" if cells and all(map(is_number, cells)) else "left")
    return sides


def render_row(row, widths, sides):
    cells = [wrap(row[i] if i < len(row) else "", widths[i]) for i in range(len(widths))]
    height = max(len(cell) for cell in cells)
    lines = []
    for number in range(height):
        parts = []
        for cell, width, side in zip(cells, widths, sides):
            parts.append(align(cell[number] if number < len(cell) else "", width, side))
        lines.append(" | ".join(parts).rstrip())
    return lines


def render(rows, limit=20):
    """The table; the first row is the head and is underlined."""
    if not rows:
        return ""
    widths = column_widths(rows, limit)
    sides = column_sides(rows)
    lines = render_row(rows[0], widths, ["centre"] * len(widths))
    lines.append("-+-".join("-" * width for width in widths))
    for row in rows[1:]:
        lines.extend(render_row(row, widths, sides))
    return "\n".join(lines)
