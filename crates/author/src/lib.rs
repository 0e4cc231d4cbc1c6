//! What an author does with a service document, from the first line to the board's decision.
//!
//! Always true: everything here is a function of the document's files; there is no network, no clock that decides anything and
//! no node. What runs a service is in the `samverk` crate, what a document means is in `samverk-domain`. Reading order:
//! [`folder`] (a service's files), [`layout`] (a file's lines, tables and cells), [`format`] (the same file, aligned),
//! [`coverage`] (what examples try), [`figures`] (a service in figures), [`findings`] (what is wrong, for people and
//! programs), [`faults`] (slips sown to try the checker), [`export`] (the document in the
//! notations of others), [`against`] (two versions beside each other), [`forms`] (today's forms beside the service),
//! [`report`] (what a check says at its end), [`plain`] (how
//! plain its Swedish is), [`paper`]
//! (the decision to adopt it), [`blankett`] (the service as a form on paper), [`cli`] (the commands), [`lsp`] (the same while writing, in an editor).

pub mod against;
pub mod blankett;
pub mod cli;
pub mod coverage;
pub mod export;
pub mod faults;
pub mod figures;
pub mod findings;
pub mod folder;
pub mod format;
pub mod forms;
pub mod import;
pub mod layout;
pub mod lsp;
pub mod paper;
pub mod plain;
pub mod preview;
pub mod report;
#[cfg(test)]
mod testing;
