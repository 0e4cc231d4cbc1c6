//! Everything that runs: capabilities, pages, jobs.
//!
//! The ground: [`config`] (who runs this node), [`node`] (what it holds), [`ctx`] (who asks, on which ground), [`clock`],
//! [`chance`], [`seal`]. Then [`web`] and [`login`] for people, [`jobs`] for what happens afterwards, and the capabilities.

pub mod chance;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod node;
pub mod seal;

pub mod cli;
pub mod demo;
pub mod jobs;
pub mod library;
pub mod login;
pub mod web;

pub mod cases;
pub mod effects;
pub mod exchange;
pub mod post;
pub mod preview;
pub mod publishing;
pub mod registers;
pub mod services;
pub mod test_eid;
pub mod trust;
