"""Intervals of minutes, as (start, end) with the end not included."""


def merge(intervals):
    """Join intervals that overlap or touch; the result is sorted."""
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def gaps(intervals, first, last):
    """The free time between `first` and `last`."""
    free = []
    position = first
    for start, end in merge(intervals):
        if end <= first or start >= last:
            continue
        if start > position:
            free.append((position, start))
        position = max(position, end)
    if position < last:
        free.append((position, last))
    return free


def overlaps(one, other):
    return one[0] < other[1] and other[0] < one[1]


def total(intervals):
    """How many minutes are covered by at least one interval."""
    return sum(end - start for start, end in merge(intervals))
