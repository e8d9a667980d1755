// SPDX-License-Identifier: Apache-2.0
//! Programs that take what there is: memory in each of its kinds, disk, descriptors.
//!
//! Each takes `target` MiB or pieces, says `took` when it has them, and waits. One
//! that is told to stop before ends with the error.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// Runs the load `name`; `None` when there is no such one.
pub(super) fn load(name: &str, target: &str) -> Option<io::Result<()>> {
    let amount = target.parse::<usize>().unwrap_or(0);
    let take: fn(usize) -> io::Result<()> = match name {
        "take-memory" => memory,
        "take-memory-in-parts" => memory_in_parts,
        "take-memory-file" => memory_file,
        "take-memory-file-hidden" => hidden_memory_file,
        "take-memory-file-mapped" => mapped_memory_file,
        "take-memory-on-its-way" => memory_on_its_way,
        "take-processes" => many_processes,
        "take-shared-memory" => shared_memory,
        "take-system-v" => system_v,
        "take-private-files" => private_files,
        "share-memory" => share_memory,
        "take-disk" => disk,
        "take-removed-disk" => removed_disk,
        "take-mapped-disk" => mapped_disk,
        "take-closed-disk" => closed_disk,
        "take-deep-disk" => deep_disk,
        "take-moving-disk" => moving_disk,
        "take-files" => files,
        "take-descriptors" => descriptors,
        "take-processor" => processor,
        "take-file" => file,
        "reserve-disk" => reserve_disk,
        "reserve-memory" => reserve_memory,
        "give-back" => give_back,
        _ => return None,
    };
    Some(take(amount))
}

/// Says that all was taken and waits for the end; what was taken is still held.
fn took<T>(what: T) -> io::Result<()> {
    println!("took");
    io::stdout().flush()?;
    hold(what)
}

fn hold<T>(what: T) -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
        std::hint::black_box(&what);
    }
}

/// Memory in which every page was written to.
fn touched(mib: usize) -> Vec<u8> {
    let mut bytes = vec![0_u8; mib << 20];
    for page in bytes.chunks_mut(4096) {
        if let Some(first) = page.first_mut() {
            *first = 1;
        }
    }
    bytes
}

fn memory(mib: usize) -> io::Result<()> {
    took(touched(mib))
}

/// Starts `count` children that each make something and hold it; waits until all have.
fn children<T>(count: usize, make: impl Fn() -> T) -> io::Result<()> {
    let (mut made, says) = io::pipe()?;
    for _ in 0..count {
        // SAFETY: this program has one thread.
        match unsafe { libc::fork() } {
            0 => {
                let what = make();
                (&says).write_all(b"x")?;
                hold(what);
            }
            ..0 => return Err(io::Error::last_os_error()),
            _ => {}
        }
    }
    made.read_exact(&mut vec![0; count])
}

/// Eight processes with an eighth each.
fn memory_in_parts(mib: usize) -> io::Result<()> {
    children(8, || touched(mib / 8))?;
    took(())
}

/// Eight processes that have the same memory, which counts once.
fn share_memory(mib: usize) -> io::Result<()> {
    let shared = touched(mib);
    children(8, || ())?;
    took(shared)
}

fn new_memory_file(mib: usize) -> io::Result<OwnedFd> {
    // SAFETY: the name outlives the call, and the descriptor is ours alone.
    let mut file = unsafe {
        let fd = libc::memfd_create(c"load".as_ptr(), 0);
        fs::File::from(OwnedFd::from_raw_fd(fd))
    };
    fill(&mut file, mib)?;
    Ok(file.into())
}

fn fill(file: &mut fs::File, mib: usize) -> io::Result<()> {
    let piece = vec![1_u8; 1 << 20];
    (0..mib).try_for_each(|_| file.write_all(&piece))
}

/// Memory that no process has mapped: each of eight files with an eighth.
fn memory_file(mib: usize) -> io::Result<()> {
    let files: io::Result<Vec<_>> = (0..8).map(|_| new_memory_file(mib / 8)).collect();
    took(files?)
}

