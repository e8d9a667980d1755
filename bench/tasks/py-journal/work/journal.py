"""Read a work journal and add up the time spent on each project.

A journal has one entry a line: `2024-03-05 1h30m project: what was done`.
Blank lines and lines that start with `#` are skipped.
"""

import re

ENTRY = re.compile(
    r"^(?P<date>\d{4}-\d{2}-\d{2})\s+(?P<time>\S+)\s+(?P<project>[\w-]+):\s*(?P<note>.*)$"
)
DURATION = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?$")


def parse_minutes(text):
    """Turn `1h30m`, `2h` or `45m` into minutes."""
    match = DURATION.match(text)
    if not match or not text:
        raise ValueError(f"not a duration: {text!r}")
    hours, minutes = match.groups()
    return int(hours or 0) * 60 + int(minutes or 0)


def parse_entry(line):
    match = ENTRY.match(line.strip())
    if not match:
        raise ValueError(f"not an entry: {line!r}")
    return {
        "date": match["date"],
        "minutes": parse_minutes(match["time"]),
        "project": match["project"],
        "note": match["note"],
    }


def parse_journal(text):
    entries = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            entries.append(parse_entry(line))
    return entries


def group_by_project(entries, groups={}):
    """Collect the entries of each project, adding to `groups` if given."""
    for entry in entries:
        groups.setdefault(entry["project"], []).append(entry)
    return groups


def format_minutes(minutes):
    return f"{minutes // 60}h{minutes % 60:02d}m"


def summarise(text):
    """One line a project, the most time first, then by name."""
    groups = group_by_project(parse_journal(text))
    totals = [
        (sum(entry["minutes"] for entry in entries), project)
        for project, entries in groups.items()
    ]
    totals.sort(key=lambda item: (-item[0], item[1]))
    return [f"{project}: {format_minutes(minutes)}" for minutes, project in totals]
