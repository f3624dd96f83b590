//! The flags of a scheduler (`ipvsadm -b`): three bits, whose names depend on the scheduler.

/// What a scheduler is asked to do otherwise than usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchedulerFlags(u8);

impl SchedulerFlags {
    /// How many bits there are.
    const BITS: u8 = 3;

    /// The flags of a text such as `sh-port,sh-fallback` or `flag-3`.
    ///
    /// # Errors
    /// The first name that is no flag of this scheduler.
    pub fn parse<'t>(text: &'t str, scheduler: &str) -> Result<Self, &'t str> {
        text.split(',').try_fold(Self::default(), |flags, name| {
            let bit =
                (0..Self::BITS).find(|&bit| name == plain(bit) || name == own(bit, scheduler)).ok_or(name)?;
            Ok(Self(flags.0 | 1 << bit))
        })
    }

    /// None is set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flags as `ipvsadm` takes and prints them, in its order.
    #[must_use]
    pub fn names(self, scheduler: &str) -> String {
        let set = (0..Self::BITS).filter(|bit| self.0 & 1 << bit != 0);
        set.map(|bit| own(bit, scheduler)).collect::<Vec<_>>().join(",")
    }

    /// All names that a scheduler's flags have.
    pub fn known(scheduler: &str) -> impl Iterator<Item = &'static str> {
        let own: Vec<_> = (0..Self::BITS).map(|bit| own(bit, scheduler)).collect();
        let plain = (0..Self::BITS).map(plain).filter(|name| !own.contains(name)).collect::<Vec<_>>();
        own.into_iter().chain(plain)
    }
}

/// The name that every scheduler's flag has.
fn plain(bit: u8) -> &'static str {
    ["flag-1", "flag-2", "flag-3"][usize::from(bit)]
}

/// The name for people, where the scheduler has one (ipvsadm(8), `--sched-flags`).
fn own(bit: u8, scheduler: &str) -> &'static str {
    match (scheduler, bit) {
        ("sh", 0) => "sh-fallback",
        ("sh", 1) => "sh-port",
        ("mh", 0) => "mh-fallback",
        ("mh", 1) => "mh-port",
        _ => plain(bit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_depend_on_the_scheduler_and_their_order_does_not_count() {
        let flags = SchedulerFlags::parse("sh-port,sh-fallback", "sh").unwrap();
        assert_eq!(flags.names("sh"), "sh-fallback,sh-port");
        assert_eq!(flags.names("rr"), "flag-1,flag-2");
        assert_eq!(SchedulerFlags::parse("flag-1,sh-port,flag-2", "sh"), Ok(flags));
        assert_eq!(SchedulerFlags::parse("mh-port", "sh"), Err("mh-port"));
        assert_eq!(SchedulerFlags::parse("sh-port,", "sh"), Err(""));
    }
}
