//! Jäv: who may not take part, declared and decided.
//!
//! Always true here: the provision follows from the authority. In municipalities kommunallagen 6 kap. 28–32 §§ (and 7 kap.
//! 4 § for employees) goes before förvaltningslagen 16–18 §§ (FL 4 §). A declaration stops its official until it is decided.

use serde::{Deserialize, Serialize};

use super::decision::{Authority, Official};
use crate::words::time::Moment;

/// Why someone may be disqualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circumstance {
    /// The matter is their own, or a close person's.
    OwnOrCloseMatter,
    /// They, or someone close, represent one whom the outcome concerns.
    Representative,
    /// They have acted as ombud or for pay in the matter.
    ActedForParty,
    /// They took part in the earlier instance, or supervise an activity that they are tied to.
    EarlierInstanceOrSupervision,
    /// Something else that puts their impartiality in question.
    Other,
}

/// What was decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    Disqualified,
    NotDisqualified,
    /// The question of impartiality is obviously without importance (KL 6:30, FL 16 § last paragraph).
    Disregarded,
}

/// A declared circumstance, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    pub official: Official,
    pub circumstance: Circumstance,
    pub declared: Moment,
    pub ruling: Option<(Ruling, Moment)>,
}

/// Whether an official may take part in a case with these declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Free,
    /// Declared and not yet decided.
    Open,
    Disqualified,
}

pub fn standing(declarations: &[Declaration], official: &Official) -> Standing {
    let mut standing = Standing::Free;
    for declaration in declarations
        .iter()
        .filter(|declaration| declaration.official == *official)
    {
        match declaration.ruling {
            Some((Ruling::Disqualified, _)) => return Standing::Disqualified,
            None => standing = Standing::Open,
            Some(_) => {}
        }
    }
    standing
}

/// The provisions to cite.
pub const fn law(authority: Authority) -> &'static str {
    match authority {
        Authority::Municipal => "2017:725 6 kap. 28–32 §§ och 2017:725 7 kap. 4 §",
        Authority::State | Authority::Private => "2017:900 16–18 §§",
    }
}
