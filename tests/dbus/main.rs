//! The director on D-Bus: over a socket pair without a bus, and on a private `dbus-daemon` with the shipped policy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bus;
mod calls;
mod farm;
mod golden;
mod peer;
mod policy;
mod scale;
mod signals;
