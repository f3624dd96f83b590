//! What a server says may repeat the password that it was given. Those who read logs and mails need not know it.

use crate::{
    health::Failure,
    model::{CheckKind, Secret},
};

/// Takes the place of words that repeat a password.
const HIDDEN: &str = "(words that repeat the password)";
/// A password that is cut off with the text is recognized from so many characters on.
const RECOGNIZED: usize = 4;

/// The failure without the passwords of its check.
pub(super) fn discreet(failure: Failure, kind: &CheckKind) -> Failure {
    let secrets = kind.secrets();
    let hide = |words: String| {
        let repeats = secrets.iter().any(|secret| repeats(&words, secret));
        if repeats { HIDDEN.to_owned() } else { words }
    };
    match failure {
        Failure::Status { code, text } => Failure::Status { code, text: hide(text) },
        Failure::Error { code, text } => Failure::Error { code, text: hide(text) },
        Failure::Mismatch { wanted, got } => Failure::Mismatch { wanted, got: hide(got) },
        Failure::Unwanted { refused, got } => Failure::Unwanted { refused, got: hide(got) },
        Failure::Protocol(words) => Failure::Protocol(hide(words)),
        Failure::Login(words) => Failure::Login(hide(words)),
        Failure::Unavailable(words) => Failure::Unavailable(hide(words)),
        Failure::Tls(words) => Failure::Tls(hide(words)),
        failure @ (Failure::Refused
        | Failure::Unreachable(_)
        | Failure::TimedOut(_)
        | Failure::Closed(_)
        | Failure::Absent(_)
        | Failure::Header { .. }
        | Failure::Step { .. }
        | Failure::Program { .. }
        | Failure::Local(_)) => failure,
    }
}

fn repeats(words: &str, secret: &Secret) -> bool {
    let secret = secret.reveal();
    if secret.is_empty() {
        return false;
    }
    let end = words.trim_end_matches('…');
    let mut beginnings = secret.char_indices().map(|(at, _)| &secret[..at]).skip(RECOGNIZED);
    words.contains(secret)
        || (end.len() < words.len() && beginnings.any(|beginning| end.ends_with(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Login, MailCheck, MailProtocol};

    fn told(words: &str) -> String {
        let login = Some(Login { name: "monitor".into(), passwd: Secret::new("hunter2") });
        let kind = CheckKind::from(MailCheck { protocol: MailProtocol::Pop, tls: None, login });
        let Failure::Login(words) = discreet(Failure::Login(words.to_owned()), &kind) else { panic!() };
        words
    }

    #[test]
    fn a_password_is_not_repeated() {
        assert_eq!(told("no monitor here"), "no monitor here");
        assert_eq!(told("hunter2 is wrong"), HIDDEN);
        assert_eq!(told("this is wrong: hunt…"), HIDDEN, "cut off");
        assert_eq!(told("this is wrong: hun…"), "this is wrong: hun…");
        assert_eq!(told("we hunt"), "we hunt");
    }

    #[test]
    fn nothing_is_hidden_where_there_is_no_password() {
        let kind = CheckKind::from(MailCheck { protocol: MailProtocol::Smtp, tls: None, login: None });
        let failure = Failure::Status { code: 554, text: "no".into() };
        assert_eq!(discreet(failure.clone(), &kind), failure);
    }
}
