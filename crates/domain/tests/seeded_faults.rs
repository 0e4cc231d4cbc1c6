//! Faults that a writer of services makes, sown one at a time in the restaurant: each is found with its code on its line,
//! and the unchanged document gives neither an error nor a warning.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::fs;
use std::path::{Path, PathBuf};

use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::{check, pack};

/// One change in the document and what must be said about it.
struct Fault {
    name: &'static str,
    /// File, text that stands there exactly once, text that replaces it. An empty text to find: the file is taken away;
    /// `$`: the text is added at the file's end.
    changes: &'static [(&'static str, &'static str, &'static str)],
    code: &'static str,
    /// File, and text that stands on the line of the finding and nowhere else.
    at: (&'static str, &'static str),
}

const MAIN: &str = "tjanst.md";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang")
}

fn restaurant() -> Vec<SourceFile> {
    let mut paths = vec![];
    for folder in [folder(), folder().join("brev")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let decides = path.file_name().is_some_and(|name| name != "blanketter.md");
            if decides && path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| SourceFile {
            text: fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned(),
        })
        .collect()
}

fn findings(files: Vec<SourceFile>) -> Vec<Finding> {
    let (pack, mut found) = pack::parse::pack(files);
    if let Some(pack) = pack.filter(|_| found.iter().all(|finding| finding.severity != Severity::Error)) {
        found.extend(check::check(&pack, None));
    }
    found
}

fn sown(fault: &Fault) -> Vec<SourceFile> {
    let mut files = restaurant();
    for (path, find, replace) in fault.changes {
        let at = files
            .iter()
            .position(|file| file.path == *path)
            .unwrap_or_else(|| panic!("{}: {path}", fault.name));
        if find.is_empty() {
            files.remove(at);
            continue;
        }
        if *find == "$" {
            files[at].text.push_str(replace);
            continue;
        }
        let text = &files[at].text;
        assert_eq!(
            text.matches(find).count(),
            1,
            "{}: `{find}` must stand once in {path}",
            fault.name
        );
        files[at].text = text.replace(find, replace);
    }
    files
}

#[test]
fn the_restaurant_has_neither_errors_nor_warnings() {
    let files = restaurant();
    let found: Vec<_> = findings(files.clone())
        .into_iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| place(&finding, &files))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

fn place(finding: &Finding, files: &[SourceFile]) -> String {
    let file = &files[usize::from(finding.span.file.0)];
    let (line, column) = file.position(finding.span.start);
    format!(
        "{}:{line}:{column} {} {} {:?}",
        file.path, finding.code, finding.message, finding.example
    )
}

