//! Everything that runs: capabilities, pages, jobs.
