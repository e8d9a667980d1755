// SPDX-License-Identifier: Apache-2.0
//! Weights from a file or a directory on this machine, for example a mounted disk.

use std::path::Path;

use moat_base::Links;

use super::entry::Entry;
use super::error::Setback;
use super::partial::Partial;
use super::progress::Meter;
use super::store::Doors;

/// Fills `partial` from `place`: the file itself, or a directory that has it under
/// its sha256 or its own name.
pub(super) fn copy(
    doors: &Doors,
    place: &Path,
    entry: &Entry,
    partial: &mut Partial<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Setback> {
    let places = [place.to_owned(), place.join(&entry.sha256), place.join(&entry.file)];
    let mut reason = "the file is not there".to_owned();
    for path in places {
        let stamp = match doors.depot.stamp(&path, Links::Follow) {
            Ok(Some(stamp)) => stamp,
            Ok(None) => continue,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::InvalidInput | std::io::ErrorKind::NotADirectory
                ) =>
            {
                continue;
            }
            Err(error) => {
                reason = format!("`{}`: {error}", path.display());
                continue;
            }
        };
        if stamp.length_bytes != entry.size {
            reason = format!(
                "`{}` has {} bytes, and {} are needed",
                path.display(),
                stamp.length_bytes,
                entry.size
            );
            continue;
        }
        let mut file = doors
            .depot
            .open(&path, Links::Follow)
            .map_err(|error| Setback::source(format!("`{}`: {error}", path.display())))?;
        partial.cut(0)?;
        let size = partial.size();
        return partial.fill(&mut file, size, &mut |done| meter.at(done, size));
    }
    Err(Setback::Source(reason))
}
