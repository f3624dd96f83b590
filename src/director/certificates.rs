//! What the certificates of real servers are told about: a name that is not theirs, an end that comes near.

use std::time::SystemTime;

use crate::{
    health::Certificate,
    model::{RealId, VirtualId},
};

use super::{Effect, Fact};

/// A server shows another certificate than it did, or the same with less time left: what people are told of that, once.
pub(super) fn tell(
    (virtual_id, real): (VirtualId, RealId),
    before: Option<Certificate>,
    now: Certificate,
    wall: SystemTime,
    fx: &mut Vec<Effect>,
) {
    if !now.name_matches && before.is_none_or(|before| before.name_matches) {
        fx.push(Effect::Tell(Fact::CertificateName { virtual_id, real }));
    }
    let left = now.left(wall);
    let is_other = before.is_none_or(|before| before.not_after != now.not_after);
    let was_near = before.is_some_and(|before| before.ends_soon);
    if now.ends_soon && (is_other || !was_near) {
        fx.push(Effect::Tell(Fact::CertificateEnds { virtual_id, real, left }));
    }
    // Else nothing ends soon because less is called soon, by a new configuration.
    if was_near && !now.ends_soon && is_other {
        fx.push(Effect::Tell(Fact::CertificateRenewed { virtual_id, real, left }));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const DAY: u64 = 86_400;

    fn certificate(days: i64, ends_soon: bool) -> Certificate {
        Certificate { name_matches: true, not_after: days * 86_400, ends_soon }
    }

    /// What is told on day 100.
    fn told(before: Option<Certificate>, now: Certificate) -> Vec<String> {
        let mut fx = Vec::new();
        let ids = ("tcp:192.0.2.1:443".parse().unwrap(), RealId("10.0.0.1:443".parse().unwrap()));
        tell(ids, before, now, UNIX_EPOCH + Duration::from_secs(100 * DAY), &mut fx);
        let words = |effect: Effect| {
            let Effect::Tell(fact) = effect else { panic!("{effect:?}") };
            fact.to_string().replace("real server 10.0.0.1:443 (tcp:192.0.2.1:443)", "it")
        };
        fx.into_iter().map(words).collect()
    }

    #[test]
    fn an_end_that_comes_near_is_told_once_and_so_is_a_renewal() {
        let (far, near) = (certificate(190, false), certificate(105, true));
        let ends = ["Certificate of it ends in 5 days"];
        assert!(told(None, far).is_empty() && told(Some(far), far).is_empty());
        assert_eq!(told(None, near), ends);
        assert_eq!(told(Some(certificate(105, false)), near), ends, "time went by");
        assert!(told(Some(near), near).is_empty());
        assert_eq!(told(Some(far), near), ends, "an older one was put back");
        assert_eq!(told(Some(near), far), ["Certificate of it was renewed: it ends in 90 days"]);
        assert_eq!(told(Some(certificate(101, true)), near), ends, "the new one ends soon too");
        assert!(told(Some(near), certificate(105, false)).is_empty(), "less is called soon");
        assert_eq!(told(None, certificate(90, true)), ["Certificate of it has ended"]);
    }
}
