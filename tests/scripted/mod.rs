//! Stories written by hand, with golden traces.

pub mod command;
pub mod play;
pub mod story;
