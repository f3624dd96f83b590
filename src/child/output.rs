//! What a program prints, up to a bound.

use tokio::io::{AsyncRead, AsyncReadExt};

const CHUNK: usize = 16 << 10;

/// The beginning of what came through a pipe. It holds what was read so far even when the reading is given up.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) bytes: Vec<u8>,
    pub(super) truncated: bool,
    limit: usize,
}

impl Captured {
    pub(super) fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), truncated: false, limit }
    }

    /// Reads to the end. What is beyond the bound is read too, and dropped: a program must not hang on a full pipe.
    pub(super) async fn fill(&mut self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut chunk = vec![0; CHUNK];
        while let Ok(n @ 1..) = pipe.read(&mut chunk).await {
            let room = n.min(self.limit - self.bytes.len());
            self.bytes.extend_from_slice(&chunk[..room]);
            self.truncated |= room < n;
        }
    }
}
