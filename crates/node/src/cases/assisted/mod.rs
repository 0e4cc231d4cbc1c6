//! The assisted and the paper channel: an official enters what came on paper, at the counter or by telephone.
//!
//! Always true: only who has the permission in a body whose steps the paper is about can begin, see or finish an entry; the
//! questions, their order and their checks are the service document's own; what the paper does not answer is left open and
//! becomes a need of completion (FL 20 §), never a refusal; registers are read under the body's own contract for the purpose
//! and never as the applicant's request; nothing is said to come from a login; who entered what from which paper is in the
//! sealed log, in the diary, on the case and in the person's own insight.
//!
//! Reading order: [`entry`] (what is kept while it is entered), [`registers`] (what the body reads itself), [`enter`] (it
//! becomes cases and messages), [`record`] (the sealed log and insight), [`pages`], [`incoming`] (a completion or an answer on
//! paper), [`outgoing`] (letters that are posted, and service).

pub mod entry;

pub mod registers;

pub mod enter;

pub mod record;

pub mod pages;

pub mod incoming;

pub mod outgoing;
