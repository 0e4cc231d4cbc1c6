//! The column `Källa`: where a fact comes from.

use super::source::{Reader, Slice, list, shown};
use super::types;
use crate::fact::Name;
use crate::pack::{Held, Mode, NoRecord, Referral, RegisterSource, Required, Source, Type, Unit, WhenDown};

const KNOWN: [&str; 9] = [
    "inloggning",
    "företräds",
    "sökanden",
    "register",
    "handläggare",
    "remiss",
    "steg",
    "regel",
    "parameter",
];

/// A source with the names in it that must exist.
pub(super) struct Read<'a> {
    pub source: Source,
    /// The subject of a register, the role of a referral, or the step.
    pub refers_to: Option<(Slice<'a>, Name)>,
    /// Behind `sökanden`.
    pub held: Option<Held>,
}

pub(super) fn source<'a>(reader: &mut Reader, at: Slice<'a>, ty: Option<&Type>) -> Option<Read<'a>> {
    let (first, rest) = at.first_word();
    // `sökanden, handläggare`: the known word, and then something more.
    let (first, rest) = match first.text.find([',', ';']) {
        Some(end) => (first.range(0, end), at.trim().from(end)),
        None => (first, rest),
    };
    let alone = |source: Source| {
        Some(Read {
            source,
            refers_to: None,
            held: None,
        })
    };
    let word = first.fold();
    match word.as_str() {
        "register" => return register(reader, at, rest, ty),
        "remiss" => return referral(reader, at, rest),
        "steg" => {
            if rest.is_empty() {
                reader.error(
                    "S043",
                    at,
                    "Källan säger inte vilket steg.",
                    "steg saknas",
                    "Skriv till exempel steg bolag.",
                );
                return None;
            }
            let step = reader.plain_name(rest, "Ett steg")?;
            return Some(Read {
                source: Source::Step(step.it.clone()),
                refers_to: Some((rest, step.it)),
                held: None,
            });
        }
        _ => {}
    }
    let source = match word.as_str() {
        "inloggning" => Source::Login,
        "företräds" => Source::Represented,
        "sökanden" => Source::Applicant,
        "handläggare" => Source::CaseWorker,
        "regel" => Source::Rule,
        "parameter" => Source::Parameter,
        _ => {
            let suggestion = match reader.nearest(first.text, KNOWN) {
                Some(known) => format!("Menade du {known}?"),
                None => format!("Här kan stå {}.", list(&KNOWN)),
            };
            let at = if at.is_empty() { at } else { first };
            reader.error(
                "S042",
                at,
                format!("Källan {} finns inte.", shown(at)),
                "okänd källa",
                suggestion,
            );
            return None;
        }
    };
    if source == Source::Applicant && rest.text.starts_with(';') {
        return Some(Read {
            source,
            refers_to: None,
            held: held(reader, rest.from(1).trim()),
        });
    }
    if !rest.is_empty() {
        reader.error(
            "S043",
            rest,
            format!("Efter {word} står ingenting: en uppgift har en enda källa."),
            "hör inte hit",
            "Ta bort det, eller dela upp uppgiften i två.",
        );
    }
    alone(source)
}

/// `finns hos polisen; hinder 2009:400 18 kap. 2 §`
fn held(reader: &mut Reader, at: Slice<'_>) -> Option<Held> {
    let parts = at.split(';');
    let read = |part: Option<&Slice<'_>>, word: &str| {
        let stripped = part?.strip(word)?;
        (!stripped.is_empty()).then(|| stripped.with(stripped.prose()))
    };
    let by = read(parts.first(), "finns hos");
    let obstacle = read(parts.get(1), "hinder");
    match (by, parts.len(), obstacle) {
        (Some(by), 1, _) => Some(Held { by, obstacle: None }),
        (Some(by), 2, Some(obstacle)) => Some(Held {
            by,
            obstacle: Some(obstacle),
        }),
        _ => {
            reader.error(
                "S043",
                at,
                "Det går inte att läsa vem som redan har uppgiften.",
                "okänd del",
                "Skriv till exempel sökanden; finns hos Polismyndigheten; hinder 2009:400 18 kap. 2 §.",
            );
            None
        }
    }
}

