//! What others have written, as a part of a service document.

pub mod dmn;
