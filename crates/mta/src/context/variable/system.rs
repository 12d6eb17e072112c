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
        Variable::SpoolSpace => number(space_kib(&process.spool_directory)),
        Variable::SpoolInodes => number(inodes(&process.spool_directory)),
        Variable::LogSpace => number(space_kib(&process.log_directory)),
        Variable::LogInodes => number(inodes(&process.log_directory)),
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

/// Free KiB for ordinary users; -1 where the file system does not tell.
pub(crate) fn space_kib(directory: &Path) -> i64 {
    rustix::fs::statvfs(directory).map_or(-1, |fs| {
        i64::try_from(u128::from(fs.f_bavail) * u128::from(fs.f_frsize) / 1024).unwrap_or(i64::MAX)
    })
}

/// Free inodes; -1 where the file system does not tell or does not count them.
pub(crate) fn inodes(directory: &Path) -> i64 {
    match rustix::fs::statvfs(directory) {
        Ok(fs) if fs.f_files > 0 => i64::try_from(fs.f_favail).unwrap_or(i64::MAX),
        _ => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_does_not_tell_is_minus_one() {
        assert_eq!(space_kib(Path::new("/no/such/directory")), -1);
        assert_eq!(inodes(Path::new("/no/such/directory")), -1);
        assert!(space_kib(Path::new("/")) > 0);
    }
}
