//! Lagrum: a reference to a provision, parsed.

/// One or several references, as written and as parsed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lagrum {
    text: String,
}

impl Lagrum {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
