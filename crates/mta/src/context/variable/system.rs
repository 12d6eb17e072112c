//! Variables about the machine and the moment: time, load, free space, queue size.

use std::path::Path;

use expand::variable::Variable;
use mail_types::clock::Timestamp;
use mail_types::value::Value;
use mail_types::zone::{Zone, zulu};

use super::{Family, number};
use crate::context::Context;

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    if let Some(time) = time(variable, &context.zone, context.services.clock.now()) {
        return Some(Ok(Some(time)));
    }
    let process = &context.services.process;
    Some(Ok(match variable {
        Variable::LoadAverage => load_average().and_then(number),
        // Only the server knows; a command without one shows nothing.
        Variable::QueueSize => process.daemon.then(|| context.services.queue.size()).and_then(number),
        Variable::SpoolSpace => number(room(&process.spool_directory).0),
        Variable::SpoolInodes => number(room(&process.spool_directory).1),
        Variable::LogSpace => number(room(&process.log_directory).0),
        Variable::LogInodes => number(room(&process.log_directory).1),
        _ => return None,
    }))
}

fn time(variable: Variable, zone: &Zone, now: Timestamp) -> Option<Value> {
    Some(Value::clean(match variable {
        Variable::TodBsdinbox => zone.bsd_inbox(now),
        Variable::TodEpoch => now.secs().to_string(),
        Variable::TodEpochL => now.micros().to_string(),
        Variable::TodFull => zone.rfc5322(now),
        Variable::TodLog => zone.log(now),
        Variable::TodLogfile => zone.day(now),
        Variable::TodZone => zone.offset(now),
        Variable::TodZulu => zulu(now),
        _ => return None,
    }))
}

/// The one-minute load average times 1000; none where the system does not tell.
pub(crate) fn load_average() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let (whole, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 1000 + hundredths.parse::<u64>().ok()? * 10)
}

/// Free KiB for ordinary users, and free inodes; -1 where the file system does not tell or does not count.
pub(crate) fn room(directory: &Path) -> (i64, i64) {
    let Ok(fs) = rustix::fs::statvfs(directory) else { return (-1, -1) };
    let kib = i64::try_from(u128::from(fs.f_bavail) * u128::from(fs.f_frsize) / 1024).unwrap_or(i64::MAX);
    let inodes = if fs.f_files > 0 { i64::try_from(fs.f_favail).unwrap_or(i64::MAX) } else { -1 };
    (kib, inodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_does_not_tell_is_minus_one() {
        assert_eq!(room(Path::new("/no/such/directory")), (-1, -1));
        assert!(room(Path::new("/")).0 > 0);
    }
}
