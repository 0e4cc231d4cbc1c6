//! Firmateckning: who may sign for a company, alone or together with others.
//!
//! As the register writes it: `ensam: <pnr>, <pnr>` and `två i förening: <pnr>, <pnr>, …` (tre, fyra, alla), several parted by
//! ` / `. Always true of a [`Signing`]: every rule names at least as many different people as must sign together. A rule "two
//! of these" stands for all its pairs; nothing is spelled out, so a large board costs nothing.

use std::collections::BTreeSet;
use std::fmt;

use super::ids::{NotANumber, PersonId};

/// People in one rule; the largest boards have some dozens.
pub const PEOPLE_MAX: usize = 200;
/// Rules in one text; registers have a few.
pub const RULES_MAX: usize = 20;

/// The people without whom a company cannot sign: any one rule is enough.
#[derive(Clone, PartialEq, Eq)]
pub struct Signing {
    rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Eq)]
struct Rule {
    together: Together,
    people: BTreeSet<PersonId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Together {
    /// 1 is alone.
    Count(usize),
    All,
}

/// What one person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaySign {
    Alone,
    /// With others: so many signatures in all, the person's own included.
    Together(usize),
    No,
}

/// Why a text is no rule of signing. Never repeats a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigning {
    #[error("Skriv firmateckningen som ”ensam: …” eller ”två i förening: …”, med personnummer efter kolonet.")]
    Form,
    #[error("Firmateckningen anger färre personer än som ska teckna tillsammans.")]
    TooFewPeople,
    #[error("Samma person står två gånger i en regel om firmateckning.")]
    SamePersonTwice,
    #[error("Firmateckningen har för många regler eller personer.")]
    TooMany,
    #[error("Firmateckningen: {0}")]
    Number(#[from] NotANumber),
}

const WORDS: [(&str, Together); 5] = [
    ("ensam", Together::Count(1)),
    ("två i förening", Together::Count(2)),
    ("tre i förening", Together::Count(3)),
    ("fyra i förening", Together::Count(4)),
    ("alla i förening", Together::All),
];

impl Signing {
    pub fn parse(text: &str) -> Result<Self, NotSigning> {
        let texts: Vec<&str> = text.split('/').collect();
        if texts.len() > RULES_MAX {
            return Err(NotSigning::TooMany);
        }
        let rules = texts.into_iter().map(Rule::parse).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether these people together sign for the company.
    pub fn signed_by(&self, people: &BTreeSet<PersonId>) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.people.intersection(people).count() >= rule.needed())
    }

    pub fn may_sign(&self, person: &PersonId) -> MaySign {
        let fewest = self
            .rules
            .iter()
            .filter(|rule| rule.people.contains(person))
            .map(Rule::needed)
            .min();
        match fewest {
            None => MaySign::No,
            Some(1) => MaySign::Alone,
            Some(several) => MaySign::Together(several),
        }
    }

    pub fn may_sign_alone(&self, person: &PersonId) -> bool {
        self.may_sign(person) == MaySign::Alone
    }

    /// Everyone who may sign, alone or with others.
    pub fn people(&self) -> BTreeSet<&PersonId> {
        self.rules.iter().flat_map(|rule| &rule.people).collect()
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, NotSigning> {
        let (words, numbers) = text.split_once(':').ok_or(NotSigning::Form)?;
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let (_, together) = WORDS
            .iter()
            .find(|(known, _)| *known == words)
            .ok_or(NotSigning::Form)?;
        let mut people = BTreeSet::new();
        for number in numbers.split(',') {
            if people.len() == PEOPLE_MAX {
                return Err(NotSigning::TooMany);
            }
            if !people.insert(PersonId::parse(number.trim())?) {
                return Err(NotSigning::SamePersonTwice);
            }
        }
        let rule = Self {
            together: *together,
            people,
        };
        if rule.people.len() < rule.needed() {
            return Err(NotSigning::TooFewPeople);
        }
        Ok(rule)
    }

    fn needed(&self) -> usize {
        match self.together {
            Together::Count(count) => count,
            Together::All => self.people.len(),
        }
    }
}

/// The one form in which a register stores it.
impl fmt::Display for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            if index > 0 {
                f.write_str(" / ")?;
            }
            let word = WORDS
                .iter()
                .find(|(_, together)| *together == rule.together)
                .map_or("alla i förening", |(word, _)| word);
            let people: Vec<&str> = rule.people.iter().map(PersonId::digits).collect();
            write!(f, "{word}: {}", people.join(", "))?;
        }
        Ok(())
    }
}

/// Identity numbers are not for logs.
impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signing({} rules)", self.rules.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Skatteverket's official test numbers.
    const A: &str = "198404272380";
    const B: &str = "196902209292";
    const C: &str = "197110089294";

    fn person(number: &str) -> PersonId {
        PersonId::parse(number).unwrap()
    }

    #[test]
    fn who_signs_alone_needs_nobody_and_who_signs_jointly_is_told_how_many() {
        let signing = Signing::parse(&format!("ensam: {A} / två i förening: {A}, {B}, {C}")).unwrap();
        assert_eq!(signing.may_sign(&person(A)), MaySign::Alone);
        assert_eq!(signing.may_sign(&person(B)), MaySign::Together(2));
        assert_eq!(signing.may_sign(&person("197909262383")), MaySign::No);
        assert!(signing.signed_by(&BTreeSet::from([person(B), person(C)])));
        assert!(!signing.signed_by(&BTreeSet::from([person(B)])));
        assert!(!signing.signed_by(&BTreeSet::new()));
        assert_eq!(signing.people().len(), 3);
    }

    #[test]
    fn all_in_union_means_every_one() {
        let signing = Signing::parse(&format!("alla i förening: {A}, {B}, {C}")).unwrap();
        assert_eq!(signing.may_sign(&person(A)), MaySign::Together(3));
        assert!(!signing.signed_by(&BTreeSet::from([person(A), person(B)])));
    }

    #[test]
    fn what_was_written_is_read_back_the_same() {
        let signing = Signing::parse(&format!("Ensam: 19840427-2380 /  tre  i förening: {A}, {B}, {C}")).unwrap();
        assert_eq!(Signing::parse(&signing.to_string()), Ok(signing));
    }

    #[test]
    fn a_rule_that_nobody_can_fulfil_or_read_is_refused() {
        for (text, why) in [
            (String::new(), NotSigning::Form),
            (A.to_owned(), NotSigning::Form),
            (format!("fem i förening: {A}"), NotSigning::Form),
            (format!("två i förening: {A}"), NotSigning::TooFewPeople),
            (format!("ensam: {A}, {A}"), NotSigning::SamePersonTwice),
            (
                "ensam: 198404272381".to_owned(),
                NotSigning::Number(NotANumber::CheckDigit),
            ),
            (format!("ensam: {A}/").repeat(30), NotSigning::TooMany),
        ] {
            assert_eq!(Signing::parse(&text), Err(why));
        }
    }
}
