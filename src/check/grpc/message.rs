//! The messages of the health service (`grpc.health.v1`) as they travel: a frame of gRPC, and in it a few bytes of protocol
//! buffers. Pure.

/// The most of an answer that is taken: a good one has seven bytes.
pub const LIMIT: usize = 1024;
/// What stands before a message: whether it is compressed, and its length.
const FRAME: usize = 5;

/// What a server says of a service (`HealthCheckResponse.ServingStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// It does not know.
    Unknown,
    /// It serves.
    Serving,
    /// It does not.
    NotServing,
    /// It knows no such service.
    ServiceUnknown,
    /// Something that was not known when this was written.
    Other(u64),
}

/// Why bytes are no answer of the health service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// There is no message, or less of it than its frame says.
    #[error("the message is missing or cut short")]
    Short,
    /// There is more than one message.
    #[error("more than one message")]
    Long,
    /// The message is compressed, which nobody asked for.
    #[error("a compressed message")]
    Compressed,
    /// The message cannot be read.
    #[error("malformed message")]
    Message,
}

/// The question, in its frame: `HealthCheckRequest { service }`.
#[must_use]
pub fn request(service: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(service.len() + 8);
    // What is empty is not sent (proto3).
    if !service.is_empty() {
        message.push(1 << 3 | 2);
        let mut length = service.len();
        while length >= 0x80 {
            message.push(length.to_le_bytes()[0] | 0x80);
            length >>= 7;
        }
        message.push(length.to_le_bytes()[0]);
        message.extend_from_slice(service.as_bytes());
    }
    // No configuration has names of gigabytes.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend_from_slice(&length.to_be_bytes());
    framed.append(&mut message);
    framed
}

/// The answer, out of its frame: `HealthCheckResponse { status }`.
///
/// # Errors
/// These bytes are no such answer.
pub fn response(framed: &[u8]) -> Result<Serving, Malformed> {
    let (&[compressed, a, b, c, d], message) = framed.split_first_chunk::<FRAME>().ok_or(Malformed::Short)?;
    let length = u32::from_be_bytes([a, b, c, d]);
    match usize::try_from(length).map_or(std::cmp::Ordering::Less, |length| message.len().cmp(&length)) {
        std::cmp::Ordering::Less => return Err(Malformed::Short),
        std::cmp::Ordering::Greater => return Err(Malformed::Long),
        std::cmp::Ordering::Equal => {}
    }
    match compressed {
        0 => status(message),
        1 => Err(Malformed::Compressed),
        _ => Err(Malformed::Message),
    }
}

/// The field `status` of the message, which is number 1; what is not known is passed over, and of several the last counts.
fn status(mut message: &[u8]) -> Result<Serving, Malformed> {
    let mut status = 0;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        match (key >> 3, key & 7) {
            (0, _) | (1, 1..) => return Err(Malformed::Message),
            (1, 0) => status = varint(&mut message)?,
            (_, 0) => {
                varint(&mut message)?;
            }
            (_, 1) => skip(&mut message, 8)?,
            (_, 2) => {
                let length = varint(&mut message)?;
                skip(&mut message, length)?;
            }
            (_, 5) => skip(&mut message, 4)?,
            _ => return Err(Malformed::Message),
        }
    }
    Ok(match status {
        0 => Serving::Unknown,
        1 => Serving::Serving,
        2 => Serving::NotServing,
        3 => Serving::ServiceUnknown,
        other => Serving::Other(other),
    })
}

fn varint(message: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first().ok_or(Malformed::Message)?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed::Message)
}

fn skip(message: &mut &[u8], length: u64) -> Result<(), Malformed> {
    let rest = usize::try_from(length).ok().and_then(|length| message.get(length..));
    *message = rest.ok_or(Malformed::Message)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(message: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 0, u8::try_from(message.len()).unwrap()], message].concat()
    }

    #[test]
    fn a_question_names_the_service_or_none() {
        assert_eq!(request(""), [0, 0, 0, 0, 0]);
        assert_eq!(request("a.B"), [0, 0, 0, 0, 5, 0x0a, 3, b'a', b'.', b'B']);
        let long = request(&"x".repeat(300));
        assert_eq!((&long[..8], long.len()), (&[0, 0, 0, 1, 47, 0x0a, 0xac, 2][..], 308));
    }

    #[test]
    fn every_answer_is_known() {
        for (message, serving) in [
            (&[8, 1][..], Serving::Serving),
            (&[8, 2], Serving::NotServing),
            (&[8, 3], Serving::ServiceUnknown),
            (&[8, 0], Serving::Unknown),
            (&[], Serving::Unknown),
            (&[8, 0x80, 1], Serving::Other(128)),
            (&[8, 2, 8, 1], Serving::Serving),
            (
                &[0x10, 5, 0x1a, 2, 8, 2, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0x2d, 0, 0, 0, 0, 8, 1],
                Serving::Serving,
            ),
        ] {
            assert_eq!(response(&framed(message)), Ok(serving), "{message:?}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (bytes, wrong) in [
            (&[][..], Malformed::Short),
            (&[0, 0, 0, 0], Malformed::Short),
            (&[0, 0, 0, 0, 2, 8], Malformed::Short),
            (&[0, 0xff, 0xff, 0xff, 0xff, 8, 1], Malformed::Short),
            (&[0, 0, 0, 0, 2, 8, 1, 0], Malformed::Long),
            (&[1, 0, 0, 0, 2, 8, 1], Malformed::Compressed),
            (&[2, 0, 0, 0, 2, 8, 1], Malformed::Message),
        ] {
            assert_eq!(response(bytes), Err(wrong), "{bytes:?}");
        }
        for message in
            [&[8][..], &[8, 0x80], &[0, 1], &[10, 1, 1], &[0x12, 5, 1], &[0x13], &[0x11, 0], &[0xff; 12]]
        {
            assert_eq!(response(&framed(message)), Err(Malformed::Message), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = response(&bytes);
            let _ = response(&framed(&bytes));
        }
    }
}
