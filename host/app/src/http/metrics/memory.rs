//! How much memory the program holds, as the system says.
//! Where the system does not say it this way, there is no such number.

/// Bytes that are resident: Linux tells them in `/proc`.
pub(super) fn resident_bytes() -> Option<u64> {
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::resident_in;

    #[test]
    fn the_resident_size_is_found_among_the_other_lines() {
        assert_eq!(resident_in("Name:\tprocession\nVmRSS:\t   12345 kB\nThreads:\t4\n"), Some(12_345 * 1_024));
        assert_eq!(resident_in("Name:\tprocession\n"), None);
    }
}
