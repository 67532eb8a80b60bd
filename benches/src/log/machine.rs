//! What it was measured on, in a sentence.

use std::path::Path;

/// Processor, kernel, file system and how busy the machine is.
pub fn describe(dir: &Path) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let mut models = cpus.lines().filter(|l| l.starts_with("model name")).filter_map(|l| l.split_once(": "));
    let model = models.next().map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    let mounts = read("/proc/self/mounts");
    let (device, system) = mount_of(&mounts, dir).unwrap_or(("unknown device", "unknown file system"));
    format!("{model}, {cores} cores, Linux {}, {system} on {device}, load {load} at the start.", kernel.trim())
}

/// Device and type of the file system that a folder is on: of the longest mount point above it.
fn mount_of<'a>(mounts: &'a str, dir: &Path) -> Option<(&'a str, &'a str)> {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let entries = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    let above = entries.filter(|(_, point, _)| dir.starts_with(point));
    above.max_by_key(|(_, point, _)| point.len()).map(|(device, _, system)| (device, system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_above_a_folder_is_its_own() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmpdata xfs rw 0 0\n";
        assert_eq!(mount_of(mounts, Path::new("/tmp/nothing-here/x")), Some(("tmpfs", "tmpfs")));
        assert_eq!(mount_of(mounts, Path::new("/nothing-here")), Some(("/dev/vda", "ext4")));
        assert_eq!(mount_of("", Path::new("/nothing-here")), None);
    }
}
