//! Where the servers live: a network without a way out, processes that end together, mounts that nobody else sees.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitCode},
};

/// The word by which this program knows that it is inside.
pub(crate) const INSIDE: &str = "--inside";

/// The root with the servers, in there; what they write into it is kept in memory. It is on `/run`, where nobody's work is.
pub(crate) const ROOT: &str = "/run/root";

/// What the first process does. Everything ends with it: it waits for this program, and for signals.
const FIRST: &str = r#"
trap 'exit 130' INT TERM HUP
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/root /run/changes /run/work
cd "$1"
if ! mount -t overlay -o lowerdir=.,upperdir=/run/changes,workdir=/run/work overlay /run/root; then
    echo "skipped: real servers, because overlays cannot be mounted here"
    exit 0
fi
mount -t tmpfs -o mode=755 tmpfs /run/root/dev
for name in null zero full random urandom; do
    : >/run/root/dev/$name
    mount --bind /dev/$name /run/root/dev/$name
done
mkdir -m 1777 /run/root/dev/shm
mount -t tmpfs -o mode=1777 tmpfs /run/root/dev/shm
ln -s /proc/self/fd /run/root/dev/fd
ln -s /proc/self/fd/1 /run/root/dev/stdout
ln -s /proc/self/fd/2 /run/root/dev/stderr
ip link set lo up
echo servers.example.com >/proc/sys/kernel/hostname
cd /
shift
"$@" &
wait $!
"#;

/// Becomes the first process of new namespaces, which starts this program again inside. Returns only where that cannot
/// be, which is said.
pub(crate) fn enter(root: &Path, words: &[String]) -> ExitCode {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command
    };
    match unshare().arg("true").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            println!("skipped: real servers, because namespaces cannot be had here ({})", said.trim());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("skipped: real servers, because there is no unshare here ({error})");
            return ExitCode::SUCCESS;
        }
    }
    let this = std::env::current_exe().unwrap();
    let error = unshare().args(["sh", "-c", FIRST, "sh"]).arg(root).arg(this).arg(INSIDE).args(words).exec();
    println!("FAILED: unshare does not start: {error}");
    ExitCode::FAILURE
}
