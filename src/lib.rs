//! The director of a Linux Virtual Server farm.
//!
//! The map of this house, bottom to top; a room (a module of this list) may use only rooms on lower floors:
//!
//! ```text
//! main                    arguments in, exit code out
//! cli                     the command line; puts the parts together
//! runtime                 the shell: the one loop, with its tasks, timers and clock
//! control  dbus  watch    inlets and the live view
//! inbox  log  mailer      each knows a few words of the director: event, fact, mail
//! director                THE DECISIONS: events in, effects out, no I/O, no clock
//! check  plan             probes; what the table should be, and how to get there
//! config  health  ipvs    text to model; one server's health; the kernel's table
//! child  model  notify    running programs; what the world is; the service manager
//! ```
//!
//! Rooms that only think (`model`, `health`, `plan`, `director`, `config` but for its `system`, and the table as a value)
//! touch no task, socket, process, file or clock. `tests/architecture.rs` reads this drawing and holds all of it;
//! `docs/architecture.md` says how many of each thing live at run time, who owns them and how they end.

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
pub mod mailer;
pub mod model;
pub mod notify;
pub mod plan;
pub mod runtime;
pub mod watch;