#[test]
fn every_sown_fault_is_found_on_its_line() {
    let mut missed = vec![];
    for fault in FAULTS {
        let files = sown(fault);
        let (path, marker) = fault.at;
        let file = files.iter().find(|file| file.path == path).unwrap();
        assert_eq!(
            file.text.matches(marker).count(),
            1,
            "{}: `{marker}` must stand once",
            fault.name
        );
        let byte = file.text.find(marker).unwrap();
        let (line, _) = file.position(byte as u32);
        let found = findings(files.clone());
        for finding in &found {
            let code = finding.code;
            assert!(check::codes().any(|(known, _)| *known == code), "{code} is not listed");
            // What the reader and the examples advise is tested beside them.
            let is_own = !code.starts_with("S0") && !code.starts_with("S7");
            assert!(!is_own || finding.suggestion.is_some(), "{code}: {}", finding.message);
        }
        let is_found = found.iter().any(|finding| {
            let of = &files[usize::from(finding.span.file.0)];
            finding.code == fault.code
                && finding.severity != Severity::Note
                && of.path == path
                && of.position(finding.span.start).0 == line
        });
        if !is_found {
            let all: Vec<_> = found.iter().map(|finding| place(finding, &files)).collect();
            missed.push(format!(
                "{}: {} at {path}:{line}, but found\n    {}",
                fault.name,
                fault.code,
                all.join("\n    ")
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {} missed:\n{}",
        missed.len(),
        FAULTS.len(),
        missed.join("\n")
    );
}

#[test]
fn there_are_at_least_forty_faults_and_no_two_are_called_the_same() {
    let names: std::collections::BTreeSet<_> = FAULTS.iter().map(|fault| fault.name).collect();
    assert_eq!(names.len(), FAULTS.len());
    assert!(FAULTS.len() >= 40);
}

const FAULTS: &[Fault] = &[
    // ---- what is written cannot be read ----
    Fault {
        name: "a condition names a fact that does not exist",
        changes: &[(MAIN, "| servering.alkohol = ja |", "| servering.alkhol = ja |")],
        code: "S033",
        at: (MAIN, "servering.alkhol"),
    },
    Fault {
        name: "a step's role does not exist",
        changes: &[(MAIN, "| gasol | brand | gasol.behövs", "| gasol | brnd | gasol.behövs")],
        code: "S033",
        at: (MAIN, "| brnd |"),
    },
    Fault {
        name: "a word is no choice of the fact",
        changes: &[(MAIN, "polis.yttrande = erinran |", "polis.yttrande = erinan |")],
        code: "S052",
        at: (MAIN, "= erinan"),
    },
    Fault {
        name: "a lagrum is unreadable",
        changes: &[(
            MAIN,
            "handläggare | 2010:1622 8 kap. 17 § |",
            "handläggare | alkohollagen kap 8 |",
        )],
        code: "S044",
        at: (MAIN, "alkohollagen kap 8"),
    },
    Fault {
        name: "a fact stands twice",
        changes: &[(
            MAIN,
            "| gas.ute | tal 0–5000 liter |",
            "| gas.inne | tal 0–5000 liter |",
        )],
        code: "S032",
        at: (MAIN, "Hur många liter gasol ska ni som mest ha helt utomhus?"),
    },
    Fault {
        name: "a deadline has no start",
        changes: &[(MAIN, "3 månader från komplett, förlängs 3 månader", "3 månader")],
        code: "S047",
        at: (MAIN, "| gasol | brand |"),
    },
    Fault {
        name: "a letter's placeholder names nothing",
        changes: &[("brev/avslag-gasol.md", "{företag.orgnr}", "{företag.ornr}")],
        code: "S033",
        at: ("brev/avslag-gasol.md", "{företag.ornr}"),
    },
    Fault {
        name: "a text's key belongs to nothing",
        changes: &[("texter.en.md", "| steg.gasol |", "| steg.gasl |")],
        code: "S060",
        at: ("texter.en.md", "steg.gasl"),
    },
    // ---- facts and sources ----
    Fault {
        name: "a fact is asked that nothing needs",
        changes: &[(
            MAIN,
            "| lokal.fastighet | fastighet |",
            "| kontakt.fax | text ≤ 30 | sökanden | 2017:900 19 § | Vilket faxnummer har ni? |\n| lokal.fastighet | fastighet |",
        )],
        code: "S105",
        at: (MAIN, "kontakt.fax"),
    },
    Fault {
        name: "a fact is fetched that nothing needs",
        changes: &[(
            MAIN,
            "| kontakt.telefon | text ≤ 30 |",
            "| företag.bransch | text ≤ 30 | register bolag.bransch för företag.orgnr, via sökanden | 2009:400 6 kap. 5 §; 2018:218 2 kap. 2 § | |\n| kontakt.telefon | text ≤ 30 |",
        )],
        code: "S105",
        at: (MAIN, "företag.bransch"),
    },
    Fault {
        name: "a parameter is used by nothing",
        changes: &[(
            MAIN,
            "| taxa.gasol | kr 0–50 000 |",
            "| taxa.brand | kr 0–50 000 | fullmäktige | saknas | ansökan | 2010:1011 27 § |\n| taxa.gasol | kr 0–50 000 |",
        )],
        code: "S106",
        at: (MAIN, "taxa.brand"),
    },
    Fault {
        name: "a role is used by nothing",
        changes: &[(
            MAIN,
            "| polis | polisyttrande | riket | |",
            "| polis | polisyttrande | riket | |\n| tull | tullyttrande | riket | |",
        )],
        code: "S107",
        at: (MAIN, "tullyttrande"),
    },
    Fault {
        name: "a rule is used by nothing",
        changes: &[(MAIN, "| brand | gasol.behövs = ja |", "| brand | gas.inne > 2 |")],
        code: "S105",
        at: (MAIN, "## Regel: gasol.behövs"),
    },
    Fault {
        name: "a third person's fact goes through the applicant",
        changes: &[(
            MAIN,
            "register folkbokföring.namn för ägare.pnr, direkt",
            "register folkbokföring.namn för ägare.pnr, via sökanden",
        )],
        code: "S109",
        at: (MAIN, "| ägare.namn |"),
    },
    Fault {
        name: "a register fact has no ground for disclosure",
        changes: &[(
            MAIN,
            "2009:400 6 kap. 5 §; 2018:218 2 kap. 2 § | Vilken företagsform",
            "2018:218 2 kap. 2 § | Vilken företagsform",
        )],
        code: "S110",
        at: (MAIN, "| företag.form |"),
    },
    Fault {
        name: "an assessment has no ground",
        changes: &[(MAIN, "handläggare | 2010:1622 8 kap. 14 § |", "handläggare | |")],
        code: "S111",
        at: (MAIN, "| bedömning.utrymme |"),
    },
    Fault {
        name: "a referral has no ground",
        changes: &[(
            MAIN,
            "krävs för bifall, 6 veckor | 2010:1622 9 kap. 8 §; 2010:1622 8 kap. 11 § |",
            "krävs för bifall, 6 veckor | |",
        )],
        code: "S111",
        at: (MAIN, "| polis.yttrande |"),
    },
    Fault {
        name: "a register is looked up for a name",
        changes: &[(
            MAIN,
            "register bolag.form för företag.orgnr",
            "register bolag.form för företag.namn",
        )],
        code: "S112",
        at: (MAIN, "| företag.form |"),
    },
    Fault {
        name: "nothing says in which municipality the property is",
        changes: &[(MAIN, "| lokal.kommun | kommunkod |", "| lokal.kommun | text ≤ 4 |")],
        code: "S119",
        at: (MAIN, "| livsmedel | livsmedelskontroll |"),
    },
    Fault {
        name: "a fact rests on a repealed provision",
        changes: &[(
            MAIN,
            "2010:1622 8 kap. 14 § | Bifoga hyresavtalet",
            "2010:1622 8 kap. 15 § | Bifoga hyresavtalet",
        )],
        code: "S120",
        at: (MAIN, "| lokal.nyttjanderätt |"),
    },
    Fault {
        name: "a row rests on a repealed provision",
        changes: &[(
            MAIN,
            "Lokalen är inte lämplig från brandsäkerhetssynpunkt. | 2010:1622 8 kap. 16 § |",
            "Lokalen är inte lämplig från brandsäkerhetssynpunkt. | 2010:1622 8 kap. 15 § |",
        )],
        code: "S120",
        at: (MAIN, "| a5 |"),
    },
    Fault {
        name: "a provision is repealed while the document applies",
        changes: &[
            (MAIN, "gäller: 2026-06-01 –", "gäller: 2026-05-01 –"),
            (
                MAIN,
                "Lokalen är inte lämplig från brandsäkerhetssynpunkt. | 2010:1622 8 kap. 16 § |",
                "Lokalen är inte lämplig från brandsäkerhetssynpunkt. | 2010:1622 8 kap. 15 § |",
            ),
        ],
        code: "S121",
        at: (MAIN, "| a5 |"),
    },
    // ---- what waits for what ----
    Fault {
        name: "a rule rests on itself",
        changes: &[(
            MAIN,
            "| verksamhet.omsättning > 4 * lag.prisbasbelopp |",
            "| verksamhet.omsättning > 4 * lag.prisbasbelopp och kassaregister.krävs = ja |",
        )],
        code: "S201",
        at: (MAIN, "| kr1 |"),
    },
    Fault {
        name: "two steps wait for each other",
        changes: &[
            (
                MAIN,
                "dryck.*, ägare.*, ekonomi.plan | |",
                "dryck.*, ägare.*, ekonomi.plan | beslutad gasol |",
            ),
            (
                MAIN,
                "gas.*, ägare.pnr, ägare.andel | |",
                "gas.*, ägare.pnr, ägare.andel | inskickad serveringstillstånd |",
            ),
        ],
        code: "S201",
        at: (MAIN, "beslutad gasol"),
    },
    Fault {
        name: "a step is never needed",
        changes: &[(
            MAIN,
            "| brand | gasol.behövs = ja |",
            "| brand | gasol.behövs = ja och gas.inne = 0 och gas.ute = 0 |",
        )],
        code: "S202",
        at: (MAIN, "| gasol | brand |"),
    },
    Fault {
        name: "a step waits for the approval of what is only noted",
        changes: &[(
            MAIN,
            "gas.*, ägare.pnr, ägare.andel | |",
            "gas.*, ägare.pnr, ägare.andel | bifall kassaregister |",
        )],
        code: "S204",
        at: (MAIN, "bifall kassaregister"),
    },
    Fault {
        name: "an outcome is always outranked",
        changes: &[
            (
                MAIN,
                "| gasol | avslag | betungande |",
                "| gasol | avvisning | betungande |",
            ),
            (
                MAIN,
                "| b1 | bedömning.gas-lämplig = nej | avslag |",
                "| b0 | gas.inne ≥ 0 | avvisning | Det är alltid så. | 2010:1011 19 § |\n| b1 | bedömning.gas-lämplig = nej | avvisning |",
            ),
            (
                MAIN,
                "| b2 | bedömning.gas-plats = nej | avslag |",
                "| b2 | bedömning.gas-plats = nej | avvisning |",
            ),
            (
                MAIN,
                "| b3 | bedömning.gas-utredning = nej | avslag |",
                "| b3 | bedömning.gas-utredning = nej | avvisning |",
            ),
            ("texter.en.md", "utfall.gasol.avslag", "utfall.gasol.avvisning"),
            ("texter.sv.md", "utfall.gasol.avslag", "utfall.gasol.avvisning"),
            ("exempel.md", "", ""),
        ],
        code: "S205",
        at: (MAIN, "| gasol | bifall | gynnande |"),
    },
    Fault {
        name: "a condition has no answer when a step is not needed",
        changes: &[
            (
                MAIN,
                "| kontakt.telefon | text ≤ 30 |",
                "| kontakt.utfall | avslag / bifall | steg gasol | | |\n| kontakt.telefon | text ≤ 30 |",
            ),
            (
                MAIN,
                "| skatt | kassaregister.krävs = ja |",
                "| skatt | kontakt.utfall = bifall |",
            ),
        ],
        code: "S206",
        at: (MAIN, "| kassaregister | skatt |"),
    },
    Fault {
        name: "a control can never hold",
        changes: &[(MAIN, "| summa(ägare.andel) = 100 |", "| summa(ägare.andel) < 0 |")],
        code: "S209",
        at: (MAIN, "| k2 |"),
    },
    // ---- tables ----
    Fault {
        name: "a table has a gap between two boundaries",
        changes: &[(MAIN, "| g2 | ≤ 2 | > 60 |", "| g2 | ≤ 2 | > 61 |")],
        code: "S301",
        at: (MAIN, "## Regel: gasol.behövs"),
    },
    Fault {
        name: "a table lacks a row for a word",
        changes: &[(MAIN, "| r2 | konkurs, oregistrerat |", "| r2 | konkurs |")],
        code: "S301",
        at: (MAIN, "## Utfallsregel: livsmedel"),
    },
    Fault {
        name: "a table lacks a row for what is calculated",
        changes: &[(
            MAIN,
            "| kr2 | – | nej |",
            "| kr2 | verksamhet.omsättning < 4 * lag.prisbasbelopp | nej |",
        )],
        code: "S301",
        at: (MAIN, "## Regel: kassaregister.krävs"),
    },
    Fault {
        name: "two rows contradict each other at one point",
        changes: &[(MAIN, "| g3 | ≤ 2 | ≤ 60 | nej |", "| g3 | ≤ 2 | ≤ 61 | nej |")],
        code: "S302",
        at: (MAIN, "| g3 |"),
    },
    Fault {
        name: "two rows contradict each other in a word",
        changes: &[(
            MAIN,
            "| r2 | konkurs, oregistrerat |",
            "| r2 | konkurs, oregistrerat, likvidation |",
        )],
        code: "S302",
        at: (MAIN, "| r2 |"),
    },
    Fault {
        name: "a row is covered by another",
        changes: &[(
            MAIN,
            "| g2 | ≤ 2 | > 60 |",
            "| g4 | > 100 | – | ja | Ni ska ha mycket gasol inomhus. | 2010:1011 16 § |\n| g2 | ≤ 2 | > 60 |",
        )],
        code: "S303",
        at: (MAIN, "| g4 |"),
    },
    Fault {
        name: "a ground is written twice",
        changes: &[(
            MAIN,
            "| b3 | bedömning.gas-utredning = nej |",
            "| b4 | bedömning.gas-plats = nej | avslag | Platsen är olämplig. | 2010:1011 10 § |\n| b3 | bedömning.gas-utredning = nej |",
        )],
        code: "S303",
        at: (MAIN, "| b4 |"),
    },
    Fault {
        name: "a row can never hold",
        changes: &[(
            MAIN,
            "| b3 | bedömning.gas-utredning = nej |",
            "| b3 | bedömning.gas-utredning = nej och gas.inne = 1 och gas.ute = 1 |",
        )],
        code: "S304",
        at: (MAIN, "| b3 |"),
    },
    Fault {
        name: "a row stands behind one that takes all",
        changes: &[(
            MAIN,
            "| kr2 | – | nej |",
            "| kr3 | verksamhet.omsättning > 1000000 | ja | Ni säljer mycket. | 2011:1244 39 kap. 4 § |\n| kr2 | – | nej |",
        )],
        code: "S305",
        at: (MAIN, "| kr3 |"),
    },
    Fault {
        name: "a boundary lies outside the type",
        changes: &[(MAIN, "| g2 | ≤ 2 | > 60 |", "| g2 | ≤ 2 | > 6000 |")],
        code: "S306",
        at: (MAIN, "| g2 |"),
    },
    // ---- outcomes and law ----
    Fault {
        name: "no rule chooses between a step's outcomes",
        changes: &[
            ("exempel.md", "", ""),
            ("texter.en.md", "| rad.kassaregister.n1 |", "| hjälp.gasol.behövs |"),
            (MAIN, "## Utfallsregel: kassaregister (första)", ""),
            (
                MAIN,
                "| id | kassaregister.krävs | → utfall | → därför att | → lagrum |\n| --- | --- | --- | --- | --- |\n| n1 | – | noterad | Ni har lämnat uppgift om de kassaregister som finns i verksamheten. | 2011:1244 7 kap. 3 § |\n",
                "",
            ),
            (
                MAIN,
                "| kassaregister | noterad | kvittens |",
                "| kassaregister | avvisad | kvittens | ingen | nej | kvittens-kassaregister | överklagas inte, inget beslut fattas | |\n| kassaregister | noterad | kvittens |",
            ),
        ],
        code: "S402",
        at: (MAIN, "| kassaregister | skatt |"),
    },
    Fault {
        name: "a row gives an outcome that is not listed",
        changes: &[(
            MAIN,
            "| b2 | bedömning.gas-plats = nej | avslag |",
            "| b2 | bedömning.gas-plats = nej | avvisning |",
        )],
        code: "S033",
        at: (MAIN, "| b2 |"),
    },
    Fault {
        name: "an outcome is given by no row",
        changes: &[(
            MAIN,
            "| gasol | bifall | gynnande |",
            "| gasol | avvisning | betungande | nämnd | 14 dagar | avslag-gasol | förvaltningsbesvär, länsstyrelsen, 3 veckor från del | |\n| gasol | bifall | gynnande |",
        )],
        code: "S404",
        at: (MAIN, "| gasol | avvisning |"),
    },
    Fault {
        name: "a refusal has no reason",
        changes: &[(
            MAIN,
            "| avslag | Utredningen om riskerna med gasolen är inte tillfredsställande. |",
            "| avslag | |",
        )],
        code: "S405",
        at: (MAIN, "| b3 |"),
    },
    Fault {
        name: "a refusal has no lagrum",
        changes: &[(
            MAIN,
            "är inte tillfredsställande. | 2010:1011 7 § |",
            "är inte tillfredsställande. | |",
        )],
        code: "S405",
        at: (MAIN, "| b3 |"),
    },
    Fault {
        name: "what is refused when nothing speaks against it",
        changes: &[(
            MAIN,
            "## Utfallsregel: gasol (samla; annars bifall)",
            "## Utfallsregel: gasol (samla; annars avslag)",
        )],
        code: "S406",
        at: (MAIN, "## Utfallsregel: gasol"),
    },
    Fault {
        name: "nobody decides",
        changes: &[(MAIN, "| bifall | gynnande | nämnd |", "| bifall | gynnande | ingen |")],
        code: "S407",
        at: (MAIN, "| bifall | gynnande | ingen |"),
    },
    Fault {
        name: "nobody is heard before a refusal",
        changes: &[(
            MAIN,
            "| nämnd | 14 dagar | avslag-gasol |",
            "| nämnd | nej | avslag-gasol |",
        )],
        code: "S408",
        at: (MAIN, "| gasol | avslag |"),
    },
    Fault {
        name: "a refusal cannot be appealed",
        changes: &[(
            MAIN,
            "| avslag-gasol | förvaltningsbesvär, länsstyrelsen, 3 veckor från del |",
            "| avslag-gasol | överklagas inte, det är inte avsett |",
        )],
        code: "S409",
        at: (MAIN, "| gasol | avslag |"),
    },
    Fault {
        name: "a delegation is no delegation",
        changes: &[(MAIN, "delegat enligt delegation.gasol", "delegat enligt taxa.gasol")],
        code: "S033",
        at: (MAIN, "| gasol | bifall |"),
    },
    Fault {
        name: "an automatic decision rests on an assessment",
        changes: &[
            (
                MAIN,
                "| id | företag.status | → utfall |",
                "| id | bedömning.utrymme | → utfall |",
            ),
            (MAIN, "| r1 | registrerat, likvidation |", "| r1 | ja |"),
            (MAIN, "| r2 | konkurs, oregistrerat |", "| r2 | nej |"),
        ],
        code: "S411",
        at: (MAIN, "| id | bedömning.utrymme |"),
    },
    Fault {
        name: "an automatic decision rests on an assessment through a rule",
        changes: &[
            (
                MAIN,
                "| r1 | registrerat, likvidation |",
                "| r1 | registrerat, likvidation |",
            ),
            (
                MAIN,
                "| id | företag.status | → utfall | → därför att | → lagrum |\n| --- | --- | --- | --- | --- |",
                "| id | företag.status | när | → utfall | → därför att | → lagrum |\n| --- | --- | --- | --- | --- | --- |",
            ),
            (
                MAIN,
                "| r1 | registrerat, likvidation | registrerad |",
                "| r1 | registrerat, likvidation | polis.yttrande = erinran eller polis.yttrande ≠ erinran | registrerad |",
            ),
            (
                MAIN,
                "| r2 | konkurs, oregistrerat | handläggare |",
                "| r2 | konkurs, oregistrerat | – | handläggare |",
            ),
        ],
        code: "S411",
        at: (MAIN, "| r1 |"),
    },
    Fault {
        name: "a refusal is automatic",
        changes: &[(
            MAIN,
            "| gasol | avslag | betungande | nämnd |",
            "| gasol | avslag | betungande | automatiskt enligt delegation.gasol |",
        )],
        code: "S412",
        at: (MAIN, "| gasol | avslag |"),
    },
    Fault {
        name: "an automatic decision has no administrative appeal",
        changes: &[(
            MAIN,
            "| nej | registrering | förvaltningsbesvär, länsstyrelsen, 3 veckor från del |",
            "| nej | registrering | laglighetsprövning, förvaltningsrätten, 3 veckor från del |",
        )],
        code: "S413",
        at: (MAIN, "| livsmedel | registrerad |"),
    },
    Fault {
        name: "a step that people decide has no deadline",
        changes: &[(MAIN, "3 månader från komplett, förlängs 3 månader", "")],
        code: "S414",
        at: (MAIN, "| gasol | brand |"),
    },
    Fault {
        name: "an opinion is required for what can never be granted",
        changes: &[(
            MAIN,
            "| serveringstillstånd | bifall | gynnande |",
            "| serveringstillstånd | bifall | registrering |",
        )],
        code: "S415",
        at: (MAIN, "| polis.yttrande |"),
    },
    Fault {
        name: "a fee is not in kronor",
        changes: &[(MAIN, "| taxa.gasol | kr 0–50 000 |", "| taxa.gasol | tal 0–50000 |")],
        code: "S416",
        at: (MAIN, "| gasol | brand |"),
    },
    Fault {
        name: "a fee is counted at an event that no step has",
        changes: &[(
            MAIN,
            "| fullmäktige | saknas | ansökan | 2010:1011 27 § |",
            "| fullmäktige | saknas | händelse | 2010:1011 27 § |",
        )],
        code: "S417",
        at: (MAIN, "| gasol | brand |"),
    },
    Fault {
        name: "a figure set by law is missing",
        changes: &[(MAIN, "| lag | 59 200 från 2026-01-01 |", "| lag | saknas |")],
        code: "S418",
        at: (MAIN, "| lag.prisbasbelopp |"),
    },
    Fault {
        name: "a figure begins after the document",
        changes: &[(MAIN, "59 200 från 2026-01-01", "59 200 från 2026-07-01")],
        code: "S419",
        at: (MAIN, "| lag.prisbasbelopp |"),
    },
    Fault {
        name: "a letter does not exist",
        changes: &[(MAIN, "| 14 dagar | avslag-gasol |", "| 14 dagar | avslag-gas |")],
        code: "S033",
        at: (MAIN, "avslag-gas |"),
    },
    Fault {
        name: "a refusal's letter does not say why",
        changes: &[("brev/avslag-gasol.md", "{grunder}", "Nämnden har sina skäl.")],
        code: "S422",
        at: ("brev/avslag-gasol.md", "# Ni får inte tillstånd"),
    },
    Fault {
        name: "a refusal's letter does not say how to appeal",
        changes: &[("brev/avslag-gasol.md", "{överklagande}", "Ring oss.")],
        code: "S423",
        at: ("brev/avslag-gasol.md", "# Ni får inte tillstånd"),
    },
    Fault {
        name: "no outcome has the letter",
        changes: &[(MAIN, "| 14 dagar | avslag-gasol |", "| 14 dagar | avslag-alkohol |")],
        code: "S424",
        at: ("brev/avslag-gasol.md", "# Ni får inte tillstånd"),
    },
    // ---- texts ----
    Fault {
        name: "a question is not translated",
        changes: &[("texter.en.md", "| fråga.gas.inne |", "| hjälp.gasol.behövs |")],
        code: "S501",
        at: (
            MAIN,
            "Hur många liter gasol ska ni som mest ha helt eller delvis inomhus?",
        ),
    },
    Fault {
        name: "a reason is not translated",
        changes: &[("texter.en.md", "| rad.gasol.behövs.g1 |", "| hjälp.gasol.behövs |")],
        code: "S501",
        at: (MAIN, "| g1 |"),
    },
    Fault {
        name: "there is no English",
        changes: &[("texter.en.md", "", "")],
        code: "S503",
        at: (MAIN, "# Starta restaurang"),
    },
    Fault {
        name: "a fact has two sources",
        changes: &[(
            MAIN,
            "| kontakt.telefon | text ≤ 30 |",
            "| gasol.behövs | ja/nej | sökanden | 2017:900 19 § | Behöver ni tillstånd? |\n| kontakt.telefon | text ≤ 30 |",
        )],
        code: "S102",
        at: (MAIN, "## Regel: gasol.behövs"),
    },
    Fault {
        name: "a fact that is asked when the register is down has no question",
        changes: &[(
            MAIN,
            "2018:218 2 kap. 2 § | Vad heter företaget? |",
            "2018:218 2 kap. 2 § | |",
        )],
        code: "S117",
        at: (MAIN, "| företag.namn | text"),
    },
    Fault {
        name: "no rule gives what a rule should give",
        changes: &[(
            MAIN,
            "| kontakt.telefon | text ≤ 30 |",
            "| kontakt.krävs | ja/nej | regel | | |\n| kontakt.telefon | text ≤ 30 |",
        )],
        code: "S113",
        at: (MAIN, "kontakt.krävs"),
    },
    // ---- examples ----
    Fault {
        name: "there are no examples",
        changes: &[("exempel.md", "", "")],
        code: "S704",
        at: (MAIN, "# Starta restaurang"),
    },
    Fault {
        name: "no example shows an outcome",
        changes: &[(
            MAIN,
            "| gasol | bifall | gynnande |",
            "| gasol | avvisad | betungande | nämnd | 14 dagar | avslag-gasol | förvaltningsbesvär, länsstyrelsen, 3 veckor från del | |\n| gasol | bifall | gynnande |",
        )],
        code: "S705",
        at: (MAIN, "| gasol | avvisad |"),
    },
    Fault {
        name: "an example does not come out as it says",
        changes: &[("exempel.md", "| gasol | avslag | b1 |", "| gasol | bifall | – |  ")],
        code: "S701",
        at: ("exempel.md", "| gasol | bifall | – |  "),
    },
    Fault {
        name: "no example says what a rule gives that no outcome rests on",
        changes: &[("exempel.md", "| personalliggare.krävs | nej | pl2 |\n", "")],
        code: "S706",
        at: (MAIN, "| pl2 | ja | nej |"),
    },
    Fault {
        name: "a rule gives otherwise than an example says",
        changes: &[(
            "exempel.md",
            "| personalliggare.krävs | nej | pl2 |",
            "| personalliggare.krävs | ja | pl2 |",
        )],
        code: "S701",
        at: ("exempel.md", "| personalliggare.krävs | ja | pl2 |"),
    },
    Fault {
        name: "another row of a rule holds than an example says",
        changes: &[(
            "exempel.md",
            "| personalliggare.krävs | nej | pl2 |",
            "| personalliggare.krävs | nej | pl1 |",
        )],
        code: "S702",
        at: ("exempel.md", "| personalliggare.krävs | nej | pl1 |"),
    },
    Fault {
        name: "an example names a row of another rule",
        changes: &[(
            "exempel.md",
            "| personalliggare.krävs | nej | pl2 |",
            "| personalliggare.krävs | nej | kr1 |",
        )],
        code: "S033",
        at: ("exempel.md", "| personalliggare.krävs | nej | kr1 |"),
    },
    Fault {
        name: "an example expects what nobody calculates",
        changes: &[(
            "exempel.md",
            "| personalliggare.krävs | nej | pl2 |",
            "| personal.familj | ja | – |",
        )],
        code: "S071",
        at: ("exempel.md", "| personal.familj | ja | – |"),
    },
];
