// SPDX-License-Identifier: Apache-2.0
//! How many threads the model computes with on this machine.
//!
//! Hyper-threads of one core share its arithmetic units, so cores are counted,
//! not processors. From three cores on, one is left to the editor and the compiler.
//!
//! Source: the kernel's `Documentation/ABI/stable/sysfs-devices-system-cpu`,
//! `topology/core_cpus_list`; measurements in docs/models.md.

use std::collections::BTreeSet;
use std::path::Path;

use moat_base::Fs;

use crate::limits::PROCESSORS_MAX;

/// Gives the number of threads for [`crate::ServerSpec::threads`].
#[must_use]
pub fn threads(fs: &dyn Fs) -> u32 {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = cores(fs).unwrap_or(available).min(available);
    let threads = if cores > 2 { cores - 1 } else { cores };
    u32::try_from(threads.max(1)).unwrap_or(1)
}

/// Counts the cores; `None` when the kernel does not say.
fn cores(fs: &dyn Fs) -> Option<usize> {
    let mut cores = BTreeSet::new();
    for processor in 0..PROCESSORS_MAX {
        let path = format!("/sys/devices/system/cpu/cpu{processor}/topology/core_cpus_list");
        match fs.read(Path::new(&path), LIST_BYTES_MAX) {
            Ok(siblings) => cores.insert(siblings),
            Err(_) => break,
        };
    }
    (!cores.is_empty()).then_some(cores.len())
}

const LIST_BYTES_MAX: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use moat_base::{AppendFile, RealFs};

    use super::*;

    /// Two hyper-threads on each of `cores` cores.
    #[derive(Debug)]
    struct Machine {
        cores: usize,
    }

    impl Fs for Machine {
        fn read(&self, path: &Path, _: u64) -> io::Result<Vec<u8>> {
            let name = path.to_str().unwrap();
            let number = name.strip_prefix("/sys/devices/system/cpu/cpu").unwrap();
            let processor: usize = number.split('/').next().unwrap().parse().unwrap();
            if processor >= 2 * self.cores {
                return Err(io::ErrorKind::NotFound.into());
            }
            let core = processor % self.cores;
            Ok(format!("{core},{}\n", core + self.cores).into_bytes())
        }
        fn append(&self, _: &Path) -> io::Result<Box<dyn AppendFile>> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn replace(&self, _: &Path, _: &[u8]) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn create_dir_all(&self, _: &Path) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn remove(&self, _: &Path) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    #[test]
    fn hyper_threads_are_one_core() {
        assert_eq!(cores(&Machine { cores: 4 }), Some(4));
        assert_eq!(cores(&Machine { cores: 0 }), None);
    }

    #[test]
    fn this_machine_gets_at_least_one_thread_and_no_more_than_it_has() {
        let available = std::thread::available_parallelism().unwrap().get();
        for threads in [threads(&RealFs), threads(&Machine { cores: 64 })] {
            assert!((1..=available).contains(&usize::try_from(threads).unwrap()));
        }
    }
}
