//! A server's certificate, and how long it is still good.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// It is made out to the name that was asked for (true where no name was).
    pub name_matches: bool,
    /// When it ends, in seconds since 1970.
    pub not_after: i64,
    /// That is so soon that it is warned of (`tls-expiry-warning`).
    pub ends_soon: bool,
}

impl Certificate {
    /// How long it is still good at this time; zero where it has ended.
    #[must_use]
    pub fn left(&self, now: SystemTime) -> Left {
        let end = Duration::from_secs(u64::try_from(self.not_after).unwrap_or_default());
        Left(end.saturating_sub(now.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

/// A time for which something is still good: for people in days, in hours where these are few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Left(pub Duration);

impl Left {
    /// Whole days.
    #[must_use]
    pub fn days(self) -> u64 {
        self.hours() / 24
    }

    fn hours(self) -> u64 {
        self.0.as_secs() / 3600
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hours() {
            0 => f.write_str("less than an hour"),
            1 => f.write_str("1 hour"),
            hours @ 2..48 => write!(f, "{hours} hours"),
            _ => write!(f, "{} days", self.days()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_days_and_at_last_in_hours() {
        const HOUR: u64 = 3600;
        let certificate = Certificate { name_matches: true, not_after: 1_000_000, ends_soon: false };
        for (before, words) in [
            (0, "less than an hour"),
            (HOUR - 1, "less than an hour"),
            (HOUR, "1 hour"),
            (2 * HOUR, "2 hours"),
            (48 * HOUR - 1, "47 hours"),
            (48 * HOUR, "2 days"),
            (72 * HOUR - 1, "2 days"),
        ] {
            let now = UNIX_EPOCH + Duration::from_secs(1_000_000 - before);
            assert_eq!(certificate.left(now).to_string(), words, "{before}");
        }
        let after = UNIX_EPOCH + Duration::from_secs(2_000_000);
        assert_eq!((certificate.left(after), certificate.left(after).days()), (Left::default(), 0));
    }
}
