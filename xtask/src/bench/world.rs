//! A mount namespace with the users, the configuration paths and the `resolv.conf` that the three servers need.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Recipients, each with a uid of his own.
pub(super) const RECIPIENTS: usize = 20;
/// Uid of the first recipient.
pub(super) const FIRST_UID: u32 = 20_001;
const POSTFIX_ID: u32 = 20_100;
const POSTDROP_ID: u32 = 20_101;
const INSIDE: &str = "POSTRIDER_BENCH_INSIDE";

/// Whether this is the program that was started again inside its namespace.
pub(super) fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Unpacks Postfix below `postfix` and re-executes the program inside its namespace.
///
/// # Errors
/// Not root, or a tool is missing.
pub(super) fn enter(postfix: &Path) -> Result<(), String> {
    if is_inside() {
        return Ok(());
    }
    unpack_postfix(postfix)?;
    let etc = postfix.with_file_name("etc");
    fs::create_dir_all(&etc).map_err(|e| format!("{}: {e}", etc.display()))?;
    let (mut passwd, mut group) = (read("/etc/passwd")?, read("/etc/group")?);
    for n in 0..RECIPIENTS as u32 {
        let id = FIRST_UID + n;
        let _ = writeln!(
            passwd,
            "bench{n:02}:x:{id}:{id}::{}/home/bench{n:02}:/bin/sh",
            postfix.with_file_name("disk").display()
        );
        let _ = writeln!(group, "bench{n:02}:x:{id}:");
    }
    let _ = writeln!(passwd, "postfix:x:{POSTFIX_ID}:{POSTFIX_ID}::/nonexistent:/bin/false");
    let _ = writeln!(group, "postfix:x:{POSTFIX_ID}:\npostdrop:x:{POSTDROP_ID}:");
    for (name, text) in
        [("passwd", passwd), ("group", group), ("resolv.conf", "nameserver 127.0.0.1\n".to_owned())]
    {
        fs::write(etc.join(name), text).map_err(|e| format!("{name}: {e}"))?;
    }
    // Postfix's programs look for their libraries at Debian's path, and its master hands on a clean environment.
    let overlay =
        format!("mount -t overlay overlay -o lowerdir={}/usr/lib:/usr/lib /usr/lib", postfix.display());
    let setup = "ip link set lo up && mount --bind \"$1/passwd\" /etc/passwd && mount --bind \"$1/group\" /etc/group && \
                 mount --bind \"$1/resolv.conf\" /etc/resolv.conf && mount -t tmpfs none /etc/exim4 && \
                 shift && eval \"$1\" && shift && exec \"$0\" \"$@\"";
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let error = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "sh", "-c", setup])
        .arg(program)
        .arg(&etc)
        .arg(overlay)
        .args(env::args().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(format!("cannot enter namespaces (root and util-linux are needed): {error}"))
}

/// The folder in which servers work; refused on a memory file system.
///
/// # Errors
/// It cannot be made, or stands on a tmpfs.
pub(super) fn work_folder() -> Result<PathBuf, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    let place = target.join("bench");
    fs::create_dir_all(&place).map_err(|e| format!("{}: {e}", place.display()))?;
    let kind =
        Command::new("stat").args(["-f", "-c", "%T"]).arg(&place).output().map_err(|e| e.to_string())?;
    if kind.stdout.starts_with(b"tmpfs") {
        return Err(format!(
            "{} is a memory file system; a benchmark of durable mail needs a disk",
            place.display()
        ));
    }
    Ok(place)
}

fn unpack_postfix(postfix: &Path) -> Result<(), String> {
    if postfix.join("usr/sbin/smtp-source").exists() {
        return Ok(());
    }
    fs::create_dir_all(postfix).map_err(|e| format!("{}: {e}", postfix.display()))?;
    // Debian's package conflicts with Exim's; it is unpacked, not installed.
    let fetch = Command::new("apt-get").args(["download", "-q", "postfix"]).current_dir(postfix).status();
    if !fetch.is_ok_and(|s| s.success()) {
        return Err("apt-get download postfix failed (run apt-get update first)".to_owned());
    }
    let unpack = Command::new("sh").args(["-c", "dpkg -x postfix_*.deb ."]).current_dir(postfix).status();
    if unpack.is_ok_and(|s| s.success()) { Ok(()) } else { Err("cannot unpack Postfix's package".to_owned()) }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))
}
