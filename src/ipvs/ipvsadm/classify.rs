//! What the failure of an `ipvsadm` means. It has three exit statuses: 1 when it could not list, 2 when it would not
//! even try (its usage, or no IPVS at all), and 255 when the kernel refused; the rest is in its words.

use crate::{
    child::{ChildError, Finished},
    ipvs::IpvsError,
};

/// The exit status with which a line of `--restore` ends the whole program, so that the lines after it are not tried.
const GAVE_UP: i32 = 2;

/// It ended, and did not succeed.
pub(super) fn failure(finished: &Finished) -> IpvsError {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    // It may come after what modprobe said, and is followed by a question that names no cause.
    let uninitialized = stderr.lines().find(|line| line.starts_with("Can't initialize ipvs"));
    let words = uninitialized.map_or_else(|| summary(&stderr), str::to_owned);
    if words.contains("you must be root") || words.contains("Operation not permitted") {
        IpvsError::NotPermitted { words }
    } else if uninitialized.is_some() {
        IpvsError::NoKernelSupport { words }
    } else {
        IpvsError::Failed { status: finished.status.to_string(), words }
    }
}

/// It did not run to an end of its own.
pub(super) fn not_run(error: ChildError) -> IpvsError {
    match error {
        ChildError::NotFound { program } => IpvsError::Missing { looked: program },
        ChildError::TimedOut(deadline) => IpvsError::Hung(deadline),
        ChildError::NotPermitted { .. } | ChildError::Spawn { .. } => IpvsError::Spawn(error.to_string()),
    }
}

/// Whether this is the answer to a question for a service that is not there, rather than a failure.
pub(super) fn is_absent(finished: &Finished) -> bool {
    finished.status.code() == Some(1) && finished.stderr.trim_ascii() == b"No such service"
}

/// Whether a batch was given up in the middle, because of a line that `ipvsadm` itself would not accept.
pub(super) fn gave_up(finished: &Finished) -> bool {
    finished.status.code() == Some(GAVE_UP) && matches!(failure(finished), IpvsError::Failed { .. })
}

/// Whether lines of a batch failed though the exit status, which is the last line's, is success.
pub(super) fn grumbled(finished: &Finished) -> bool {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    stderr.lines().any(|line| !line.trim().is_empty() && !is_remark(line))
}

/// What it says on standard error without anything having failed: its version check, which takes three lines.
fn is_remark(line: &str) -> bool {
    line.starts_with("Warning:")
        || line.starts_with("  Kernel compiled with IPVS")
        || line.starts_with("  ipvsadm ") && line.contains("requires minimum")
}

/// The first of its words, on one line.
fn summary(stderr: &str) -> String {
    const LINES: usize = 3;
    const CHARS: usize = 300;
    let mut lines: Vec<&str> = Vec::new();
    for line in stderr.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // Of a batch, a thousand lines may have failed in one way.
        if !lines.contains(&line) {
            lines.push(line);
        }
        if lines.len() == LINES {
            break;
        }
    }
    if lines.is_empty() {
        return "it said nothing".to_owned();
    }
    lines.join("; ").chars().take(CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

    use super::*;

    fn finished(code: i32, stderr: &str) -> Finished {
        Finished {
            status: ExitStatus::from_raw(code << 8),
            stdout: Vec::new(),
            stderr: stderr.into(),
            truncated: false,
        }
    }

    const BUILT_IN: &str = "Are you sure that IP Virtual Server is built in the kernel or as module?\n";

    #[test]
    fn a_kernel_without_ipvs() {
        for cause in ["Protocol not available", "Invalid argument", "Protocol wrong type for socket"] {
            let said = format!("modprobe: FATAL: no ip_vs\nCan't initialize ipvs: {cause}\n{BUILT_IN}");
            let error = failure(&finished(2, &said));
            assert!(
                matches!(&error, IpvsError::NoKernelSupport { words } if words.ends_with(cause)),
                "{error}"
            );
            assert!(!gave_up(&finished(2, &said)));
        }
    }

    #[test]
    fn no_right_to_it() {
        let said = format!("Can't initialize ipvs: Permission denied (you must be root)\n{BUILT_IN}");
        assert!(matches!(failure(&finished(2, &said)), IpvsError::NotPermitted { .. }));
        assert!(matches!(
            failure(&finished(255, "Permission denied (you must be root)\n")),
            IpvsError::NotPermitted { .. }
        ));
    }

    #[test]
    fn refusals_of_the_kernel() {
        let said = "Service already exists\nService already exists\nNo such destination\n";
        let IpvsError::Failed { status, words } = failure(&finished(255, said)) else { panic!() };
        assert_eq!(
            (status.as_str(), words.as_str()),
            ("exit status: 255", "Service already exists; No such destination")
        );
    }

    #[test]
    fn an_end_without_words_and_one_by_a_signal() {
        let mut killed = finished(0, "");
        killed.status = ExitStatus::from_raw(9);
        let IpvsError::Failed { status, words } = failure(&killed) else { panic!() };
        assert!(status.contains("SIGKILL"), "{status}");
        assert_eq!(words, "it said nothing");
    }

    #[test]
    fn what_is_absent_is_no_failure_and_only_when_listed() {
        assert!(is_absent(&finished(1, "No such service\n")));
        assert!(!is_absent(&finished(255, "No such service\n")));
        assert!(!is_absent(&finished(1, "Permission denied (you must be root)\n")));
    }

    #[test]
    fn a_batch_that_was_given_up_or_half_failed() {
        assert!(gave_up(&finished(2, "Zero port specified for non-persistent service\n")));
        assert!(!gave_up(&finished(255, "No such service\n")));
        assert!(grumbled(&finished(0, "No such service\n")));
        assert!(!grumbled(&finished(0, "")));
        let warning = "Warning: IPVS version mismatch: \n  Kernel compiled with IPVS version 1.1.7\n  \
                       ipvsadm v1.31 requires minimum IPVS version 1.1.4\n\n";
        assert!(!grumbled(&finished(0, warning)));
    }

    #[test]
    fn programs_that_did_not_run() {
        let program = || "ipvsadm".to_owned();
        let deadline = Duration::from_secs(10);
        assert!(matches!(not_run(ChildError::NotFound { program: program() }), IpvsError::Missing { .. }));
        assert!(matches!(not_run(ChildError::NotPermitted { program: program() }), IpvsError::Spawn(_)));
        let error = std::io::Error::other("no memory");
        assert!(matches!(not_run(ChildError::Spawn { program: program(), error }), IpvsError::Spawn(_)));
        assert_eq!(not_run(ChildError::TimedOut(deadline)), IpvsError::Hung(deadline));
    }
}
