// SPDX-License-Identifier: Apache-2.0
//! Puts the workspace's own path in the place of the copy's, in what a command prints.
//!
//! Where the tree is a copy, programs know it by the copy's path. A person, the model
//! and what reads reports know the workspace's.
//!
//! Invariant: bytes that are not the copy's path come through as they are, in order.

use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::{OutputSink, Stream};

/// A path and what stands in its place.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

/// A sink that hands on what it is given with paths replaced.
pub(crate) struct Rewriter<'a> {
    sink: &'a mut dyn OutputSink,
    mapping: Option<&'a Mapping>,
    /// Of each stream, the end of what came, as long as it may be the beginning of the path.
    held: [Vec<u8>; 2],
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(sink: &'a mut dyn OutputSink, mapping: Option<&'a Mapping>) -> Self {
        Self { sink, mapping, held: [Vec::new(), Vec::new()] }
    }

    /// Hands on what is held back. No more comes.
    pub(crate) fn finish(self) {
        for (held, stream) in self.held.iter().zip([Stream::Output, Stream::Error]) {
            if !held.is_empty() {
                self.sink.output(stream, held);
            }
        }
    }
}

impl OutputSink for Rewriter<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(mapping) = self.mapping else {
            return self.sink.output(stream, bytes);
        };
        let [output, error] = &mut self.held;
        let held = match stream {
            Stream::Output => output,
            Stream::Error => error,
        };
        let mut text = std::mem::take(held);
        text.extend_from_slice(bytes);
        let (from, to) = (mapping.from.as_os_str().as_bytes(), mapping.to.as_os_str().as_bytes());
        let mut ready = Vec::with_capacity(text.len());
        let mut rest = text.as_slice();
        while let Some(first) = rest.first() {
            if rest.starts_with(from) {
                ready.extend_from_slice(to);
                rest = rest.get(from.len()..).unwrap_or_default();
            } else if from.starts_with(rest) {
                *held = rest.to_vec();
                break;
            } else {
                ready.push(*first);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        if !ready.is_empty() {
            self.sink.output(stream, &ready);
        }
    }

    fn listener(&mut self, listener: TcpListener) {
        self.sink.listener(listener);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Collected;

    #[test]
    fn the_path_is_replaced_wherever_the_output_is_cut() {
        let mapping = Mapping { from: "/s/upper".into(), to: "/home/u/p".into() };
        let text = "/s/uppe /s/upper/a.py:1 /s/s/upper\n/s/up";
        let expected = "/s/uppe /home/u/p/a.py:1 /s/home/u/p\n/s/up";
        for size in 1..text.len() {
            let mut collected = Collected::default();
            let mut rewriter = Rewriter::new(&mut collected, Some(&mapping));
            for piece in text.as_bytes().chunks(size) {
                rewriter.output(Stream::Output, piece);
                rewriter.output(Stream::Error, b"x");
            }
            rewriter.finish();
            assert_eq!(String::from_utf8(collected.output).unwrap(), expected, "{size}");
            assert_eq!(collected.error.len(), text.len().div_ceil(size));
        }
    }

    #[test]
    fn without_a_copy_nothing_is_changed_or_held() {
        let mut collected = Collected::default();
        Rewriter::new(&mut collected, None).output(Stream::Error, b"/s/up");
        assert_eq!(collected.error, b"/s/up");
    }
}
