//! What of an answer is wanted, and whether its head has it. Pure.

use crate::{
    check::content,
    health::Failure,
    model::{ExpectedField, HttpCheck, HttpMethod, StatusSet},
};

/// What of an answer is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Want<'a> {
    /// The statuses that are good; `None` are those of a success (RFC 9110, 15.3).
    pub statuses: Option<&'a StatusSet>,
    /// Fields that the head of a good answer must have.
    pub fields: &'a [ExpectedField],
    /// Its content as well, as far as it is kept; else reading stops behind the head.
    pub content: bool,
}

impl<'a> Want<'a> {
    /// What a check wants.
    #[must_use]
    pub fn of(check: &'a HttpCheck) -> Self {
        Self {
            statuses: check.status.as_ref(),
            fields: &check.expected_headers,
            // An answer to HEAD has no content, whatever its head announces (RFC 9110, 9.3.2).
            content: !check.expected.is_anything() && check.method != HttpMethod::Head,
        }
    }

    /// Whether the server is well that answers with this status.
    #[must_use]
    pub fn is_good(self, status: u16) -> bool {
        match self.statuses {
            Some(good) => good.contains(status),
            None => matches!(status, 200..=299),
        }
    }

    /// Whether the wanted fields are there, in a head that has these values for a name. Of several with one name, one
    /// must match.
    pub(super) fn has_fields<'v, I>(self, values: impl Fn(&'a str) -> I) -> Result<(), Failure>
    where
        I: Iterator<Item = &'v [u8]>,
    {
        for ExpectedField { name, value: wanted } in self.fields {
            let mut first = None;
            let mut found = false;
            for value in values(name) {
                found = content::is_match(wanted, value)?;
                if found {
                    break;
                }
                first.get_or_insert(value);
            }
            if !found {
                return Err(Failure::Header {
                    name: name.clone(),
                    wanted: wanted.as_str().to_owned(),
                    got: first.map(Failure::excerpt),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pattern;

    #[test]
    fn statuses_are_good_that_are_named() {
        let set = StatusSet::new([200..=399]).unwrap();
        for (status, by_default, named) in [
            (101, false, false),
            (200, true, true),
            (299, true, true),
            (302, false, true),
            (404, false, false),
        ] {
            assert_eq!(Want::default().is_good(status), by_default, "{status}");
            assert_eq!(Want { statuses: Some(&set), ..Want::default() }.is_good(status), named, "{status}");
        }
    }

    #[test]
    fn one_of_several_fields_must_match() {
        let field = |name: &str, value: &str| ExpectedField {
            name: name.into(),
            value: Pattern::new(value).unwrap().into(),
        };
        let has = |wanted: &[ExpectedField], values: &'static [&'static str]| {
            Want { fields: wanted, ..Want::default() }
                .has_fields(|name| values.iter().filter(move |_| name == "X-A").map(|value| value.as_bytes()))
                .map_err(|failure| failure.to_string())
        };
        assert_eq!(has(&[field("X-A", "^2$")], &["1", "2"]), Ok(()));
        assert_eq!(has(&[field("X-A", "")], &["1"]), Ok(()), "there at all");
        let words = has(&[field("X-A", "^2$")], &["1", "3"]).unwrap_err();
        assert_eq!(words, "header X-A does not match /^2$/, got \"1\"");
        let words = has(&[field("X-A", "1"), field("X-B", "")], &["1"]).unwrap_err();
        assert_eq!(words, "answer has no header X-B");
    }
}
