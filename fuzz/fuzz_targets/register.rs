//! Lines of a register's file: any header and any row; a reason never repeats what looks like an identity number.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use samverk::registers::import::Header;
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;

const REGISTERS: [&str; 6] = ["bolag", "skatt", "indrivning", "folkbokföring", "fastighet", "eget"];

fuzz_target!(|data: (u8, &[u8], &[u8])| {
    let (which, header, row) = data;
    let register = Name::parse(REGISTERS[usize::from(which) % REGISTERS.len()]).expect("a register's name");
    let body = BodyId::parse("registret").expect("a body's id");
    let Ok(header) = Header::parse(header, &register, &body) else {
        return;
    };
    if let Err(why) = header.entry(row, 2, &body, date(2026, 6, 15)) {
        let digits = why.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(digits < Some(10), "a reason repeats a number");
    }
});
