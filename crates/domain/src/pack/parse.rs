//! Reads a service document strictly: what is not understood is a finding with place, reason and suggestion.

use crate::finding::{Finding, SourceFile};

use super::{Example, Pack};

/// Reads a whole document. With any finding of severity error there is no `Pack`… unless the reader could go on; callers
/// must look at the findings first.
pub fn pack(files: Vec<SourceFile>) -> (Option<Pack>, Vec<Finding>) {
    let _ = files;
    (None, Vec::new())
}

/// Reads a scenario file against a pack.
pub fn scenario(pack: &Pack, file: SourceFile) -> (Option<Example>, Vec<Finding>) {
    let _ = (pack, file);
    (None, Vec::new())
}
