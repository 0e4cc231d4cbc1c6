//! What the tests of whole nodes share: a real browser, and nodes as child processes.
//!
//! Always true: every process that a test starts is ended with the test; ports are free ones; nothing is asked outside this
//! machine. Reading order: [`nodes`], [`browser`],
//! [`applicant`], [`looking`], [`paper`].

#![allow(dead_code, reason = "each test binary uses its part of this")]
#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

pub mod applicant;
pub mod browser;
pub mod looking;
pub mod nodes;
pub mod paper;
