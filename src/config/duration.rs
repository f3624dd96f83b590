//! Times as both grammars write them: `200ms`, `5s`, `2m`, `1h`, `1d`; a bare number is seconds.

use std::time::Duration;

/// What may be given as a time: a year is more than anybody waits.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The units, with their names, the one that is shown first, and their length in milliseconds.
const UNITS: [(&[&str], u64); 5] = [
    (&["ms", "msec", "msecs", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "secs", "second", "seconds"], 1_000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
];

/// Units that are known and not taken: too fine, or too coarse to be meant.
const NOT_TAKEN: [&str; 10] = ["ns", "us", "µs", "usec", "w", "week", "weeks", "month", "months", "years"];

/// What a text is as a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// It is one, in the form in which times are written.
    Plain(Duration),
    /// It is one in other words; this is how it is written.
    Worded(Duration, String),
    /// It is a number with a fraction, or several times in a row, or has a unit that is not taken. This is a way to write
    /// it, where there is one.
    Odd(Option<String>),
    /// It is none.
    Not,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Time {
    let mut rest = text.trim();
    let mut parts: Vec<(Part<'_>, u64, &str)> = Vec::new();
    while !rest.is_empty() {
        let Some((part, behind)) = Part::read(rest) else { return Time::Not };
        let letters = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (name, behind) = behind.split_at(letters);
        if name.is_empty() {
            // A bare number of seconds stands alone; one with a fraction is not for us.
            return match (parts.is_empty() && behind.is_empty(), part.fraction) {
                (true, "") => part.times(1_000).map_or(Time::Not, Time::Plain),
                _ => Time::Not,
            };
        }
        let lower = name.to_lowercase();
        if NOT_TAKEN.contains(&lower.as_str()) {
            return Time::Odd(None);
        }
        let Some((names, length)) = UNITS.iter().find(|(names, _)| names.contains(&lower.as_str())) else {
            return Time::Not;
        };
        parts.push((part, *length, names[0]));
        rest = behind.trim_start();
    }
    match &parts[..] {
        [] => Time::Not,
        [(part, length, unit)] if part.fraction.is_empty() => {
            let Some(time) = part.times(*length) else { return Time::Not };
            let plain = format!("{}{unit}", part.whole);
            if plain == text { Time::Plain(time) } else { Time::Worded(time, plain) }
        }
        parts => {
            let sum = parts
                .iter()
                .try_fold(Duration::ZERO, |sum, (part, length, _)| sum.checked_add(part.times(*length)?));
            Time::Odd(sum.map(written))
        }
    }
}

/// Whether a text begins with a unit that is not seconds: a number before it is no number of seconds.
pub(crate) fn is_other_unit(text: &str) -> bool {
    let word =
        text.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    let is_unit = |(names, length): &(&[&str], u64)| *length != 1_000 && names.contains(&word.as_str());
    UNITS.iter().any(is_unit) || NOT_TAKEN.contains(&word.as_str())
}

/// A time as it is written.
pub(crate) fn written(time: Duration) -> String {
    let millis = time.as_millis();
    let unit = |length: u64| millis > 0 && millis.is_multiple_of(u128::from(length));
    match UNITS.iter().rev().find(|(_, length)| unit(*length)) {
        Some((names, length)) => format!("{}{}", millis / u128::from(*length), names[0]),
        None => format!("{}s", time.as_secs()),
    }
}

/// A decimal number, as it stands.
struct Part<'t> {
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Part<'t> {
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = text.split_at(end(text));
        if whole.is_empty() {
            return None;
        }
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(digits) => digits.split_at(end(digits)),
            None => ("", rest),
        };
        Some((Self { whole, fraction }, rest.trim_start()))
    }

    /// So many units of this many milliseconds; nothing where that is no whole number of them, or too many.
    fn times(&self, length: u64) -> Option<Duration> {
        let whole = self.whole.parse::<u64>().ok()?.checked_mul(length)?;
        let mut part = 0;
        if !self.fraction.is_empty() {
            let scale = 10_u64.checked_pow(u32::try_from(self.fraction.len()).ok()?)?;
            let scaled = self.fraction.parse::<u64>().ok()?.checked_mul(length)?;
            if scaled % scale != 0 {
                return None;
            }
            part = scaled / scale;
        }
        Some(Duration::from_millis(whole.checked_add(part)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_bare_numbers_are_seconds() {
        let millis = Duration::from_millis;
        for (text, time) in [("200ms", 200), ("5s", 5_000), ("5", 5_000), ("2m", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(read(text), Time::Plain(millis(time)), "{text}");
        }
        assert_eq!(read("1d"), Time::Plain(Duration::from_secs(86_400)));
        assert_eq!(read("0"), Time::Plain(Duration::ZERO));
        for (text, plain) in [("5 sec", "5s"), ("2 Minutes", "2m"), ("10MS", "10ms"), ("05s", "05s")] {
            let (Time::Plain(_) | Time::Worded(..)) = read(text) else { panic!("{text}") };
            assert!(matches!(read(text), Time::Worded(_, p) if p == plain) || text == plain, "{text}");
        }
    }

    #[test]
    fn fractions_and_sums_are_no_times_but_can_be_written_as_one() {
        let odd = |text: &str| Time::Odd(Some(text.to_owned()));
        assert_eq!(read("1.5s"), odd("1500ms"));
        assert_eq!(read("0.5h"), odd("30m"));
        assert_eq!(read("1m30s"), odd("90s"));
        assert_eq!(read("1m 30s"), odd("90s"));
        assert_eq!(read("0.0001s"), Time::Odd(None));
        assert_eq!(read("100us"), Time::Odd(None));
        assert_eq!(read("2 weeks"), Time::Odd(None));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "s",
            "1.5",
            "-3",
            "5x",
            "5s,",
            "1m30",
            "five",
            "1.5 s 3",
            "99999999999999999999",
            "99999999999999999d",
        ] {
            assert_eq!(read(text), Time::Not, "{text}");
        }
    }

    #[test]
    fn times_are_written_in_their_largest_unit() {
        for text in ["200ms", "1500ms", "5s", "90s", "2m", "1h", "1d", "0s"] {
            let (Time::Plain(time) | Time::Worded(time, _)) = read(text) else { panic!("{text}") };
            assert_eq!(written(time), text);
        }
    }
}
