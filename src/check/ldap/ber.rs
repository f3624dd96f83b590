//! The little of BER (X.690) that LDAP needs: definite lengths, tags of one byte (RFC 4511, 5.1). Nothing is copied, and
//! nothing is recursive: what is nested is looked into on demand.

/// What is no BER, or none that LDAP allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What the first byte of a length says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The length itself.
    Known(usize),
    /// So many further bytes are the length, the most significant first.
    Further(usize),
}

impl Length {
    /// Reads the first byte.
    ///
    /// # Errors
    /// The length is indefinite, or takes more than four bytes.
    pub fn of(first: u8) -> Result<Self, Malformed> {
        match first {
            0..0x80 => Ok(Self::Known(first.into())),
            0x81..=0x84 => Ok(Self::Further((first & 0x7f).into())),
            0x80 | 0x85.. => Err(Malformed),
        }
    }

    /// The length that up to four further bytes are.
    #[must_use]
    pub fn number(further: &[u8]) -> usize {
        further.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }
}

/// Elements one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Those in these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag and content of the next element; of one whose end is not there, as much as there is, if `cut` allows.
    fn element(&mut self, cut: bool) -> Result<(u8, &'a [u8]), Malformed> {
        let [tag, first, rest @ ..] = self.0 else { return Err(Malformed) };
        let (length, rest) = match Length::of(*first)? {
            Length::Known(length) => (length, rest),
            Length::Further(count) => {
                let (further, rest) = rest.split_at_checked(count).ok_or(Malformed)?;
                (Length::number(further), rest)
            }
        };
        let (content, behind) = match rest.split_at_checked(length) {
            Some(parts) => parts,
            None if cut => (rest, &[][..]),
            None => return Err(Malformed),
        };
        self.0 = behind;
        Ok((*tag, content))
    }

    /// The tag and content of the next element.
    ///
    /// # Errors
    /// There is none, or not all of it.
    pub fn take(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        self.element(false)
    }

    /// The same, or the beginning of it, where that is all there is.
    ///
    /// # Errors
    /// Not even its beginning is there.
    pub fn take_beginning(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        self.element(true)
    }

    /// The content of the next element, which has this tag.
    ///
    /// # Errors
    /// There is none, it has another tag, or it is not all there.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        match self.take()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Malformed),
        }
    }

    /// The content of the next element, if it has this tag; else it is left there.
    #[must_use]
    pub fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let content = ahead.expect(tag).ok()?;
        *self = ahead;
        Some(content)
    }
}

/// An integer of up to four bytes.
///
/// # Errors
/// It is empty or larger.
pub fn integer(content: &[u8]) -> Result<i32, Malformed> {
    let (&first, rest) = content.split_first().ok_or(Malformed)?;
    if rest.len() > 3 {
        return Err(Malformed);
    }
    let first = i32::from(i8::from_be_bytes([first]));
    Ok(rest.iter().fold(first, |number, &byte| number << 8 | i32::from(byte)))
}

/// An element with this tag and content, which is not longer than four bytes can tell.
#[must_use]
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    match length {
        [zeros @ .., short @ 0..0x80] if zeros.iter().all(|&byte| byte == 0) => bytes.push(short),
        [.., high, low] if content.len() <= 0xffff => bytes.extend_from_slice(&[0x82, high, low]),
        [.., a, b, c, d] => bytes.extend_from_slice(&[0x84, a, b, c, d]),
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let written = element(4, &content);
            let mut elements = Elements::new(&written);
            assert_eq!(elements.take(), Ok((4, &content[..])), "{length}");
            assert_eq!(elements.take(), Err(Malformed));
        }
    }

    #[test]
    fn integers_have_a_sign_and_an_end() {
        for (content, number) in [
            (&[0][..], 0),
            (&[0x7f], 127),
            (&[0xff], -1),
            (&[0, 0x80], 128),
            (&[0x7f, 0xff, 0xff, 0xff], i32::MAX),
        ] {
            assert_eq!(integer(content), Ok(number));
        }
        assert_eq!(integer(&[]), Err(Malformed));
        assert_eq!(integer(&[1, 2, 3, 4, 5]), Err(Malformed));
    }

    #[test]
    fn lengths_that_ldap_forbids_are_malformed() {
        for bytes in [
            &[4, 0x80, 0, 0][..],
            &[4, 0x85, 0, 0, 0, 0, 1, 7],
            &[4, 0xff],
            &[4, 0x82, 1],
            &[4, 2, 7],
            &[4],
            &[],
        ] {
            assert_eq!(Elements::new(bytes).take(), Err(Malformed), "{bytes:?}");
        }
        assert_eq!(Elements::new(&[4, 2, 7]).take_beginning(), Ok((4, &[7][..])));
    }
}
