//! The directory of maintenance files, and what the configuration itself calls the real servers.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::Lowering;
use crate::{
    config::{
        Resolver,
        draft::{Globals, Host},
    },
    model::Maintenance,
};

/// The directory, if there is to be one. A path that does not begin at the root begins there all the same: the older
/// ldirectord works in it.
pub(super) fn maintenance(globals: &Globals) -> Option<Maintenance> {
    let directory = Path::new("/").join(&globals.maintenance_dir.as_ref()?.value);
    let directory: PathBuf = directory.components().collect();
    Some(Maintenance { directory, ..Maintenance::default() })
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Notes what a real server is called.
    pub(super) fn note_name(&mut self, host: &Host, address: IpAddr) {
        if let (Some(maintenance), Host::Name(name)) = (&mut self.maintenance, host) {
            maintenance.add_name(address, name);
        }
    }
}
