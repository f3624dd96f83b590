//! Programs of the administrator's that the director has run when something happens.

use std::{fmt, sync::Arc};

use crate::model::{self, VirtualId};

use super::Fact;

/// A program to run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The configuration changed on disk; its path is the last argument.
    Callback(model::Command),
    /// No real server of a service serves, or one does again.
    Fallback {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which of both.
        action: Action,
        /// The program, with the arguments that were configured.
        command: Arc<model::Command>,
    },
    /// The director of another configuration goes with this one.
    Execute {
        /// The other configuration's name, as on the command line.
        configuration: Arc<str>,
        /// What it shall do.
        order: Order,
    },
}

/// What a fallback command is told to do. The command of a service is told each change, and nothing twice in a row
/// but by another director.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No real server serves.
    Start,
    /// One does.
    Stop,
}

/// What the director of another configuration is told to do. None is told what it does already: one that runs is not
/// started, and one that does not run is not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start.
    Start,
    /// Load its configuration again; start, if it does not run.
    Reload,
    /// Stop.
    Stop,
}

/// Of hooks with the same slot one runs at a time; of those that wait for it only the last one is run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The callback.
    Callback,
    /// The fallback command of a service.
    Fallback(VirtualId),
    /// The director of another configuration.
    Execute(Arc<str>),
}

impl Hook {
    /// With which others it takes turns.
    #[must_use]
    pub fn slot(&self) -> Slot {
        match self {
            Self::Callback(_) => Slot::Callback,
            Self::Fallback { virtual_id, .. } => Slot::Fallback(*virtual_id),
            Self::Execute { configuration, .. } => Slot::Execute(configuration.clone()),
        }
    }

    /// Whether one that is wanted while an equal one runs must run again: the other one may have seen what was before.
    #[must_use]
    pub fn repeats(&self) -> bool {
        match self {
            Self::Callback(_) | Self::Execute { order: Order::Reload, .. } => true,
            Self::Fallback { .. } | Self::Execute { order: Order::Start | Order::Stop, .. } => false,
        }
    }

    /// Whether the end waits for it for a moment.
    #[must_use]
    pub fn outlasts_the_stop(&self) -> bool {
        match self {
            Self::Callback(_) | Self::Execute { order: Order::Start | Order::Reload, .. } => false,
            Self::Fallback { .. } | Self::Execute { order: Order::Stop, .. } => true,
        }
    }

    /// The program and its arguments, as far as they are known here: with `execute` the program is this one.
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Callback(command) => command.argv.clone(),
            Self::Fallback { virtual_id, action, command } => {
                let protocol = match virtual_id {
                    VirtualId::Addr { protocol, .. } => protocol.to_string(),
                    VirtualId::FwMark { .. } => "fwm".to_owned(),
                };
                let mut argv = command.argv.clone();
                argv.extend([action.to_string(), virtual_id.label(), protocol]);
                argv
            }
            Self::Execute { configuration, order } => {
                vec!["ldirectord".to_owned(), configuration.to_string(), order.to_string()]
            }
        }
    }

    /// What is told of its end.
    #[must_use]
    pub fn ended(&self, how: Result<(), String>) -> Fact {
        let program = |command: &model::Command| command.argv.first().cloned().unwrap_or_default();
        match (self, how) {
            (Self::Callback(command), Ok(())) => Fact::CallbackRan { program: program(command) },
            (Self::Callback(command), Err(reason)) => {
                Fact::CallbackFailed { program: program(command), reason }
            }
            (Self::Fallback { virtual_id, action, command }, Ok(())) => Fact::FallbackCommandRan {
                virtual_id: *virtual_id,
                action: *action,
                program: program(command),
            },
            (Self::Fallback { virtual_id, action, command }, Err(reason)) => Fact::FallbackCommandFailed {
                virtual_id: *virtual_id,
                action: *action,
                program: program(command),
                reason,
            },
            (Self::Execute { configuration, order }, Ok(())) => {
                Fact::ExecuteRan { configuration: configuration.clone(), order: *order }
            }
            (Self::Execute { configuration, order }, Err(reason)) => {
                Fact::ExecuteFailed { configuration: configuration.clone(), order: *order, reason }
            }
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Reload => "reload",
            Self::Stop => "stop",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Stop => "stop",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_arguments_come_first_and_a_mark_is_its_number() {
        let command = Arc::new(model::Command { argv: vec!["/fb".into(), "one".into()] });
        let argv = |id: &str| {
            let virtual_id = id.parse().unwrap();
            Hook::Fallback { virtual_id, action: Action::Start, command: command.clone() }.argv()
        };
        assert_eq!(argv("udp:192.0.2.1:53"), ["/fb", "one", "start", "192.0.2.1:53", "udp"]);
        assert_eq!(argv("tcp:[2001:db8::1]:80"), ["/fb", "one", "start", "[2001:db8::1]:80", "tcp"]);
        assert_eq!(argv("fwm6:5"), ["/fb", "one", "start", "5", "fwm"]);
    }
}
