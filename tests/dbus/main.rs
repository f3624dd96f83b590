//! The director on D-Bus: over a socket pair without a bus, and on a private `dbus-daemon` with the shipped policy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bus of their own, and its clients, are programs")]

mod bus;
mod calls;
mod farm;
mod golden;
mod peer;
mod policy;
mod scale;
mod signals;
