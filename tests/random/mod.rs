//! Random stories: what can happen, what must be true, and the shortest story that shows it is not.

pub mod action;
pub mod oracle;
pub mod play;
pub mod rng;
pub mod shrink;
