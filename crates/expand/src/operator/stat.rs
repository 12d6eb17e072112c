//! `stat`.

use super::Call;
use crate::EvalError;
use crate::env::FileStatus;
use crate::eval::Machine;
use mail_types::value::Value;

pub(super) fn stat(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    let status = machine.env.files().status(call.bytes()).map_err(|error| {
        EvalError::failed(format!("stat({}) failed: {}", call.shown(), crate::system::error_text(&error)))
    })?;
    Ok(Value::clean(format!(
        "mode={:04o} smode={} inode={} device={} links={} uid={} gid={} size={} atime={} mtime={} ctime={}",
        status.mode & 0o77777,
        symbolic(&status),
        status.inode,
        status.device,
        status.links,
        status.uid,
        status.gid,
        status.size,
        status.atime,
        status.mtime,
        status.ctime
    )))
}

/// Ten characters, as `ls -l` shows them.
fn symbolic(status: &FileStatus) -> String {
    let kind = match status.mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o060_000 => 'b',
        0o020_000 => 'c',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let mut out = String::from(kind);
    for (shift, special, set, unset) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let bits = status.mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (status.mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}
