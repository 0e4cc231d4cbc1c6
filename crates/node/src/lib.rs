//! Everything that runs: capabilities, pages, jobs.

pub mod cli;
pub mod packs;

pub mod services;