/// The same in a process that does not show its descriptors.
fn hidden_memory_file(mib: usize) -> io::Result<()> {
    // SAFETY: plain numbers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    memory_file(mib)
}

/// Memory files that are only on their way through a socket: in no process's list.
fn memory_on_its_way(mib: usize) -> io::Result<()> {
    let (here, there) = std::os::unix::net::UnixStream::pair()?;
    for _ in 0..8 {
        send(&here, &new_memory_file(mib / 8)?)?;
    }
    took((here, there))
}

/// Sends a descriptor, which nobody takes.
fn send(socket: &std::os::unix::net::UnixStream, file: &OwnedFd) -> io::Result<()> {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files = [std::os::fd::AsFd::as_fd(file)];
    control.push(SendAncillaryMessage::ScmRights(&files));
    let text = [io::IoSlice::new(b"x")];
    rustix::net::sendmsg(socket, &text, &mut control, SendFlags::empty())?;
    Ok(())
}

/// So many processes that only wait.
fn many_processes(count: usize) -> io::Result<()> {
    children(count, || ())?;
    took(())
}

/// Memory that is mapped shared and has no name and no descriptor.
fn shared_memory(mib: usize) -> io::Result<()> {
    let length = mib << 20;
    // SAFETY: a new mapping of our own, written within its bounds.
    unsafe {
        let (read_write, shared) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        let at = libc::mmap(std::ptr::null_mut(), length, read_write, shared, -1, 0);
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        for page in (0..length).step_by(4096) {
            at.cast::<u8>().add(page).write_volatile(1);
        }
    }
    took(())
}

/// A segment that is written to and then held by nobody.
fn system_v(mib: usize) -> io::Result<()> {
    let length = mib << 20;
    // SAFETY: a new segment of our own, written within its bounds.
    unsafe {
        let segment = libc::shmget(libc::IPC_PRIVATE, length, libc::IPC_CREAT | 0o600);
        let at = libc::shmat(segment, std::ptr::null(), 0);
        if segment < 0 || at as isize == -1 {
            return Err(io::Error::last_os_error());
        }
        for page in (0..length).step_by(4096) {
            at.cast::<u8>().add(page).write_volatile(1);
        }
        libc::shmdt(at);
    }
    took(())
}

/// Files in the private file systems, which are memory.
fn private_files(mib: usize) -> io::Result<()> {
    for place in ["/tmp", "/dev/shm", "/var/tmp", "/run"] {
        // A place that is full is left for the next.
        let _full = fill(&mut fs::File::create(format!("{place}/load"))?, mib);
    }
    took(())
}

/// Many files of 8 MiB.
fn disk(mib: usize) -> io::Result<()> {
    fs::create_dir_all("load")?;
    for number in 0..mib.div_ceil(8) {
        fill(&mut fs::File::create(format!("load/{number}"))?, 8)?;
    }
    took(())
}

/// Files that are removed while they are held.
fn removed_disk(mib: usize) -> io::Result<()> {
    let mut held = Vec::new();
    for _ in 0..mib.div_ceil(8) {
        let mut file = fs::File::create("removed")?;
        fs::remove_file("removed")?;
        fill(&mut file, 8)?;
        held.push(file);
    }
    took(held)
}

/// Removed files that are held by mappings, and by no descriptor.
fn mapped_disk(mib: usize) -> io::Result<()> {
    for _ in 0..mib.div_ceil(8) {
        let mut file = fs::File::options();
        let mut file = file.read(true).write(true).create_new(true).open("mapped")?;
        fs::remove_file("mapped")?;
        fill(&mut file, 8)?;
        map(&file, 8)?;
    }
    took(())
}

/// The same of memory files: no page of them is in any process.
fn mapped_memory_file(mib: usize) -> io::Result<()> {
    for _ in 0..mib.div_ceil(8) {
        map(&fs::File::from(new_memory_file(8)?), 8)?;
    }
    took(())
}

