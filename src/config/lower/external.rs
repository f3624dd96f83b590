//! Checks by a program of the administrator's.

use std::sync::Arc;

use super::Lowering;
use crate::{
    config::{
        Resolver,
        draft::{self, CheckType},
    },
    model::{ExternalCheck, VirtualId},
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What is run, where a program says how the servers are; reports where it should and none is named.
    pub(super) fn external(
        &mut self,
        virtual_id: VirtualId,
        draft: &draft::Virtual,
        check_type: CheckType,
    ) -> Option<ExternalCheck> {
        let perl = match check_type {
            CheckType::External => false,
            CheckType::ExternalPerl => true,
            CheckType::Negotiate
            | CheckType::Connect
            | CheckType::Combined(_)
            | CheckType::Ping
            | CheckType::On
            | CheckType::Off => {
                if let Some(given) = &draft.check_command {
                    self.report
                        .warning(
                            given.span,
                            format!("\"checkcommand\" means nothing with checktype = {check_type}"),
                        )
                        .help("it is for checktype = external and external-perl");
                }
                return None;
            }
        };
        let Some(command) = &draft.check_command else {
            let span = draft.check_type.map_or(draft.at.span, |given| given.span);
            self.report
                .error(span, format!("checktype = {check_type} needs a \"checkcommand\""))
                .help("without one the older ldirectord counts all servers as up");
            return None;
        };
        Some(ExternalCheck { command: Arc::new(command.value.clone()), perl, virtual_id })
    }
}
