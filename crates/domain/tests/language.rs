//! The language's larger constructs in one small service: it is clean, its examples come out as they say, and a fault sown in
//! any of the constructs is found with its code on its line.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::{check, pack};

const MAIN: &str = r#"---
tjänst: prov
version: 1
gäller: 2026-01-01 –
utgivare: Exempelmyndigheten
---

# Pröva språket

En tjänst som använder allt.

## Roller

| Roll | Uppdrag | Område |
| --- | --- | --- |
| prövning | prövning | riket |

## Uppgifter

| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| person.pnr | personnummer | inloggning | 2018:218 3 kap. 10 § | |
| servering.drycker | flera av vin / starköl / spritdrycker | sökanden | 2017:900 19 § | Vilka drycker? |
| servering.till | klockslag 11:00–05:00 | sökanden | 2017:900 19 § | Till när? |
| servering.tid | period | sökanden | 2017:900 19 § | Under vilka dagar? |
| start.dag | datum | sökanden | 2017:900 19 § | När? |
| gas.volym | tal 0–5000 liter | sökanden | 2017:900 19 § | Hur mycket? |
| gas.flaska | tal 0–9 000 ml | sökanden | 2017:900 19 § | Hur stor flaska? |
| yta.ute | tal 0–500 m² | sökanden | 2017:900 19 § | Hur stor yta? |
| val.regler | äldre / nya | sökanden | 2017:900 19 § | Vilka regler? |
| avgift.summa | kr 0–100 000 | regel | | |

## Lista: ägare 0–5

| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| ägare.pnr | personnummer | sökanden | 2018:218 3 kap. 10 § | Vem? |
| ägare.andel | tal 0–100 % | sökanden | 2017:900 19 § | Hur mycket? |
| ägare.roll | styrelse / delägare | sökanden | 2017:900 19 § | Vad? |

## Kontroller

| id | Kontroll | Meddelande |
| --- | --- | --- |
| k1 | summa(ägare.andel) ≤ 100 % | Andelarna är högst 100 %. |

## Steg

| Steg | Ansvarig | Behövs när | Underlag | Efter | Frist | Avgift | Lagrum |
| --- | --- | --- | --- | --- | --- | --- | --- |
| prövning | prövning | alltid | person.pnr, servering.*, ägare.* | | 4 månader från komplett | avgift.summa | 2017:900 9 § |

## Regel: ägare.kräver-prov (unik; räknas vid ansökan)

| id | ägare.roll | när | → ägare.kräver-prov | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| p1 | styrelse | ålder(ägare.pnr) ≥ 18 | ja | Den som är myndig och sitter i styrelsen gör prov. | 2017:900 9 § |
| p2 | styrelse | ålder(ägare.pnr) < 18 | nej | Den som inte är myndig gör inget prov. | 2017:900 9 § |
| p3 | delägare | – | nej | En delägare gör inget prov. | 2017:900 9 § |

## Regel: dryck.slag (unik)

| id | servering.drycker | när | → dryck.slag | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| d1 | har spritdrycker | – | stark | Sprit serveras. | 2017:900 9 § |
| d2 | saknar spritdrycker | antal(servering.drycker) > 0 | svag | Ingen sprit serveras. | 2017:900 9 § |
| d3 | inga | – | ingen | Ingen alkohol serveras. | 2017:900 9 § |

## Regel: natt.sen (unik)

| id | servering.till | → natt.sen | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| n1 | 11:00–01:00 | nej | Serveringen slutar senast klockan 01. | 2017:900 9 § |
| n2 | > 01:00 | ja | Serveringen slutar efter klockan 01. | 2017:900 9 § |

## Regel: start.bråttom (unik; räknas vid ansökan)

| id | när | → start.bråttom | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| b1 | arbetsdagar(ansökningsdagen, start.dag) < 5 | ja | Det är mindre än fem arbetsdagar kvar. | 2017:900 9 § |
| b2 | arbetsdagar(ansökningsdagen, start.dag) ≥ 5 och start.dag < ansökningsdagen + 3 månader | nej | Det är gott om tid. | 2017:900 9 § |
| b3 | arbetsdagar(ansökningsdagen, start.dag) ≥ 5 och start.dag ≥ ansökningsdagen + 3 månader | nej | Det är långt kvar. | 2017:900 9 § |

## Regel: säsong.lång (första)

