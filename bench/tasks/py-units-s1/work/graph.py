"""Shortest paths between names that are linked with each other."""

from collections import deque


class Graph:
    def __init__(self):
        self.links = {}

    def link(self, one, other):
        """Link two names in both directions."""
        self.links.setdefault(one, []).append(other)
        self.links.setdefault(other, []).append(one)

    def path(self, start, goal):
        """The names on the shortest path, both ends included, or None."""
        if start not in self.links or goal not in self.links:
            return None
        came_from = {start: None}
        waiting = deque([start])
        while waiting:
            name = waiting.popleft()
            if name == goal:
                break
            for neighbour in self.links[name]:
                if neighbour not in came_from:
                    came_from[neighbour] = name
                    waiting.append(neighbour)
        if goal not in came_from:
            return None
        path = []
        name = goal
        while name is not None:
            path.append(name)
            name = came_from[name]
        path.reverse()
        return path

    def reachable(self, start):
        """All names that can be reached, sorted, without the start."""
        return sorted(name for name in self.links if name != start and self.path(start, name))
