//! A mail as it is decided on: to whom, and what it says, but for the words around it.

use std::{sync::Arc, time::SystemTime};

use crate::model::{DirectorState, MailRoute};

/// A mail to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// From whom to whom, and through whom.
    pub route: Arc<MailRoute>,
    /// What it says: one thing, or several in a digest. Never empty.
    pub lines: Vec<MailLine>,
    /// So many more happened than a digest holds.
    pub left_out: usize,
}

/// One thing that happened, for a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLine {
    /// When.
    pub at: SystemTime,
    /// What the director was doing.
    pub state: DirectorState,
    /// The sentence of the log.
    pub sentence: String,
    /// What people call the service.
    pub name: Option<Arc<str>>,
    /// What they have to say of it.
    pub comment: Option<Arc<str>>,
}

impl Mail {
    /// The subject: the reference's for one thing, and for several how many and the first of them.
    #[must_use]
    pub fn subject(&self) -> String {
        match &*self.lines {
            [] => String::new(),
            [line] if self.left_out == 0 => line.subject(),
            [first, ..] => format!("{} alerts, first: {}", self.lines.len() + self.left_out, first.subject()),
        }
    }
}

impl MailLine {
    /// `[SERVICENAME] Deleted real server: ...`.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.name {
            Some(name) => format!("[{name}] {}", self.sentence),
            None => self.sentence.clone(),
        }
    }
}