| id | när | → säsong.lång | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| s1 | början(servering.tid) < 2026-05-01 | nej | Före maj är det ingen säsong. | 2017:900 9 § |
| s2 | dagar(servering.tid) > 30 | ja | Serveringen pågår mer än 30 dagar. | 2017:900 9 § |
| s3 | – | nej | Serveringen pågår högst 30 dagar. | 2017:900 9 § |

## Regel: gas.stor (unik)

| id | när | → gas.stor | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| g1 | gas.volym > gas.flaska | ja | Det är mer än en flaska. | 2017:900 9 § |
| g2 | gas.volym ≤ gas.flaska | nej | Det är högst en flaska. | 2017:900 9 § |

## Regel: avgift.summa (unik)

| id | dryck.slag | → avgift.summa | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| a1 | stark | = taxa.grund + 150 kr * yta.ute | Avgiften beror på ytan. | 2017:900 9 § |
| a2 | svag, ingen | = taxa.grund / 2 | Avgiften är hälften. | 2017:900 9 § |

## Regel: avgift.hög (unik)

| id | avgift.summa | → avgift.hög | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| h1 | > 20 000 | ja | Avgiften är hög. | 2017:900 9 § |
| h2 | ≤ 20 000 | nej | Avgiften är inte hög. | 2017:900 9 § |

## Regel: kök.krävs (unik; räknas vid ansökan; övergång 2026-06-01 – 2026-12-31 enligt val.regler)

| id | gäller | gas.stor | → kök.krävs | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| q1 | till 2026-05-31 | – | ja | Ett kök krävs. | 2017:900 9 § |
| q2 | från 2026-06-01 | ja | ja | Ett kök krävs där det finns gas. | 2017:900 9 § |
| q3 | från 2026-06-01 | nej | nej | Inget kök krävs längre. | 2017:900 9 § |

## Utfallsregel: prövning (samla; annars bifall)

| id | när | → utfall | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| u1 | natt.sen = ja och dryck.slag = stark | avslag | Sprit serveras inte efter klockan 01. | 2017:900 9 § |
| u2 | antal(ägare: ägare.kräver-prov = ja) > 2 | handläggare | Fler än två gör prov. | 2017:900 9 § |
| u3 | summa(ägare.andel: ägare.roll = styrelse) > 50 | handläggare | Styrelsen äger mer än hälften. | 2017:900 9 § |
| u4 | start.bråttom = ja och säsong.lång = ja | handläggare | Det är bråttom. | 2017:900 9 § |
| u5 | kök.krävs = ja och avgift.hög = ja | avslag | Köket saknas. | 2017:900 9 § |

## Utfall

| Steg | Utfall | Slag | Beslutas av | Hörs före | Brev | Överklagas |
| --- | --- | --- | --- | --- | --- | --- |
| prövning | avslag | betungande | nämnd | 14 dagar | beslut | förvaltningsbesvär, förvaltningsrätten, 3 veckor från del |
| prövning | bifall | gynnande | nämnd | nej | beslut | förvaltningsbesvär, förvaltningsrätten, 3 veckor från del |

## Parametrar

| Parameter | Typ | Sätts av | Standard | Räknas vid | Källa |
| --- | --- | --- | --- | --- | --- |
| taxa.grund | kr 0–9 000 | fullmäktige | saknas | ansökan | taxan |
"#;

const EXAMPLES: &str = r#"# Exempel

## Exempel: äldre regler väljs
| Uppgift | Värde |
| --- | --- |
| ansökan | 2026-08-20 |
| beslut | 2026-10-01 |
| servering.drycker | spritdrycker, vin |
| servering.till | 23:00 |
| servering.tid | 2026-09-01 – 2026-09-15 |
| start.dag | 2026-09-20 |
| gas.volym | 0 |
| gas.flaska | 500 |
| yta.ute | 200 |
| val.regler | äldre |
| taxa.grund | 5 000 |
| ägare | inga |

| Steg | Utfall | Grund |
| --- | --- | --- |
| prövning | avslag | u5 |

## Exempel: nya regler väljs
| Uppgift | Värde |
| --- | --- |
| ansökan | 2026-08-20 |
| servering.drycker | spritdrycker, vin |
| servering.till | 01:00 |
| servering.tid | 2026-09-01 – 2026-09-15 |
| start.dag | 2026-09-20 |
| gas.volym | 0 |
| gas.flaska | 500 |
| yta.ute | 200 |
| val.regler | nya |
| taxa.grund | 5 000 |
| ägare[1].pnr | 198404272380 |
| ägare[1].andel | 50 |
| ägare[1].roll | styrelse |

