//! Running a service for a person: draft, questions, register facts, check, submission, receipt, status.
//!
//! Always true here: a draft is opened only in its person's session; nothing leaves the host before the submission that the
//! person's fresh login was bound to, and before everybody who must sign has; what is submitted is delivered at least once
//! and handled once. Reading order:
//! [`draft`] (what is known), [`vault`] (where it is kept), [`represent`] (for whom), [`fetch`] (what registers know),
//! [`field`] (what a person types), [`prepare`] (what would be submitted), [`submit`], [`signing`] (what others sign
//! first, with [`signing_pages`]), [`inbound`] (what bodies say afterwards), [`replies`] (what the person answers them),
//! [`duties`] (what the person must do then), [`pages`],
//! [`paper`] (the service as a form, beside today's forms).

pub mod draft;
pub mod duties;
pub mod fetch;
pub mod field;
pub mod inbound;
pub mod pages;
pub mod paper;
pub mod prepare;
pub mod replies;
pub mod represent;
pub mod signing;
pub mod signing_pages;
pub mod submit;
pub mod vault;
