//! Where the data connection goes. Of what a server says the port alone counts.

/// The port in the words of a 227 reply: the first six numbers with commas between them, the last two of which are it
/// (RFC 959, 5.4; RFC 1123, 4.1.2.6). Nothing where there is none.
#[must_use]
pub fn port(words: &[u8]) -> Option<u16> {
    let runs = words.split(|byte| !byte.is_ascii_digit() && *byte != b',');
    runs.map(numbers)
        .find_map(|numbers| numbers.map(|[.., high, low]| u16::from_be_bytes([high, low])))
        .filter(|port| *port != 0)
}

fn numbers(run: &[u8]) -> Option<[u8; 6]> {
    let numbers =
        run.split(|byte| *byte == b',').map(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    numbers.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

/// The port in the words of a 229 reply: `(|||PORT|)`, with any delimiter (RFC 2428, 3). Nothing where there is none.
#[must_use]
pub fn extended_port(words: &[u8]) -> Option<u16> {
    let open = words.iter().position(|&byte| byte == b'(')?;
    let (&[first, second, third], rest) = words[open + 1..].split_first_chunk()?;
    if first != second || second != third {
        return None;
    }
    let end = rest.iter().position(|&byte| byte == first)?;
    let port = std::str::from_utf8(&rest[..end]).ok().filter(|digits| !digits.starts_with('+'))?;
    port.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_passive_mode() {
        assert_eq!(port(b"Entering Passive Mode (192,0,2,1,200,13)."), Some(51_213));
        assert_eq!(port(b"=10,0,0,1,0,21"), Some(21), "without parentheses");
        assert_eq!(port(b"2 connections, 1,2,3,4,5,6"), Some(1286));
        for none in
            ["", "ok", "(1,2,3,4,5)", "(1,2,3,4,5,256)", "(1,2,3,4,5,6,7)", "(1,2,3,4,0,0)", "(1,,3,4,5,6)"]
        {
            assert_eq!(port(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn ports_of_extended_passive_mode() {
        assert_eq!(extended_port(b"Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(extended_port(b"(!!!1!)"), Some(1));
        for none in
            ["", "6446", "(|||6446", "(||6446|)", "(|||0|)", "(|||+1|)", "(|||65536|)", "(|!|1|)", "(||"]
        {
            assert_eq!(extended_port(none.as_bytes()), None, "{none}");
        }
    }
}
