//! What is proved before a service is published: see `docs/language.md` and DESIGN "The checker".

use crate::finding::Finding;
use crate::pack::Pack;
use crate::terms::Federation;

/// Every finding's stable code with one line of what it means.
pub const CODES: &[(&str, &str)] = &[];

/// Proves what can be proved. With a federation also that every body resolves and every offer is there.
pub fn check(pack: &Pack, federation: Option<&Federation>) -> Vec<Finding> {
    let _ = (pack, federation);
    Vec::new()
}
