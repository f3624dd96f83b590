//! What can go wrong with the table, in words that name the remedy.

use std::time::Duration;

/// Why the table could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IpvsError {
    /// There is no `ipvsadm` program.
    #[error("ipvsadm is not installed (looked for in {looked}): install the package ipvsadm")]
    Missing {
        /// Where it was looked for.
        looked: String,
    },
    /// The kernel has no IPVS and the module could not be loaded.
    #[error("the kernel has no IPVS ({words}): load the module with 'modprobe ip_vs'")]
    NoKernelSupport {
        /// What ipvsadm said.
        words: String,
    },
    /// Not permitted.
    #[error("not permitted to use the IPVS table ({words}): run as root or with CAP_NET_ADMIN")]
    NotPermitted {
        /// What ipvsadm said.
        words: String,
    },
    /// It did not end in time and was killed.
    #[error("ipvsadm did not end within {0:?} and was killed")]
    Hung(Duration),
    /// It failed in another way.
    #[error("ipvsadm failed ({status}): {words}")]
    Failed {
        /// Its exit status in words.
        status: String,
        /// The first lines it printed on standard error.
        words: String,
    },
    /// Its listing could not be understood.
    #[error("ipvsadm printed a line that is not understood: {0}")]
    Listing(String),
    /// It could not be started for a reason of the system's.
    #[error("ipvsadm could not be run: {0}")]
    Spawn(String),
}