| Steg | Utfall | Grund |
| --- | --- | --- |
| prövning | bifall | – |
"#;

const LETTER: &str =
    "# Beslut\n\nDrycker: {servering.drycker}. Prov: {ägare.kräver-prov}.\n\n{grunder}\n\n{överklagande}\n";

fn files() -> Vec<SourceFile> {
    [
        ("tjanst.md", MAIN),
        ("exempel.md", EXAMPLES),
        ("brev/beslut.md", LETTER),
    ]
    .map(|(path, text)| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    })
    .into()
}

/// What is found, but for texts, which this service has none of.
fn findings(files: Vec<SourceFile>) -> Vec<(Finding, String)> {
    let (read, mut found) = pack::parse::pack(files.clone());
    if let Some(pack) = read.filter(|_| found.iter().all(|finding| finding.severity != Severity::Error)) {
        found.extend(check::check(&pack, None));
    }
    found.retain(|finding| !finding.code.starts_with("S5") && finding.severity != Severity::Note);
    found
        .into_iter()
        .map(|finding| {
            let file = &files[usize::from(finding.span.file.0)];
            let line = file
                .text
                .lines()
                .nth(file.position(finding.span.start).0 - 1)
                .unwrap_or_default();
            (finding, line.to_owned())
        })
        .collect()
}

fn shown(found: &[(Finding, String)]) -> Vec<String> {
    found
        .iter()
        .map(|(finding, line)| format!("{} {} {:?} | {line}", finding.code, finding.message, finding.example))
        .collect()
}

#[test]
fn the_service_is_clean() {
    let found = findings(files());
    assert_eq!(shown(&found), [""; 0]);
}

