//! Formats of the standards: parse, check, write. Pure; knows none of our words.
