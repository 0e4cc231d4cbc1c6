//! What a signature was checked over. Only the verifiers of this crate can make one, so that a check cannot be forgotten.

/// A value that was read from signed bytes, and the key that had signed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    kid: String,
}

impl<T> Verified<T> {
    pub(crate) fn new(value: T, kid: String) -> Self {
        Self { value, kid }
    }

    /// RFC 7638 thumbprint of the key whose signature held.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Reads something out of what was signed; it is as verified as its source.
    pub fn read<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified {
            value: read(self.value)?,
            kid: self.kid,
        })
    }

    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
