//! Base registers (grunddata) that a body of this node keeps: taken in from files, read one subject at a time.
//!
//! Always true: a value has a producer, the instant when it was recorded and, where known, since when it holds; changes are
//! kept with what was before; a row that is not understood is set aside whole and lost never; about a protected person
//! nothing is said. Who may read what is decided before, by contract (`exchange`); here is only what the register says.
//!
//! Reading order: this file ([`answer`]), [`base`] (which registers and columns there are), [`import`] (files).

pub mod base;
pub mod import;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, FieldAnswer, FieldError, Subject};
use samverk_domain::words::ids::Business;
use samverk_store::registers::{self as table, Reading, SubjectKey};
use samverk_store::{StoreError, Tx};

/// What the body's register says about one subject at the instant, field by field. A field that the register does not have is
/// [`FieldError::Unavailable`]; a number that is no number has no record.
pub fn answer(
    tx: &mut Tx,
    body: &BodyId,
    register: &Name,
    subject: &Subject,
    fields: &BTreeSet<Name>,
    at: Timestamp,
) -> Result<BTreeMap<Name, FieldAnswer>, StoreError> {
    let subject = subject_key(subject);
    let mut answers = BTreeMap::new();
    for field in fields {
        let answer = if table::field_type(tx, body, register, field)?.is_none() {
            FieldAnswer::Error {
                code: FieldError::Unavailable,
            }
        } else {
            match &subject {
                None => FieldAnswer::NoRecord,
                Some(subject) => match table::read(tx, body, register, subject, field, at)? {
                    Reading::NoRecord => FieldAnswer::NoRecord,
                    Reading::Protected => FieldAnswer::Error {
                        code: FieldError::Protected,
                    },
                    Reading::Value(held) => FieldAnswer::Value {
                        value: held.value,
                        valid_from: held.valid_from,
                        recorded_at: held.recorded_at,
                    },
                },
            }
        };
        answers.insert(field.clone(), answer);
    }
    Ok(answers)
}

/// The subject as registers know it. A sole trader's organisation number is a personnummer and is looked up as one.
pub fn subject_key(subject: &Subject) -> Option<SubjectKey> {
    match subject {
        Subject::OrgNr(number) | Subject::PersonNr(number) => Business::parse(number).ok().map(business_key),
        Subject::Property(designation) => base::designation(designation).map(|number| SubjectKey {
            kind: "property",
            number,
        }),
    }
}

fn business_key(business: Business) -> SubjectKey {
    SubjectKey {
        kind: match business {
            Business::Organisation(_) => "orgnr",
            Business::SoleTrader(_) => "personnr",
        },
        number: business.digits().to_owned(),
    }
}
