// SPDX-License-Identifier: Apache-2.0
//! The work that waits, for a few threads.
//!
//! The last that came is done first, so that the depth of a tree and not its width waits.
//!
//! Invariant: what waits is bounded; a thread that finds more than there is room for is told so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::limits::{WAITING_CHUNKS_MAX, WAITING_DIRECTORIES_MAX};

/// What waits.
#[derive(Debug)]
pub(crate) struct Queue<Directory, Chunk> {
    state: Mutex<State<Directory, Chunk>>,
    news: Condvar,
}

#[derive(Debug)]
struct State<Directory, Chunk> {
    directories: Vec<Directory>,
    chunks: Vec<Chunk>,
    busy: usize,
}

/// A piece of work.
#[derive(Debug)]
pub(crate) enum Job<Directory, Chunk> {
    Directory(Directory),
    Chunk(Chunk),
}

/// Says at its end that its thread waits for work again, also when the thread fails.
#[derive(Debug)]
pub(crate) struct Busy<'queue, Directory, Chunk>(&'queue Queue<Directory, Chunk>);

impl<Directory, Chunk> Queue<Directory, Chunk> {
    pub(crate) fn of(first: Directory) -> Self {
        let state = State { directories: vec![first], chunks: Vec::new(), busy: 0 };
        Self { state: Mutex::new(state), news: Condvar::new() }
    }

    /// Waits for work; `None` when all is done or somebody stopped it.
    pub(crate) fn next(
        &self,
        stop: &AtomicBool,
    ) -> Option<(Job<Directory, Chunk>, Busy<'_, Directory, Chunk>)> {
        let mut state = self.lock();
        loop {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            // Files first: they are what takes room.
            let job = state.chunks.pop().map(Job::Chunk);
            if let Some(job) = job.or_else(|| state.directories.pop().map(Job::Directory)) {
                state.busy += 1;
                return Some((job, Busy(self)));
            }
            if state.busy == 0 {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds files to read; gives them back when too many wait.
    pub(crate) fn chunk(&self, chunk: Chunk) -> Result<(), Chunk> {
        let mut state = self.lock();
        if state.chunks.len() >= WAITING_CHUNKS_MAX {
            return Err(chunk);
        }
        state.chunks.push(chunk);
        self.news.notify_one();
        Ok(())
    }

    /// Adds a directory; gives it back when too many wait.
    pub(crate) fn directory(&self, directory: Directory) -> Result<(), Directory> {
        let mut state = self.lock();
        if state.directories.len() >= WAITING_DIRECTORIES_MAX {
            return Err(directory);
        }
        state.directories.push(directory);
        self.news.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State<Directory, Chunk>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Directory, Chunk> Drop for Busy<'_, Directory, Chunk> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy -= 1;
        if state.busy == 0 {
            self.0.news.notify_all();
        }
    }
}
