//! Identity numbers, codes, amounts, lagrum, names: any text.
//!
//! Nothing may panic; what was read is the same when it is written and read again; a refusal never repeats what was written.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;
use samverk_domain::words::amount::{self, Kronor};
use samverk_domain::words::codes::{County, Municipality};
use samverk_domain::words::ids::{Business, Organisationsnummer, PersonId, Personnummer, Samordningsnummer};
use samverk_domain::words::law::Lagrum;

fuzz_target!(|text: &str| {
    let day = date(2026, 6, 15);
    match PersonId::parse_on(text, day) {
        Ok(person) => {
            assert_eq!(PersonId::parse_on(person.digits(), day), Ok(person.clone()));
            assert_eq!(PersonId::parse_on(&person.written(), day), Ok(person.clone()));
            let _ = (person.birth_date(), person.age_on(day));
            let ordinary = Personnummer::parse_on(text, day).is_ok();
            assert_ne!(ordinary, Samordningsnummer::parse_on(text, day).is_ok());
        }
        Err(why) => assert!(text.len() < 8 || !why.to_string().contains(text)),
    }
    if let Ok(number) = Organisationsnummer::parse(text) {
        assert_eq!(Organisationsnummer::parse(&number.written()), Ok(number));
    }
    if let Ok(business) = Business::parse(text) {
        assert_eq!(Business::parse(business.digits()), Ok(business.clone()));
        let _ = business.written();
    }
    if let Ok(municipality) = Municipality::parse(text) {
        let _ = (municipality.name(), municipality.county(), municipality.reality());
    }
    let _ = County::parse(text);
    if let Ok(number) = amount::parse(text) {
        assert_eq!(amount::parse(&amount::swedish(number)), Ok(number));
    }
    if let Ok(kronor) = Kronor::parse(text) {
        assert_eq!(Kronor::parse(&kronor.to_string()), Ok(kronor));
    }
    if let Ok(lagrum) = Lagrum::parse(text) {
        assert_eq!(Lagrum::parse(lagrum.as_str()).as_ref(), Ok(&lagrum));
        let _ = (lagrum.in_full(), lagrum.out_of_force(day));
    }
    if let Ok(name) = Name::parse(text) {
        assert!(!name.prefix().is_empty());
    }
    if let Ok(body) = BodyId::parse(text) {
        assert_eq!(BodyId::parse(body.as_str()), Ok(body));
    }
});
