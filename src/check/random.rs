//! Numbers that nobody can guess: what tells the answer to a question from what somebody else sends.

use super::tls::words;
use crate::health::Failure;

/// So many bytes of them.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(|error| Failure::Local(words::of_stack(&error)))?;
    Ok(bytes)
}