/// Text that stands once, what it becomes, the code, and text on the finding's line.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    // Rules for each item.
    (
        "| p2 | styrelse | ålder(ägare.pnr) < 18 |",
        "| p2 | styrelse | ålder(ägare.pnr) < 17 |",
        "S301",
        "ägare.kräver-prov (unik",
    ),
    (
        "| p2 | styrelse | ålder(ägare.pnr) < 18 |",
        "| p2 | styrelse | ålder(ägare.pnr) ≤ 18 |",
        "S302",
        "| p2 |",
    ),
    ("| p3 | delägare | – | nej |", "| p3 | – | – | nej |", "S302", "| p3 |"),
    (
        "ägare.kräver-prov = ja) > 2",
        "ägare.kräver-prov = ja) > 5",
        "S304",
        "| u2 |",
    ),
    // Several choices.
    (
        "antal(servering.drycker) > 0",
        "antal(servering.drycker) > 1",
        "S301",
        "dryck.slag (unik)",
    ),
    (
        "antal(servering.drycker) > 0",
        "antal(servering.drycker) ≥ 0",
        "S302",
        "| d3 |",
    ),
    ("| d1 | har spritdrycker |", "| d1 | har sprit |", "S052", "| d1 |"),
    (
        "| d1 | har spritdrycker |",
        "| d1 | har vin |",
        "S301",
        "dryck.slag (unik)",
    ),
    // Clock times.
    ("| n2 | > 01:00 |", "| n2 | > 01:01 |", "S301", "natt.sen (unik)"),
    ("| n2 | > 01:00 |", "| n2 | ≥ 01:00 |", "S302", "| n2 |"),
    ("| n2 | > 01:00 |", "| n2 | > 06:00 |", "S306", "| n2 |"),
    // Days and working days.
    (
        "| b1 | arbetsdagar(ansökningsdagen, start.dag) < 5 |",
        "| b1 | arbetsdagar(ansökningsdagen, start.dag) < 4 |",
        "S301",
        "start.bråttom (unik",
    ),
    (
        "| b1 | arbetsdagar(ansökningsdagen, start.dag) < 5 |",
        "| b1 | arbetsdagar(ansökningsdagen, start.dag) ≤ 5 |",
        "S302",
        "| b2 |",
    ),
    (
        "start.dag ≥ ansökningsdagen + 3 månader",
        "start.dag > ansökningsdagen + 3 månader",
        "S301",
        "start.bråttom (unik",
    ),
    (
        "start.dag ≥ ansökningsdagen + 3 månader",
        "start.dag ≥ ansökningsdagen + start.dag",
        "S053",
        "| b3 |",
    ),
    // Periods.
    (
        "| s2 | dagar(servering.tid) > 30 |",
        "| s2 | dagar(servering.tid) < 1 |",
        "S304",
        "| s2 |",
    ),
    (
        "| s2 | dagar(servering.tid) > 30 |",
        "| s2 | dagar(servering.tid) ≥ 1 |",
        "S305",
        "| s3 |",
    ),
    (
        "| s1 | början(servering.tid) < 2026-05-01 |",
        "| s1 | slut(servering.tid) ≥ början(servering.tid) |",
        "S305",
        "| s2 |",
    ),
    // Units.
    (
        "| g2 | gas.volym ≤ gas.flaska |",
        "| g2 | gas.volym < gas.flaska |",
        "S301",
        "gas.stor (unik)",
    ),
    (
        "| g2 | gas.volym ≤ gas.flaska |",
        "| g2 | gas.volym ≤ yta.ute |",
        "S321",
        "| g2 |",
    ),
    // Calculations.
    (
        "= taxa.grund + 150 kr * yta.ute",
        "= taxa.grund + yta.ute",
        "S321",
        "| a1 |",
    ),
    (
        "= taxa.grund + 150 kr * yta.ute",
        "= taxa.grund + 1500 kr * yta.ute",
        "S322",
        "| a1 |",
    ),
    ("= taxa.grund / 2", "= taxa.grund / yta.ute", "S053", "| a2 |"),
    ("| h2 | ≤ 20 000 |", "| h2 | < 20 000 |", "S301", "avgift.hög (unik)"),
    ("| h1 | > 20 000 |", "| h1 | > 90 000 |", "S304", "| h1 |"),
    // Dated rows and transition.
    (
        "| q1 | till 2026-05-31 |",
        "| q1 | till 2026-05-30 |",
        "S301",
        "kök.krävs (unik",
    ),
    ("| q1 | till 2026-05-31 |", "| q1 | till 2026-06-01 |", "S302", "| q3 |"),
    ("| q1 | till 2026-05-31 |", "| q1 | till 2025-12-31 |", "S304", "| q1 |"),
    ("| q2 | från 2026-06-01 |", "| q2 | från 2026-06-31 |", "S046", "| q2 |"),
    ("enligt val.regler", "enligt dryck.slag", "S323", "kök.krävs (unik"),
    (
        "| val.regler | äldre / nya |",
        "| val.regler | äldre / nya / egna |",
        "S323",
        "kök.krävs (unik",
    ),
    ("enligt val.regler", "enligt val.reglor", "S033", "kök.krävs (unik"),
    // Examples.
    (
        "| ansökan | 2026-08-20 |\n| beslut |",
        "| ansökan | 2026-05-20 |\n| beslut |",
        "",
        "",
    ),
    (
        "| val.regler | nya |\n| taxa",
        "| val.regler | äldre |\n| taxa",
        "S701",
        "| prövning | bifall |",
    ),
    (
        "| servering.tid | 2026-09-01 – 2026-09-15 |\n| start.dag | 2026-09-20 |\n| gas.volym | 0 |\n| gas.flaska | 500 |\n| yta.ute | 200 |\n| val.regler | nya |",
        "| servering.tid | 2026-09-15 – 2026-09-01 |",
        "S052",
        "| servering.tid | 2026-09-15",
    ),
];

#[test]
fn every_fault_is_found_on_its_line() {
    let mut missed = Vec::new();
    for (find, replace, code, on) in FAULTS {
        let mut files = files();
        let file = files
            .iter_mut()
            .find(|file| file.text.contains(find))
            .unwrap_or_else(|| panic!("`{find}` stands nowhere"));
        assert_eq!(file.text.matches(find).count(), 1, "`{find}` stands more than once");
        file.text = file.text.replace(find, replace);
        let found = findings(files);
        let is_found = match *code {
            "" => found.is_empty(),
            code => found
                .iter()
                .any(|(finding, line)| finding.code == code && line.contains(on)),
        };
        if !is_found {
            missed.push(format!("{find} → {replace}: {code}, but {:?}", shown(&found)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
