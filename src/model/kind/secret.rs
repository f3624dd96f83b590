//! Names and passwords that checks log in with.

use std::fmt;

/// Who logs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    /// The user's name (`login`).
    pub name: String,
    /// The password (`passwd`).
    pub passwd: Secret,
}

/// A password. Its `Debug` form never shows it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_in_debug_output() {
        let login = Login { name: "monitor".into(), passwd: Secret::new("hunter2") };
        assert_eq!(format!("{login:?}"), r#"Login { name: "monitor", passwd: Secret(..) }"#);
    }
}
