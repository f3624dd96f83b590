//! What an answer must be like.

use std::sync::Arc;

use crate::model::Pattern;

/// What the content of an answer must be like. With neither, any content is good.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expected {
    /// It must match this (`receive`).
    pub receive: Option<Arc<Pattern>>,
    /// It must not match this (`receive-not`).
    pub refuse: Option<Arc<Pattern>>,
}

impl Expected {
    /// Any content is good.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.receive.is_none() && self.refuse.is_none()
    }
}
