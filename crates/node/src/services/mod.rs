//! Running a service for a person: draft, questions, register facts, check, submission, receipt, status.
//!
//! Always true here: a draft is opened only in its person's session; nothing leaves the host before the submission that the
//! person's fresh login was bound to; what is submitted is delivered at least once and handled once.

pub mod draft;
pub mod prepare;
pub mod vault;
