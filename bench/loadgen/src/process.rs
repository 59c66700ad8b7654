//! CPU time of the server, read from /proc. On a busy machine it tells more than the wall clock.

use std::collections::HashMap;
use std::fs;

/// The kernel reports CPU times to user space in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU used so far by these processes and all their descendants.
pub fn tree_cpu_seconds(roots: &[u32]) -> f64 {
    let processes: HashMap<u32, (u32, f64)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent_and_cpu(pid)?)))
        .collect();

    let belongs = |mut pid: u32| {
        loop {
            if roots.contains(&pid) {
                return true;
            }
            match processes.get(&pid) {
                Some((parent, _)) if *parent != 0 => pid = *parent,
                _ => return false,
            }
        }
    };
    processes.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, (_, cpu))| cpu).sum()
}

/// Seconds of CPU the whole machine has used so far.
pub fn machine_cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = numbers(stat.lines().next().unwrap_or_default());
    // user, nice, system, then idle and iowait, which are not work, then irq, softirq, steal.
    [0, 1, 2, 5, 6, 7].iter().filter_map(|i| fields.get(*i)).sum::<f64>() / TICKS_PER_SECOND
}

/// Parent pid, and CPU seconds including those of children that have ended.
fn parent_and_cpu(pid: u32) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything; what follows it is regular.
    let (_, rest) = stat.rsplit_once(')')?;
    let parent = rest.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let fields = numbers(rest);
    let cpu = fields.get(10..14)?.iter().sum::<f64>() / TICKS_PER_SECOND;
    Some((parent, cpu))
}

/// The numeric fields of a line; its first word is a label.
fn numbers(line: &str) -> Vec<f64> {
    line.split_ascii_whitespace().skip(1).map(|field| field.parse().unwrap_or(0.0)).collect()
}
