//! Dijkstra's algorithm over places with names.

use crate::heap::Heap;

/// Places and the roads between them.
#[derive(Debug, Default)]
pub struct Map {
    names: Vec<String>,
    roads: Vec<Vec<(usize, u64)>>,
}

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(index) = self.find(name) {
            return index;
        }
        self.names.push(name.to_string());
        self.roads.push(Vec::new());
        self.names.len() - 1
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Adds a road that can be used both ways.
    pub fn road(&mut self, from: &str, to: &str, length: u64) {
        let from = self.place(from);
        let to = self.place(to);
        self.roads[from].push((to, length));
        self.roads[to].push((from, length));
    }

    /// Adds a road that can only be used one way.
    pub fn one_way(&mut self, from: &str, to: &str, length: u64) {
        let from = self.place(from);
        let to = self.place(to);
        self.roads[from].push((to, length));
    }

    /// The length of the shortest route and the places on it.
    pub fn route(&self, from: &str, to: &str) -> Option<(u64, Vec<&str>)> {
        let start = self.find(from)?;
        let goal = self.find(to)?;
        let mut best = vec![u64::MAX; self.names.len()];
        let mut came_from = vec![None; self.names.len()];
        let mut heap = Heap::new();
        best[start] = 0;
        heap.push(0, start);
        while let Some((length, place)) = heap.pop() {
            if place == goal {
                break;
            }
            if length > best[place] {
                continue;
            }
            for &(next, road) in &self.roads[place] {
                let through = length + road;
                if through < best[next] {
                    best[next] = through;
                    came_from[next] = Some(place);
                    heap.push(through, next);
                }
            }
        }
        if best[goal] == u64::MAX {
            return None;
        }
        Some((best[goal], self.trace(&came_from, goal)))
    }

    fn trace(&self, came_from: &[Option<usize>], goal: usize) -> Vec<&str> {
        let mut places = vec![self.names[goal].as_str()];
        let mut place = goal;
        while let Some(before) = came_from[place] {
            places.push(self.names[before].as_str());
            place = before;
        }
        places.reverse();
        places
    }
}
