//! Numbers that no two processes on one spool ever share.
//!
//! They are names in the directory `generation` of the spool: whoever creates a number exclusively, and finds no larger
//! one beside it afterwards, owns it. Smaller ones are then taken away.
//!
//! # Invariants
//! * The largest number is never taken away, so numbers only grow.
//! * A number is durable before it is used.
//!
//! # Failure
//! An error gives no number; the name that was made stays and is skipped by the next.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use crate::disk::Disk;

/// The directory of the names.
pub(crate) const DIRECTORY: &str = "generation";

/// Draws the next number. The directory exists.
pub(crate) fn draw(disk: &dyn Disk, mode: u32) -> io::Result<u64> {
    loop {
        let number = largest(disk)?.map_or(1, |largest| largest.saturating_add(1));
        match disk.create_new(&Path::new(DIRECTORY).join(number.to_string()), mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            result => drop(result?),
        }
        // Somebody may have drawn and taken away numbers between our look and our creation.
        if largest(disk)? == Some(number) {
            disk.sync_dir(Path::new(DIRECTORY))?;
            remove_below(disk, number);
            return Ok(number);
        }
    }
}

fn largest(disk: &dyn Disk) -> io::Result<Option<u64>> {
    let mut largest = None;
    disk.list(Path::new(DIRECTORY), &mut |name| {
        largest = largest.max(number_of(name));
        ControlFlow::Continue(())
    })?;
    Ok(largest)
}

fn remove_below(disk: &dyn Disk, number: u64) {
    let mut old = Vec::new();
    // What can't be removed now is removed by the next one to draw.
    let _ = disk.list(Path::new(DIRECTORY), &mut |name| {
        old.extend(number_of(name).filter(|found| *found < number));
        ControlFlow::Continue(())
    });
    for found in old {
        let _ = disk.unlink(&Path::new(DIRECTORY).join(found.to_string()));
    }
}

fn number_of(name: &[u8]) -> Option<u64> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{SimDisk, Survivors};
    use std::collections::HashSet;

    fn disk() -> SimDisk {
        let disk = SimDisk::new();
        disk.make_dir(Path::new(DIRECTORY), 0o750).unwrap();
        disk.sync_dir(Path::new("")).unwrap();
        disk
    }

    #[test]
    fn numbers_grow_and_leave_one_name() {
        let disk = disk();
        assert_eq!((1..=4).map(|_| draw(&disk, 0o640).unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(disk.files().len(), 1);
    }

    #[test]
    fn many_at_once_share_none() {
        let disk = disk();
        let drawn: Vec<u64> = std::thread::scope(|scope| {
            let draws = || (0..50).map(|_| draw(&disk, 0o640).unwrap()).collect::<Vec<_>>();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(draws)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 400);
    }

    #[test]
    fn a_power_cut_never_gives_a_number_back() {
        for survivors in [Survivors::Synced, Survivors::Everything, Survivors::Names] {
            for cut in 0..20 {
                let disk = disk();
                draw(&disk, 0o640).unwrap();
                disk.power_off_after(cut);
                let mut last = 1;
                while let Ok(number) = draw(&disk, 0o640) {
                    last = number;
                }
                disk.reboot(survivors);
                assert!(draw(&disk, 0o640).unwrap() > last, "cut after {cut}");
            }
        }
    }
}
