//! What a service document says beside its rules – private performers, signatures, who already holds a fact, sensitive facts,
//! a delegation's limit, duties, conditional letters, doubts – in the made-up service `tests/data/ungdomslager`, and the
//! faults that are found in it.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use samverk_domain::check;
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::{Block, Due, DueFrom, OutcomeKind, Pack, RoleKind, Sensitive, SignedBy, parse};
use samverk_domain::rules::{self, Setting, Who};
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::signing::Signing;

fn camp() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ungdomslager");
    let mut files = Vec::new();
    for inside in [folder.clone(), folder.join("brev")] {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push(SourceFile {
                    text: fs::read_to_string(&path).unwrap(),
                    path: path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn changed(path: &str, find: &str, replace: &str) -> Vec<SourceFile> {
    let mut files = camp();
    let file = files.iter_mut().find(|file| file.path == path).unwrap();
    assert_eq!(file.text.matches(find).count(), 1, "`{find}` must stand once in {path}");
    file.text = file.text.replace(find, replace);
    files
}

fn findings(files: &[SourceFile]) -> (Option<Pack>, Vec<Finding>) {
    let (pack, mut found) = parse::pack(files.to_vec());
    if let Some(pack) = pack
        .as_ref()
        .filter(|_| found.iter().all(|it| it.severity != Severity::Error))
    {
        found.extend(check::check(pack, None));
    }
    (pack, found)
}

fn pack() -> Pack {
    findings(&camp()).0.unwrap()
}

/// `S104 tjanst.md:36 message`
fn told(files: &[SourceFile], found: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let file = &files[usize::from(finding.span.file.0)];
        let (line, _) = file.position(finding.span.start);
        let message = finding.message.replace('\u{a0}', " ");
        format!("{} {}:{line} {message}", finding.code, file.path)
    };
    found.iter().map(line).collect()
}

fn n(name: &str) -> Name {
    Name::parse(name).unwrap()
}

#[test]
fn the_camp_is_read_and_has_only_the_notes_that_its_authors_wrote() {
    let files = camp();
    let (_, found) = findings(&files);
    assert_eq!(
        told(&files, &found),
        [
            "S104 tjanst.md:36 `intyg.utdrag` frågas fast Polismyndigheten har den: 9 § SFS 1998:620.",
            "S430 tjanst.md:105 Osäkert om tillstånd t1: Om planen får bedömas så.",
            "S430 tjanst.md:106 Osäkert om läger.allergi: Om uppgiften behövs.",
            "S430 tjanst.md:107 Osäkert om städning: Om paragrafen är rätt.",
        ]
    );
}

#[test]
fn what_stands_beside_the_rules_is_read() {
    let pack = pack();
    assert_eq!(pack.role(&n("bank")).unwrap().kind.it, RoleKind::Private);
    assert!(pack.is_private(pack.step(&n("konto")).unwrap()));
    let sensitive = |fact: &str| pack.fact(&n(fact)).unwrap().sensitive.as_ref().map(|mark| mark.it);
    assert_eq!(sensitive("läger.allergi"), Some(Sensitive::Health));
    assert_eq!(sensitive("intyg.utdrag"), Some(Sensitive::Other));
    assert_eq!(sensitive("läger.bad"), None);
    let held = pack.fact(&n("intyg.utdrag")).unwrap().held.as_ref().unwrap();
    assert_eq!(held.to_string(), "finns hos Polismyndigheten; hinder 1998:620 9 §");
    let signed: Vec<String> = pack.signatures.iter().map(|it| it.by.it.to_string()).collect();
    assert_eq!(signed, ["firmatecknare", "alla ledare.pnr", "revisor.pnr", "sökanden"]);
    assert_eq!(pack.signatures[1].by.it, SignedBy::Everyone(n("ledare.pnr")));
    assert!(pack.signatures[0].steps.is_empty());
    let decider = &pack.outcomes[1].decider.it;
    assert_eq!(
        decider.to_string(),
        "delegat enligt delegation.läger när läger.unga ≤ 50 och läger.bad = nej, annars nämnd"
    );
    let after = |step: &str, kind| {
        let step = n(step);
        let ids: Vec<String> = pack
            .duties_after(&step, kind)
            .map(|duty| duty.id.it.to_string())
            .collect();
        ids.join(" ")
    };
    assert_eq!(
        after("tillstånd", OutcomeKind::Favourable),
        "ändring redovisning städning"
    );
    assert_eq!(after("tillstånd", OutcomeKind::Burdensome), "");
    assert_eq!(after("konto", OutcomeKind::Agreement), "uppsägning");
    assert!(matches!(&pack.duties[0].due.it, Due::Within(_, DueFrom::Event)));
    assert_eq!(pack.text("en", "skyldighet.städning"), Some("Keep the place clean."));
    assert_eq!(pack.text("sv", "skyldighet.städning"), Some("Håll platsen ren."));
    let doubts: Vec<String> = pack.uncertain.iter().map(|doubt| doubt.about.it.to_string()).collect();
    assert_eq!(doubts, ["tillstånd t1", "läger.allergi", "städning"]);
    let letter = &pack.letters["bifall"];
    let conditional = letter.conditionals().next().unwrap();
    assert_eq!(
        conditional.condition.it.to_string(),
        "läger.bad = ja och läger.unga > 20"
    );
    assert_eq!((conditional.shown.len(), conditional.otherwise.len()), (1, 1));
    assert!(letter.blocks.iter().any(|block| matches!(block, Block::Duties(_))));
}

// Skatteverket's official test numbers.
const A: &str = "189001019802";
const B: &str = "189001029819";

fn facts(pairs: &[(&str, Value)]) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in pairs {
        facts.known.insert(n(name), Known::Value(value.clone()));
    }
    facts
}

fn people(numbers: &[&str]) -> BTreeSet<PersonId> {
    numbers.iter().map(|number| PersonId::parse(number).unwrap()).collect()
}

#[test]
fn who_signs_follows_from_the_document_the_answers_and_the_company_register() {
    let pack = pack();
    let mut facts = facts(&[
        ("person.pnr", Value::PersonNr(A.to_owned())),
        ("förening.orgnr", Value::OrgNr("5599000006".to_owned())),
        ("läger.natt", Value::YesNo(true)),
    ]);
    let signing = Signing::parse(&format!("två i förening: {A}, {B}")).unwrap();
    let setting = Setting::default();
    let needed = |facts: &Facts| rules::signers(&pack, facts, &setting, Some(&signing));
    let of = |facts: &Facts, id: &str| needed(facts).into_iter().find(|it| it.signature == Some(n(id)));

    let all = of(&facts, "ansökan").unwrap();
    assert_eq!(all.steps, [n("tillstånd"), n("konto")]);
    assert!(!all.signed_by(&people(&[A])));
    assert!(all.signed_by(&people(&[A, B])));
    assert_eq!(all.people().len(), 2);
    // Nobody has said who the leaders and the auditor are: then nobody's signature is enough.
    assert_eq!(of(&facts, "ansvar").unwrap().who, Who::Unknown(vec![n("ledare.pnr")]));
    assert!(!of(&facts, "kontoavtal").unwrap().signed_by(&people(&[A, B])));

    let leader = |number: &str| [(n("ledare.pnr"), Known::Value(Value::PersonNr(number.to_owned())))].into();
    facts.lists.insert(n("ledare"), vec![leader(A), leader(B)]);
    assert!(!of(&facts, "ansvar").unwrap().signed_by(&people(&[B])));
    assert!(of(&facts, "ansvar").unwrap().signed_by(&people(&[A, B])));
    assert!(of(&facts, "försäkran").unwrap().signed_by(&people(&[A])));

    // Who receives a part of it refuses only what is certainly not signed.
    let lacks =
        |facts: &Facts, signed: &[&str]| rules::unsigned(&pack, facts, &setting, &n("tillstånd"), &people(signed));
    assert_eq!(lacks(&facts, &[A]), [n("ansvar")]);
    assert_eq!(lacks(&facts, &[A, B]), []);
    let mut open = facts.clone();
    open.known.remove(&n("läger.natt"));
    assert_eq!(lacks(&open, &[A]), []);

    // Leaders there must be: none named is not filled in yet.
    let mut empty = facts.clone();
    empty.lists.insert(n("ledare"), vec![]);
    assert_eq!(of(&empty, "ansvar").unwrap().who, Who::Unknown(vec![n("ledare.pnr")]));

    // Without an overnight stay there is no account to agree on, and the leaders do not sign.
    facts.known.insert(n("läger.natt"), Known::Value(Value::YesNo(false)));
    assert!(of(&facts, "ansvar").is_none() && of(&facts, "kontoavtal").is_none());
    assert_eq!(of(&facts, "försäkran").unwrap().steps, [n("tillstånd")]);
    // The register has no rule: nobody is known to sign.
    let none = rules::signers(&pack, &facts, &setting, None);
    assert_eq!(none[0].who, Who::Unknown(vec![]));
    assert!(!format!("{none:?}").contains(A));
}

#[test]
fn without_a_section_the_person_signs_or_those_who_sign_for_the_company() {
    let mut pack = pack();
    pack.signatures.clear();
    let mut facts = facts(&[("person.pnr", Value::PersonNr(A.to_owned()))]);
    let setting = Setting::default();
    let alone = rules::signers(&pack, &facts, &setting, None);
    assert!(alone.len() == 1 && alone[0].signed_by(&people(&[A])));
    facts
        .known
        .insert(n("förening.orgnr"), Known::Value(Value::OrgNr("5599000006".to_owned())));
    let signing = Signing::parse(&format!("alla i förening: {A}, {B}")).unwrap();
    let company = rules::signers(&pack, &facts, &setting, Some(&signing));
    assert!(!company[0].signed_by(&people(&[A])) && company[0].signed_by(&people(&[A, B])));
}

#[test]
fn a_condition_beside_the_rules_is_answered_and_explained() {
    let pack = pack();
    let condition = &pack.letters["bifall"].conditionals().next().unwrap().condition;
    let setting = Setting::default();
    let step = n("tillstånd");
    let answer = |facts: &Facts| rules::condition(&pack, facts, &setting, Some(&step), &condition.it);
    let mut facts = facts(&[("läger.bad", Value::YesNo(true))]);
    assert!(answer(&facts).is_missing());
    facts
        .known
        .insert(n("läger.unga"), Known::Value(Value::Number(30.into())));
    assert_eq!(answer(&facts), Known::Value(true));
    let explained = rules::explain_condition(&pack, &facts, &setting, &step, condition);
    let behind: Vec<&str> = explained.because.iter().map(|part| part.of.as_str()).collect();
    assert_eq!(behind, ["läger.bad", "läger.unga"]);
    facts.known.insert(n("läger.bad"), Known::Value(Value::YesNo(false)));
    assert_eq!(answer(&facts), Known::Value(false));
    let explained = rules::explain_condition(&pack, &facts, &setting, &step, condition);
    // Only what gave the answer: that nobody bathes.
    assert_eq!(explained.because.len(), 1);
}

/// A change, the finding's code, and text that stands on the finding's line and nowhere else in that file.
struct Fault {
    path: &'static str,
    find: &'static str,
    replace: &'static str,
    code: &'static str,
    /// In `path`, after the change.
    at: &'static str,
}

const MAIN: &str = "tjanst.md";
const GRANTED: &str = "brev/bifall.md";

const FAULTS: &[Fault] = &[
    // The reader's.
    Fault {
        path: MAIN,
        find: "riket | privat |",
        replace: "riket | enskild |",
        code: "S048",
        at: "| enskild |",
    },
    Fault {
        path: MAIN,
        find: "känslig hälsa",
        replace: "känslig blodgrupp",
        code: "S048",
        at: "blodgrupp",
    },
    Fault {
        path: MAIN,
        find: "; hinder 1998:620 9 §",
        replace: "; 1998:620 9 §",
        code: "S043",
        at: "Polismyndigheten",
    },
    Fault {
        path: MAIN,
        find: "| alla ledare.pnr när",
        replace: "| alla ledare när",
        code: "S031",
        at: "| ansvar |",
    },
    Fault {
        path: MAIN,
        find: "| alla ledare.pnr när",
        replace: "| ledare.pnr när",
        code: "S034",
        at: "| ansvar |",
    },
    Fault {
        path: MAIN,
        find: "| revisor.pnr | konto |",
        replace: "| konto.syfte | konto |",
        code: "S053",
        at: "| kontoavtal |",
    },
    Fault {
        path: MAIN,
        find: "| revisor.pnr | konto |",
        replace: "| alla revisor.pnr | konto |",
        code: "S034",
        at: "| kontoavtal |",
    },
    Fault {
        path: MAIN,
        find: "| sökanden | tillstånd, konto |",
        replace: "| sökande | tillstånd, konto |",
        code: "S048",
        at: "| försäkran |",
    },
    Fault {
        path: MAIN,
        find: "| sökanden | tillstånd, konto |",
        replace: "| sökanden | tillstånd, kontot |",
        code: "S033",
        at: "| försäkran |",
    },
    Fault {
        path: MAIN,
        find: "när läger.natt = ja |",
        replace: "när läger.natten = ja |",
        code: "S033",
        at: "| ansvar |",
    },
    Fault {
        path: MAIN,
        find: "= nej, annars nämnd",
        replace: "= nej",
        code: "S043",
        at: "delegation.läger när",
    },
    Fault {
        path: MAIN,
        find: "när läger.unga ≤ 50 och",
        replace: "när läger.antal ≤ 50 och",
        code: "S033",
        at: "delegation.läger när",
    },
    Fault {
        path: MAIN,
        find: "| bifall konto | Säg",
        replace: "| bifall kontot | Säg",
        code: "S033",
        at: "| uppsägning |",
    },
    Fault {
        path: MAIN,
        find: "2 veckor från händelse",
        replace: "2 veckor efter händelse",
        code: "S047",
        at: "| ändring |",
    },
    Fault {
        path: MAIN,
        find: "1 mars varje år",
        replace: "31 april varje år",
        code: "S046",
        at: "| redovisning |",
    },
    Fault {
        path: MAIN,
        find: "| genast | bank |",
        replace: "| genast | banken |",
        code: "S033",
        at: "| uppsägning |",
    },
    Fault {
        path: MAIN,
        find: "| tillstånd t1 | Om",
        replace: "| tillstånd t2 | Om",
        code: "S033",
        at: "| tillstånd t2 | Om",
    },
    Fault {
        path: MAIN,
        find: "| läger.allergi | Om",
        replace: "| läger.allergier | Om",
        code: "S033",
        at: "läger.allergier",
    },
    Fault {
        path: MAIN,
        find: "| städning | Om",
        replace: "| städningen | Om",
        code: "S033",
        at: "| städningen | Om",
    },
    Fault {
        path: GRANTED,
        find: "{slut}\n",
        replace: "",
        code: "S062",
        at: "{om läger.bad",
    },
    Fault {
        path: GRANTED,
        find: "{annars}",
        replace: "{annars}\n{annars}",
        code: "S062",
        at: "{annars}",
    },
    Fault {
        path: GRANTED,
        find: "{grunder}",
        replace: "{slut}\n\n{grunder}",
        code: "S062",
        at: "{slut}",
    },
    Fault {
        path: GRANTED,
        find: "{annars}",
        replace: "{om läger.natt = ja}",
        code: "S062",
        at: "{om läger.natt",
    },
    Fault {
        path: GRANTED,
        find: "läger.bad = ja och",
        replace: "läger.bada = ja och",
        code: "S033",
        at: "läger.bada",
    },
    Fault {
        path: GRANTED,
        find: "{skyldigheter}",
        replace: "Det här: {skyldigheter}",
        code: "S063",
        at: "Det här: ",
    },
    // The checker's.
    Fault {
        path: MAIN,
        find: "; hinder 1998:620 9 §",
        replace: "",
        code: "S122",
        at: "Polismyndigheten",
    },
    Fault {
        path: MAIN,
        find: "hinder 1998:620 9 §",
        replace: "hinder 1998:204 13 §",
        code: "S120",
        at: "Polismyndigheten",
    },
    Fault {
        path: MAIN,
        find: "2017:900 19 § och 2018:218 3 kap. 3 §",
        replace: "2018:218 2 kap. 2 §",
        code: "S431",
        at: "| läger.allergi | ja/nej",
    },
    Fault {
        path: MAIN,
        find: "| gynnande | delegat enligt delegation.läger när läger.unga ≤ 50 och läger.bad = nej, annars nämnd |",
        replace: "| gynnande | delegat enligt delegation.läger när konto.syfte = mat, annars nämnd |",
        code: "S426",
        at: "| gynnande |",
    },
    Fault {
        path: GRANTED,
        find: "läger.bad = ja och",
        replace: "konto.syfte = mat och",
        code: "S426",
        at: "konto.syfte",
    },
    Fault {
        path: GRANTED,
        find: "{skyldigheter}\n",
        replace: "",
        code: "S427",
        at: "",
    },
    Fault {
        path: MAIN,
        find: "| öppnat | avtal |",
        replace: "| öppnat | gynnande |",
        code: "S433",
        at: "| öppnat | gynnande |",
    },
    Fault {
        path: MAIN,
        find: "| avtal | utföraren |",
        replace: "| avtal | ingen |",
        code: "S434",
        at: "| avtal | ingen |",
    },
    Fault {
        path: MAIN,
        find: "| kvittens | utföraren |",
        replace: "| kvittens | myndighet |",
        code: "S434",
        at: "| kvittens | myndighet |",
    },
    Fault {
        path: MAIN,
        find: "| betungande | nämnd |",
        replace: "| betungande | utföraren |",
        code: "S434",
        at: "| betungande | utföraren |",
    },
    Fault {
        path: MAIN,
        find: "| konto | överklagas inte, ett avtal är inget beslut |",
        replace: "| konto | förvaltningsbesvär, länsstyrelsen, 3 veckor från del |",
        code: "S435",
        at: "| öppnat | avtal |",
    },
    Fault {
        path: MAIN,
        find: "| 1998:808 15 kap. 26 § |",
        replace: "| |",
        code: "S437",
        at: "| städning | bifall",
    },
    Fault {
        path: MAIN,
        find: "| företräds |",
        replace: "| sökanden |",
        code: "S438",
        at: "| firmatecknare |",
    },
    Fault {
        path: MAIN,
        find: "| bifall konto | Säg",
        replace: "| laga kraft konto | Säg",
        code: "S204",
        at: "| uppsägning |",
    },
];

#[test]
fn every_fault_beside_the_rules_is_found_on_its_line() {
    let mut missed = Vec::new();
    for fault in FAULTS {
        let files = changed(fault.path, fault.find, fault.replace);
        let (_, found) = findings(&files);
        let at = |finding: &Finding| {
            let file = &files[usize::from(finding.span.file.0)];
            let (line, _) = file.position(finding.span.start);
            let text = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            fault.at.is_empty() || (file.path == fault.path && text.contains(fault.at))
        };
        let hit = found
            .iter()
            .any(|finding| finding.code == fault.code && finding.severity != Severity::Note && at(finding));
        let advises = found
            .iter()
            .filter(|finding| finding.code == fault.code)
            .all(|finding| finding.suggestion.is_some());
        if !hit || !advises {
            missed.push(format!(
                "{} for `{}`, but found\n    {}",
                fault.code,
                fault.replace,
                told(&files, &found).join("\n    ")
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_private_performer_gets_nothing_that_goes_directly_between_authorities() {
    let files = changed(
        MAIN,
        "| konto.syfte | text ≤ 200 | sökanden | 2017:900 19 § | Vad ska kontot användas till? |",
        "| konto.syfte | text ≤ 200 | register indrivning.skuld för person.pnr, direkt | 2009:400 10 kap. 28 §; 2017:900 19 § | |",
    );
    let (_, found) = findings(&files);
    assert!(
        found.iter().any(|finding| finding.code == "S436"),
        "{:?}",
        told(&files, &found)
    );
}

#[test]
fn an_automatic_decision_never_rests_on_a_sensitive_fact() {
    let mut files = changed(
        MAIN,
        "| t1 | bedömning.plan = nej | avslag |",
        "| t1 | läger.allergi = ja | avslag |",
    );
    let main = files.iter_mut().find(|file| file.path == MAIN).unwrap();
    let delegate = "delegat enligt delegation.läger när läger.unga ≤ 50 och läger.bad = nej, annars nämnd";
    main.text = main.text.replace(delegate, "automatiskt enligt delegation.läger");
    let (_, found) = findings(&files);
    assert!(
        found.iter().any(|finding| finding.code == "S432"),
        "{:?}",
        told(&files, &found)
    );
}

#[test]
fn a_step_that_nobody_signs_is_told() {
    let mut files = changed(MAIN, "| firmatecknare | alla |", "| firmatecknare | konto |");
    let main = files.iter_mut().find(|file| file.path == MAIN).unwrap();
    main.text = main
        .text
        .replace("| tillstånd | |\n| kontoavtal", "| konto | |\n| kontoavtal");
    main.text = main
        .text
        .replace("| sökanden | tillstånd, konto |", "| sökanden | konto |");
    let (_, found) = findings(&files);
    assert!(
        found.iter().any(|finding| finding.code == "S439"),
        "{:?}",
        told(&files, &found)
    );
}