/// `skatt.f-skatt för företag.orgnr, via sökanden; ingen post = nej; ur funktion = fråga`
fn register<'a>(reader: &mut Reader, at: Slice<'a>, rest: Slice<'a>, ty: Option<&Type>) -> Option<Read<'a>> {
    let example = "Skriv till exempel register skatt.f-skatt för företag.orgnr, via sökanden.";
    let parts = rest.split(';');
    let head = parts[0];
    let Some((what, mode_part)) = head.split_once(",") else {
        let end = if head.is_empty() { at } else { head };
        reader.error(
            "S043",
            end,
            "Källan säger inte hur registret frågas.",
            "sätt saknas",
            "Skriv , via sökanden eller , direkt efter uppgiften.",
        );
        return None;
    };
    let mode = match mode_part.fold().as_str() {
        "via sökanden" => Mode::ViaApplicant,
        "direkt" => Mode::Direct,
        _ => {
            let at = if mode_part.is_empty() { head } else { mode_part };
            reader.unknown(
                "S048",
                at,
                "Ett register frågas inte på det sättet.",
                "okänt sätt",
                ["via sökanden", "direkt"],
            );
            return None;
        }
    };
    let (field_part, after) = what.first_word();
    let Some(subject_part) = after.strip("för").filter(|subject| !subject.is_empty()) else {
        let at = if after.is_empty() { what } else { after };
        reader.error(
            "S043",
            at,
            "Källan säger inte vems eller vad uppgiften i registret gäller.",
            "för <uppgift> saknas",
            example,
        );
        return None;
    };
    let Some((register_part, field)) = field_part.split_once(".") else {
        reader.error("S043", field_part, "Registrets fält saknas.", "fält saknas", example);
        return None;
    };
    let register = reader.name(register_part)?;
    let field = reader.name(field)?;
    let subject = reader.name(subject_part)?;
    let mut no_record = None;
    let mut when_down = None;
    for option in &parts[1..] {
        if option.is_empty() {
            reader.error(
                "S043",
                at,
                "Efter ett semikolon saknas något.",
                "tomt efter semikolon",
                "Ta bort semikolonet.",
            );
            continue;
        }
        let Some((key, value)) = option.split_once("=") else {
            reader.unknown(
                "S043",
                *option,
                "Villkoret går inte att läsa.",
                "= saknas",
                ["ingen post = saknas", "ur funktion = fråga"],
            );
            continue;
        };
        let twice = match key.fold().as_str() {
            "ingen post" => {
                // A fault in the value leaves the source itself readable.
                let read = no_record_of(reader, value, ty).unwrap_or(NoRecord::Missing);
                no_record.replace(read).is_some()
            }
            "ur funktion" => {
                let when = match value.fold().as_str() {
                    "fråga" => WhenDown::Ask,
                    "vänta" => WhenDown::Wait,
                    _ => {
                        let at = if value.is_empty() { key } else { value };
                        reader.unknown(
                            "S048",
                            at,
                            "Det går inte att göra när registret är ur funktion.",
                            "okänt ord",
                            ["fråga", "vänta"],
                        );
                        WhenDown::Wait
                    }
                };
                when_down.replace(when).is_some()
            }
            _ => {
                reader.unknown(
                    "S043",
                    key,
                    "Villkoret finns inte.",
                    "okänt villkor",
                    ["ingen post", "ur funktion"],
                );
                false
            }
        };
        if twice {
            reader.error(
                "S043",
                *option,
                "Villkoret står två gånger.",
                "andra gången",
                "Ta bort det ena.",
            );
        }
    }
    Some(Read {
        source: Source::Register(RegisterSource {
            register: register.it,
            field: field.it,
            subject: subject.it.clone(),
            mode,
            no_record: no_record.unwrap_or(NoRecord::Missing),
            when_down: when_down.unwrap_or(WhenDown::Wait),
        }),
        refers_to: Some((subject_part, subject.it)),
        held: None,
    })
}

fn no_record_of(reader: &mut Reader, value: Slice<'_>, ty: Option<&Type>) -> Option<NoRecord> {
    Some(match (value.fold().as_str(), ty) {
        ("saknas", _) => NoRecord::Missing,
        ("ej aktuellt", _) => NoRecord::NotApplicable,
        (_, Some(ty)) => NoRecord::Value(types::value(reader, "S052", ty, value)?),
        // The type could not be read, which is already reported.
        (_, None) => NoRecord::Missing,
    })
}

/// `polis, krävs för bifall, 6 veckor`
fn referral<'a>(reader: &mut Reader, at: Slice<'a>, rest: Slice<'a>) -> Option<Read<'a>> {
    let [role, required, weeks] = rest.split(',')[..] else {
        reader.error(
            "S043",
            at,
            "En remiss har tre delar: roll, om svaret krävs och hur länge det väntas.",
            "ofullständig",
            "Skriv till exempel remiss polis, krävs för bifall, 6 veckor.",
        );
        return None;
    };
    let role_part = role;
    let role = reader.plain_name(role_part, "En roll");
    let required_as = match required.fold().as_str() {
        "krävs för bifall" => Some(Required::ForGrant),
        "krävs" => Some(Required::Always),
        "frivillig" => Some(Required::Optional),
        _ => {
            let at = if required.is_empty() { rest } else { required };
            reader.unknown(
                "S048",
                at,
                "Det säger inte om remissens svar krävs.",
                "okänt ord",
                ["krävs för bifall", "krävs", "frivillig"],
            );
            None
        }
    };
    let length = types::length(reader, weeks)?;
    if length.unit != Unit::Weeks {
        reader.error(
            "S047",
            weeks,
            "En remiss väntas i veckor.",
            "inte veckor",
            "Skriv till exempel 6 veckor.",
        );
        return None;
    }
    let role = role?;
    Some(Read {
        source: Source::Referral(Referral {
            role: role.it.clone(),
            required: required_as?,
            weeks: length.number,
        }),
        refers_to: Some((role_part, role.it)),
        held: None,
    })
}
