//! CPU and memory of a whole process tree, by a control group (version 1 or 2).

use std::fs;
use std::path::{Path, PathBuf};

/// A control group for one server.
#[derive(Debug)]
pub(super) struct Cgroup {
    cpu: PathBuf,
    memory: PathBuf,
    unified: bool,
}

impl Cgroup {
    /// A fresh group.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let base = Path::new("/sys/fs/cgroup");
        let unified = base.join("cgroup.controllers").exists();
        let name = format!("postrider-bench-{name}-{}", std::process::id());
        let (cpu, memory) = if unified {
            (base.join(&name), base.join(&name))
        } else {
            (base.join("cpuacct").join(&name), base.join("memory").join(&name))
        };
        for folder in [&cpu, &memory] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        Ok(Self { cpu, memory, unified })
    }

    /// The files to which a process writes its pid to join.
    pub(super) fn doors(&self) -> [PathBuf; 2] {
        [self.cpu.join("cgroup.procs"), self.memory.join("cgroup.procs")]
    }

    /// CPU seconds so far, user and system.
    pub(super) fn cpu_seconds(&self) -> f64 {
        if self.unified {
            let stat = fs::read_to_string(self.cpu.join("cpu.stat")).unwrap_or_default();
            let usage = stat.lines().find_map(|l| l.strip_prefix("usage_usec "));
            return usage.and_then(|v| v.parse::<f64>().ok()).unwrap_or_default() / 1e6;
        }
        let usage = fs::read_to_string(self.cpu.join("cpuacct.usage")).unwrap_or_default();
        usage.trim().parse::<f64>().unwrap_or_default() / 1e9
    }

    /// The file that lists the processes now in the group.
    pub(super) fn process_list(&self) -> PathBuf {
        self.cpu.join("cgroup.procs")
    }

    /// The processes now in the group.
    pub(super) fn processes(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.process_list()).unwrap_or_default();
        text.lines().filter_map(|l| l.parse().ok()).collect()
    }

    /// Memory of all processes now, shared pages counted once (proportional set size).
    pub(super) fn resident_bytes(&self) -> u64 {
        self.processes().into_iter().map(proportional_bytes).sum()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // A group with a process left in it stays; that is a leftover of the kernel's bookkeeping, not of ours.
        drop(fs::remove_dir(&self.cpu));
        drop(fs::remove_dir(&self.memory));
    }
}

fn proportional_bytes(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("Pss:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or_default() * 1024
}
