//! Who may do what: one list.
//!
//! Roles are held in one body. Having a role in a body gives nothing in another on the same node: a host's staff have no
//! permission in a guest. An operator runs the machine and reads no case. What is not in the list is not allowed.

use samverk_domain::terms::BodyId;

use crate::config::Role;

/// Something that a page or a use case does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Start page, services, effects, accessibility: no login.
    ReadPublicPages,
    /// Draft, questions, register facts, submission; to sign what another has sealed for one's signature.
    RunService,
    /// Mina ärenden, post, insight: one's own.
    ReadOwn,
    /// Answer a completion request or a hearing, withdraw, appeal: one's own.
    ActInOwnCase,
    SeeQueue,
    OpenCase,
    /// Register, type and secrecy-mark documents.
    Register,
    /// Enter what came on paper, at the counter or by telephone, on behalf of somebody.
    EnterForOther,
    /// Take on a case and say whether there is bias (jäv).
    TakeOn,
    AskForCompletion,
    Refer,
    Hear,
    Assess,
    /// Tell the party that it takes longer (FL 11 §).
    Extend,
    HandOver,
    /// Write the draft decision.
    Draft,
    /// Decide by delegation.
    DecideAsDelegate,
    /// Record what the nämnd decided, with date and paragraph.
    RecordBoardDecision,
    /// Answer another body's referral.
    GiveOpinion,
    /// Decide an appeal's timeliness and forward it (FL 45–46 §§).
    ForwardAppeal,
    /// The body's own figures, unsuppressed: no case.
    SeeEffects,
    /// Failed jobs, contracts, federation: no case.
    Operate,
}

/// Who has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    Anybody,
    /// Whoever is logged in, in their own matters.
    Person,
    Roles(&'static [Role]),
}

use Role::{CaseWorker, Delegate, Operator, Registrar, Secretary};

/// The list.
pub const PERMISSIONS: &[(Permission, Holders)] = &[
    (Permission::ReadPublicPages, Holders::Anybody),
    (Permission::RunService, Holders::Person),
    (Permission::ReadOwn, Holders::Person),
    (Permission::ActInOwnCase, Holders::Person),
    (
        Permission::SeeQueue,
        Holders::Roles(&[Registrar, CaseWorker, Delegate, Secretary]),
    ),
    (
        Permission::OpenCase,
        Holders::Roles(&[Registrar, CaseWorker, Delegate, Secretary]),
    ),
    (Permission::Register, Holders::Roles(&[Registrar, CaseWorker])),
    (Permission::EnterForOther, Holders::Roles(&[Registrar, CaseWorker])),
    (Permission::TakeOn, Holders::Roles(&[CaseWorker, Delegate])),
    (Permission::AskForCompletion, Holders::Roles(&[CaseWorker])),
    (Permission::Refer, Holders::Roles(&[CaseWorker])),
    (Permission::Hear, Holders::Roles(&[CaseWorker])),
    (Permission::Assess, Holders::Roles(&[CaseWorker])),
    (Permission::Extend, Holders::Roles(&[CaseWorker])),
    (Permission::HandOver, Holders::Roles(&[CaseWorker, Registrar])),
    (Permission::Draft, Holders::Roles(&[CaseWorker])),
    (Permission::DecideAsDelegate, Holders::Roles(&[Delegate])),
    (Permission::RecordBoardDecision, Holders::Roles(&[Secretary])),
    (Permission::GiveOpinion, Holders::Roles(&[CaseWorker])),
    (Permission::ForwardAppeal, Holders::Roles(&[CaseWorker, Delegate])),
    (Permission::SeeEffects, Holders::Roles(&Role::ALL)),
    (Permission::Operate, Holders::Roles(&[Operator])),
];

/// Who has the permission.
pub fn holders(permission: Permission) -> Holders {
    PERMISSIONS
        .iter()
        .find(|(listed, _)| *listed == permission)
        .map_or(Holders::Roles(&[]), |(_, holders)| *holders)
}

/// The role, of those that the person has in the body, that gives the permission.
pub fn role_for(permission: Permission, roles: impl IntoIterator<Item = Role>) -> Option<Role> {
    match holders(permission) {
        Holders::Roles(allowed) => roles.into_iter().find(|role| allowed.contains(role)),
        Holders::Anybody | Holders::Person => None,
    }
}

/// Why staff may not: the difference decides between 404 and 403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPermitted {
    /// No role at all in the body: its cases do not exist for this person.
    NotInBody(BodyId),
    /// In the body, but not with this permission.
    NotInRole,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_permission_matrix() {
        let mut matrix = format!("{:<22}{:<9}{:<8}", "", "anybody", "person");
        for role in Role::ALL {
            let _ = write!(matrix, "{:<18}", role.word());
        }
        let _ = writeln!(matrix, "host's staff in a guest");
        for (permission, holders) in PERMISSIONS {
            let mark = |yes: bool| if yes { "yes" } else { "-" };
            let _ = write!(
                matrix,
                "{:<22}{:<9}{:<8}",
                format!("{permission:?}"),
                mark(*holders == Holders::Anybody),
                mark(matches!(holders, Holders::Anybody | Holders::Person)),
            );
            for role in Role::ALL {
                let _ = write!(matrix, "{:<18}", mark(role_for(*permission, [role]).is_some()));
            }
            let _ = writeln!(matrix, "{}", mark(role_for(*permission, []).is_some()));
        }
        insta::assert_snapshot!(matrix.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn every_permission_stands_once_in_the_list() {
        for (at, (permission, _)) in PERMISSIONS.iter().enumerate() {
            assert!(
                !PERMISSIONS[..at].iter().any(|(other, _)| other == permission),
                "{permission:?}"
            );
        }
    }

    #[test]
    fn an_operator_reads_no_case() {
        for permission in [Permission::SeeQueue, Permission::OpenCase, Permission::Register] {
            assert_eq!(role_for(permission, [Operator]), None);
        }
    }
}