fn map(file: &fs::File, mib: usize) -> io::Result<()> {
    // SAFETY: a new mapping, which is not looked at.
    let at = unsafe {
        let (kind, fd) = (libc::MAP_SHARED, file.as_raw_fd());
        libc::mmap(std::ptr::null_mut(), mib << 20, libc::PROT_NONE, kind, fd, 0)
    };
    if at == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Files in a directory that nobody may look into.
fn closed_disk(mib: usize) -> io::Result<()> {
    fs::create_dir_all("closed/deep")?;
    std::env::set_current_dir("closed/deep")?;
    fs::set_permissions("..", std::os::unix::fs::PermissionsExt::from_mode(0o000))?;
    disk(mib)
}

/// A file deeper than anybody looks, that grows slowly.
fn deep_disk(mib: usize) -> io::Result<()> {
    for _ in 0..300 {
        fs::create_dir("deep")?;
        std::env::set_current_dir("deep")?;
    }
    grow(&mut fs::File::create("file")?, mib)?;
    took(())
}

/// A file that grows slowly in a directory that has another name at each moment.
fn moving_disk(mib: usize) -> io::Result<()> {
    fs::create_dir("others")?;
    for number in 0..200 {
        fs::File::create(format!("others/{number}"))?;
    }
    fs::create_dir("name")?;
    let mut file = fs::File::create("name/file")?;
    // SAFETY: this program has one thread.
    if unsafe { libc::fork() } == 0 {
        let mut name = "name".to_owned();
        for number in 0_u64.. {
            let next = format!("name{number}");
            fs::rename(&name, &next)?;
            name = next;
        }
    }
    grow(&mut file, mib)?;
    took(())
}

/// Writes a MiB at a time, each as far as the disk, so that a walk comes for every few.
fn grow(file: &mut fs::File, mib: usize) -> io::Result<()> {
    for _ in 0..mib {
        fill(file, 1)?;
        file.sync_all()?;
    }
    Ok(())
}

/// One long file.
fn file(mib: usize) -> io::Result<()> {
    fill(&mut fs::File::create("long")?, mib)?;
    took(())
}

/// Empty files, a thousand in each directory.
fn files(count: usize) -> io::Result<()> {
    for number in 0..count {
        let directory = format!("many/{}", number / 1000);
        if number % 1000 == 0 {
            fs::create_dir_all(&directory)?;
        }
        fs::File::create(format!("{directory}/{number}"))?;
    }
    took(())
}

/// Open files, until no more are given.
fn descriptors(count: usize) -> io::Result<()> {
    let held: io::Result<Vec<_>> = (0..count).map(|_| fs::File::open("/dev/null")).collect();
    took(held?)
}

/// Several processes that compute without end.
fn processor(count: usize) -> io::Result<()> {
    for _ in 1..count {
        // SAFETY: this program has one thread.
        if unsafe { libc::fork() } == 0 {
            break;
        }
    }
    loop {
        std::hint::spin_loop();
    }
}

/// Has a file of so many MiB without writing it.
fn reserve_disk(mib: usize) -> io::Result<()> {
    allocate(&fs::File::create("reserved")?, 0, mib)
}

/// The same in memory.
fn reserve_memory(mib: usize) -> io::Result<()> {
    allocate(&fs::File::from(new_memory_file(0)?), 0, mib)
}

/// Makes a hole in a file that was written.
fn give_back(mib: usize) -> io::Result<()> {
    let mut file = fs::File::create("written")?;
    fill(&mut file, mib)?;
    allocate(&file, libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE, mib)?;
    let left = std::os::unix::fs::MetadataExt::blocks(&file.metadata()?);
    if left == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EIO)) }
}

fn allocate(file: &fs::File, mode: i32, mib: usize) -> io::Result<()> {
    let length = i64::try_from(mib << 20).map_err(io::Error::other)?;
    // SAFETY: plain numbers.
    let result = unsafe { libc::fallocate(file.as_raw_fd(), mode, 0, length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
