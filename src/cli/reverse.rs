//! What the system calls the real servers, for files in the maintenance directory that are called by a name. Asked when
//! a configuration is read, off the loop, through `getent`: it asks all that the system asks (`/etc/hosts`, name
//! servers, directories), and a program that hangs can be ended, which the system's own resolver cannot.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use crate::{
    child::{self, ChildError, Program},
    model::Config,
};

/// How long all names may take together. What is not known by then is not matched by its name.
const DEADLINE: Duration = Duration::from_secs(5);
/// Addresses of one process, and processes at the same time.
const ADDRESSES: usize = 32;
const PROCESSES: usize = 8;

/// Adds to a configuration with a maintenance directory what its servers are called. The words are for people, where
/// this is not known of all.
pub(super) async fn add_names(config: &mut Config) -> Option<Arc<str>> {
    let maintenance = config.settings.maintenance.as_mut()?;
    let reals = config.virtuals.iter().flat_map(|service| &service.reals);
    let addresses: BTreeSet<IpAddr> = reals.map(|real| real.id.0.ip()).collect();
    let addresses: Vec<IpAddr> = addresses.into_iter().collect();
    let until = Instant::now() + DEADLINE;
    let parts: Vec<_> =
        addresses.chunks(ADDRESSES).map(|part| timeout_at(until, ask(part.to_vec()))).collect();
    let mut answers = futures_util::stream::iter(parts).buffer_unordered(PROCESSES);
    let mut trouble = None;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(Ok(text)) => {
                for (address, name) in names(&text) {
                    maintenance.add_name(address, name);
                }
            }
            Ok(Err(error)) => trouble = Some(error.to_string()),
            Err(_) => trouble = Some(format!("no answer within {} s", DEADLINE.as_secs())),
        }
    }
    trouble.map(|why| {
        let words = "the names of some real servers are not known, so that maintenance files with them have no effect";
        format!("{words}: {why}").into()
    })
}

async fn ask(addresses: Vec<IpAddr>) -> Result<String, ChildError> {
    let arguments = std::iter::once("hosts".to_owned()).chain(addresses.iter().map(ToString::to_string));
    let finished =
        child::run(Program { deadline: 2 * DEADLINE, ..Program::new("getent", arguments) }).await?;
    // Its status says that some have no name, which is no trouble.
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
}

/// Lines of `ADDRESS NAME [ALIAS ...]`; the first name is the whole one.
fn names(text: &str) -> impl Iterator<Item = (IpAddr, &str)> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        Some((address, words.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_an_address_counts() {
        let text =
            "127.0.0.3       web3.example.com web3\nnonsense\n::1             localhost ip6-localhost\n";
        let read: Vec<(IpAddr, &str)> = names(text).collect();
        let one = "127.0.0.3".parse().unwrap();
        assert_eq!(read, [(one, "web3.example.com"), ("::1".parse().unwrap(), "localhost")]);
    }
}
