//! What happened: one list of event kinds; effects are computed from these and nothing else.

use serde::{Deserialize, Serialize};

/// Kinds of events, with their stable names in log and file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Started,
    FieldPrefilled,
    FieldEntered,
    FieldDisputed,
    AttachmentAvoided,
    AttachmentUploaded,
    Submitted,
    CompletionRequested,
    Completed,
    RegisterQuery,
    RegisterFailed,
    DecidedAutomatic,
    DecidedManual,
    HandlingSession,
    PostDelivered,
    Abandoned,
    ReusedAnswerRefused,
    StepOpened,
    StepClosed,
}
