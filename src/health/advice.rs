//! What an agent on a server advises.

/// What an agent on a server that is well advises. By default that is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// How much of the configured weight it shall have, in percent: 0 to 100.
    pub percent: u8,
    /// Whether it shall take traffic.
    pub mode: Mode,
}

/// Whether a server that is well shall take traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It shall.
    #[default]
    Ready,
    /// None that is new: connections that are there stay.
    Drain,
    /// None at all.
    Maintenance,
}

impl Default for Advice {
    fn default() -> Self {
        Self { percent: 100, mode: Mode::Ready }
    }
}

impl Advice {
    /// What is left of a configured weight: something, unless it is drained, or there was or shall be nothing.
    #[must_use]
    pub fn weight(self, configured: u16) -> u16 {
        match self.mode {
            Mode::Ready => {
                let parts = u32::from(configured) * u32::from(self.percent.min(100));
                // It is no more than there was.
                u16::try_from(parts.div_ceil(100)).unwrap_or(configured)
            }
            Mode::Drain | Mode::Maintenance => 0,
        }
    }

    /// What must have been advised where this weight is left of a configured one, as near as can be told: it is not known
    /// whether none is left for a drained server or for one of zero percent, which is the same.
    #[must_use]
    pub fn seen(weight: u16, configured: u16) -> Self {
        if weight == 0 {
            return Self { mode: Mode::Drain, ..Self::default() };
        }
        let percent = u32::from(weight) * 100 / u32::from(configured.max(1));
        Self { percent: u8::try_from(percent.max(1)).unwrap_or(u8::MAX).min(100), mode: Mode::Ready }
    }
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Drain, Self::Maintenance];

    /// The word for it, which agents use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Maintenance => "maint",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(percent: u8) -> Advice {
        Advice { percent, mode: Mode::Ready }
    }

    #[test]
    fn a_part_of_a_weight_is_rounded_up() {
        for (percent, configured, left) in
            [(100, 7, 7), (50, 7, 4), (1, 7, 1), (0, 7, 0), (50, 0, 0), (100, 65_535, 65_535), (200, 3, 3)]
        {
            assert_eq!(ready(percent).weight(configured), left, "{percent}% of {configured}");
        }
        assert_eq!(Advice { percent: 100, mode: Mode::Drain }.weight(7), 0);
        assert_eq!(Advice { percent: 100, mode: Mode::Maintenance }.weight(7), 0);
    }

    #[test]
    fn what_was_advised_is_seen_in_a_weight() {
        for configured in 1..=100 {
            for weight in 0..=configured {
                assert_eq!(Advice::seen(weight, configured).weight(configured), weight, "{configured}");
            }
        }
        assert_eq!(Advice::seen(7, 5), Advice::default(), "somebody set it by hand");
        assert_eq!(Advice::seen(1, 65_535).weight(65_535), 656, "as near as can be");
    }
}
