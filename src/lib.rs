//! The director of a Linux Virtual Server farm.
//!
//! The map of this house, bottom to top; a module may use only what stands below it:
//!
//! ```text
//! main, bin/ldirectorctl        arguments in, exit code out
//! cli  ctl                      the command lines
//! runtime                       the shell: the one place with select!, tasks and timers
//! dbus  watch                   inlets and the live view
//! inbox  log  hooks             each knows one word of the director: event, fact
//! director                      THE DECISIONS: events in, effects out, no I/O, no clock
//! check  plan                   probes; what the table should be, and how to get there
//! config  health  ipvs          text to model; one server's health; the kernel's table
//! model  child  notify          what the world is; running programs; the service manager
//! ```
//!
//! `docs/architecture.md` says how many of each thing live at run time, who owns them and how they end;
//! `tests/architecture.rs` holds the floors.

pub mod check;
pub mod child;
pub mod cli;
pub mod config;
pub mod control;
pub mod dbus;
pub mod director;
pub mod health;
pub mod inbox;
pub mod ipvs;
pub mod log;
pub mod model;
pub mod notify;
pub mod plan;
pub mod runtime;
pub mod watch;
