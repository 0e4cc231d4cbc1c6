//! Whom the test e-legitimation can be: Skatteverket's official test numbers and nobody else (`numbers/SOURCE.md`).
//!
//! The demonstration's people have the names that its population register and staff list give them; any other test number gets
//! a name that says what it is.

use std::sync::LazyLock;

use samverk_domain::words::ids::PersonId;

const PERSONNUMMER: &str = include_str!("numbers/personnummer.txt");
const SAMORDNINGSNUMMER: &str = include_str!("numbers/samordningsnummer.txt");
const POPULATION: &str = include_str!("../../demo/registers/folkbokföring.csv");
const STAFF: &str = include_str!("../../demo/staff.csv");

/// Whether the number is one of Skatteverket's test numbers.
pub fn is_test_number(person: &PersonId) -> bool {
    listed(PERSONNUMMER, person.digits()) || listed(SAMORDNINGSNUMMER, person.digits())
}

/// Looks in a text of sorted lines of 12 digits each.
fn listed(lines: &str, digits: &str) -> bool {
    const LINE: usize = 13;
    let bytes = lines.as_bytes();
    let at = |index: usize| bytes.get(index * LINE..index * LINE + 12).unwrap_or_default();
    let (mut low, mut high) = (0, bytes.len() / LINE);
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle).cmp(digits.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    false
}

/// A person of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub number: PersonId,
    pub name: String,
    /// `Livsmedelsinspektör, exempelkommun-a.miljonamnden`; empty for those who work nowhere here.
    pub work: String,
}

/// The demonstration's people: first those in the population register, then staff.
pub static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut known: Vec<Known> = Vec::new();
    let mut add = |source: &str, number: &str, name: &str, work: &[&str]| {
        let mut reader = csv::Reader::from_reader(source.as_bytes());
        let headers = reader.headers().cloned().unwrap_or_default();
        let column = |wanted: &str| headers.iter().position(|header| header == wanted);
        for row in reader.records().flatten() {
            let cell = |wanted: &str| column(wanted).and_then(|at| row.get(at)).unwrap_or_default().to_owned();
            let Ok(number) = PersonId::parse(&cell(number)) else {
                continue;
            };
            if known.iter().any(|person| person.number == number) {
                continue;
            }
            known.push(Known {
                number,
                name: cell(name),
                work: work.iter().map(|wanted| cell(wanted)).collect::<Vec<_>>().join(", "),
            });
        }
    };
    add(POPULATION, "ämne", "namn", &[]);
    add(STAFF, "pnr", "namn", &["titel", "organ"]);
    known
});

/// What the e-legitimation says that the person is called.
pub fn name_of(person: &PersonId) -> String {
    KNOWN
        .iter()
        .find(|known| known.number == *person)
        .map_or_else(|| "Test Testperson".to_owned(), |known| known.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_number_is_found_and_its_neighbours_are_not() {
        for lines in [PERSONNUMMER, SAMORDNINGSNUMMER] {
            assert!(lines.len() % 13 == 0);
            let all: Vec<&str> = lines.lines().collect();
            assert!(all.is_sorted());
            for number in [all[0], all[all.len() / 2], all[all.len() - 1]] {
                assert!(listed(lines, number));
            }
            assert!(all.iter().all(|number| listed(lines, number)));
            assert!(!listed(lines, "000000000000") && !listed(lines, "999999999999"));
        }
    }

    #[test]
    fn everybody_in_the_demonstration_has_an_official_test_number() {
        assert!(KNOWN.len() > 20);
        for known in KNOWN.iter() {
            assert!(is_test_number(&known.number), "{}", known.name);
            assert!(!known.name.is_empty());
        }
    }
}
