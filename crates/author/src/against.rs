//! Two versions of one service laid beside each other: what is written otherwise, and what that means for people.
//!
//! Always true here: a difference in meaning is shown with a case in which the two versions come out differently; nothing is
//! said to be the same that was not tried, and where the cases are too many that is said. Both documents must be readable; the
//! older one need not be clean. Reading order: [`compare`], [`Comparison`], then how it is found, then how it is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use samverk_domain::check::same::{self, Part};
use samverk_domain::check::{self, Joined};
use samverk_domain::fact::{Facts, Known, Name};
use samverk_domain::finding::{Severity, SourceFile, Span};
use samverk_domain::pack::{Area, CountedAt, Example, Pack, RuleKind, Source};
use samverk_domain::rules::{self, Setting, Verdict};
use samverk_domain::terms::{Adoption, BodyId};
use serde::{Deserialize, Serialize};

/// Changes of one kind that are written out; the rest is counted.
const SHOWN_MAX: usize = 40;

/// Everything that the newer version changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub service: String,
    pub old_version: u32,
    pub new_version: u32,
    /// What stands otherwise in the document, in the newer one's order; what is gone comes last in its section.
    pub written: Vec<Written>,
    /// Rules and conditions that come out differently in some case: all classes of cases are tried.
    pub rules: Vec<RuleComesOut>,
    /// Steps that come out differently in some example of either version.
    pub outcomes: Vec<ComesOut>,
    /// Questions and register facts that come or go.
    pub asked: Changed,
    pub fetched: Changed,
    /// Steps that read something of what was changed, with the body that has the task.
    pub touched: Vec<Touched>,
    /// What happens to what is under way: one line for each table and parameter that changed.
    pub under_way: Vec<UnderWay>,
    /// Cases that were handed in, and how each is touched.
    pub cases: Vec<CaseTouched>,
    /// Bodies that have adopted the older version.
    pub adopters: Vec<Adopter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// `Utfallsregel serveringstillstånd`, `Parametrar`, `Texter (en)`.
    pub section: String,
    pub key: String,
    /// As it stood; absent when it is new.
    pub old: Option<String>,
    /// As it stands; absent when it is gone.
    pub new: Option<String>,
}

/// A case in which a step comes out differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComesOut {
    pub step: Name,
    /// `kök.eget = nej`, or an example's title.
    pub case: String,
    pub old: Result,
    pub new: Result,
}

/// A rule, or a condition, that comes out differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleComesOut {
    /// `Regel gasol.behövs`, `Behövs när för gasol`, `Kontrollen k1`.
    pub of: String,
    /// `gas.inne = 3`; absent where the cases are more than are tried.
    pub case: Option<String>,
    pub old: String,
    pub new: String,
}

/// What a step comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Result {
    /// An outcome, `behövs inte`, `väntar`, `handläggare`, or `finns inte` where the version lacks the step.
    pub outcome: String,
    pub rows: Vec<Name>,
    /// In kronor, where it is known.
    pub fee: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub come: Vec<String>,
    pub gone: Vec<String>,
    pub otherwise: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touched {
    pub step: Name,
    pub role: Name,
    pub task: String,
    /// Only in one municipality at a time, or in the whole country.
    pub local: bool,
    /// Bodies that have the task, where a federation is known.
    pub bodies: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnderWay {
    /// The table or the parameter.
    pub what: String,
    pub counted_at: Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    Application,
    Decision,
    Event,
}

/// One case under way, as a node hands it out for comparison.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The diary number.
    pub number: String,
    pub step: Name,
    pub facts: Facts,
    #[serde(default)]
    pub setting: Setting,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseTouched {
    pub number: String,
    pub step: Name,
    pub old: Result,
    pub new: Result,
}

/// What a body that has adopted the older version must do before it can adopt the newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopter {
    pub body: BodyId,
    /// Empty: its parameters fit as they are.
    pub must: Vec<String>,
}

/// Compares. `cases`: those under way of the older version; `joined`: the federation that has adopted it.
pub fn compare(old: &Pack, new: &Pack, cases: &[Case], joined: Option<Joined<'_>>) -> Comparison {
    let written = written(old, new);
    let changed: BTreeSet<&str> = written
        .iter()
        .map(|it| it.key.split(' ').next().unwrap_or(&it.key))
        .collect();
    let sections: BTreeSet<&str> = written.iter().map(|it| it.section.as_str()).collect();
    Comparison {
        service: new.meta.slug.it.to_string(),
        old_version: old.meta.version.it,
        new_version: new.meta.version.it,
        rules: rules_of(old, new),
        outcomes: outcomes(old, new),
        asked: asked(old, new),
        fetched: fetched(old, new),
        touched: touched(old, new, &changed, &sections, joined),
        under_way: under_way(new, old, &written),
        cases: cases.iter().filter_map(|case| touches(old, new, case)).collect(),
        adopters: joined.map_or_else(Vec::new, |joined| adopters(old, new, joined)),
        written,
    }
}

impl Comparison {
    /// The newer version decides, asks and says the same as the older.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }
}

// ---- what is written otherwise ----

/// One row or heading of a document, by what it is about.
struct Place {
    section: String,
    key: String,
    text: String,
}

fn written(old: &Pack, new: &Pack) -> Vec<Written> {
    let (before, after) = (parts(old), parts(new));
    let key = |part: &Place| (part.section.clone(), part.key.clone());
    let was: BTreeMap<_, &str> = before.iter().map(|part| (key(part), part.text.as_str())).collect();
    let is: BTreeSet<_> = after.iter().map(key).collect();
    let mut all: Vec<Written> = Vec::new();
    let mut sections: Vec<&str> = Vec::new();
    for part in after.iter().chain(&before) {
        if !sections.contains(&part.section.as_str()) {
            sections.push(&part.section);
        }
    }
    for section in sections {
        for part in after.iter().filter(|part| part.section == section) {
            let old = was.get(&key(part)).copied();
            if old != Some(part.text.as_str()) {
                all.push(Written {
                    section: section.to_owned(),
                    key: part.key.clone(),
                    old: old.map(str::to_owned),
                    new: Some(part.text.clone()),
                });
            }
        }
        for part in before
            .iter()
            .filter(|part| part.section == section && !is.contains(&key(part)))
        {
            all.push(Written {
                section: section.to_owned(),
                key: part.key.clone(),
                old: Some(part.text.clone()),
                new: None,
            });
        }
        all.extend(moved(section, &before, &after));
    }
    all
}

/// Under `första` the order of the rows decides.
fn moved(section: &str, before: &[Place], after: &[Place]) -> Option<Written> {
    let heading = after
        .iter()
        .find(|part| part.section == section && part.key == HEADING)?;
    if !heading.text.contains("första") {
        return None;
    }
    let of = |parts: &[Place]| -> Vec<String> {
        let own = parts
            .iter()
            .filter(|part| part.section == section && part.key != HEADING);
        own.map(|part| part.key.clone()).collect()
    };
    let (mut was, mut is) = (of(before), of(after));
    let both: Vec<String> = was.iter().filter(|key| is.contains(key)).cloned().collect();
    was.retain(|key| both.contains(key));
    is.retain(|key| both.contains(key));
    (was != is).then(|| Written {
        section: section.to_owned(),
        key: "radernas ordning".to_owned(),
        old: Some(was.join(", ")),
        new: Some(is.join(", ")),
    })
}

/// The heading of a section that decides something (a rule's policy).
const HEADING: &str = "rubriken";

fn parts(pack: &Pack) -> Vec<Place> {
    let mut all = Vec::new();
    let mut add = |section: &str, key: String, span: Span| {
        all.push(Place {
            section: section.to_owned(),
            key,
            text: line(&pack.files, span),
        });
    };
    add("Dokumentet", "gäller".to_owned(), pack.meta.valid_from.span);
    add("Dokumentet", "titel".to_owned(), pack.title.span);
    add("Dokumentet", "ingress".to_owned(), pack.intro.span);
    for role in &pack.roles {
        add("Roller", role.name.it.to_string(), role.name.span);
    }
    for fact in &pack.facts {
        add("Uppgifter", fact.name.it.to_string(), fact.span);
    }
    for list in &pack.lists {
        let section = format!("Lista {}", list.name.it);
        add(&section, HEADING.to_owned(), list.name.span);
        for column in &list.columns {
            add(&section, column.name.it.to_string(), column.span);
        }
    }
    for control in &pack.controls {
        add("Kontroller", control.id.it.to_string(), control.id.span);
    }
    for signature in &pack.signatures {
        add("Underskrifter", signature.id.it.to_string(), signature.span);
    }
    for step in &pack.steps {
        add("Steg", step.name.it.to_string(), step.span);
    }
    for rule in &pack.rules {
        let section = section_of(rule.kind, &rule.name.it);
        add(&section, HEADING.to_owned(), rule.name.span);
        for row in &rule.rows {
            add(&section, row.id.it.to_string(), row.span);
        }
    }
    for outcome in &pack.outcomes {
        add(
            "Utfall",
            format!("{} {}", outcome.step.it, outcome.name.it),
            outcome.span,
        );
    }
    for duty in &pack.duties {
        add("Skyldigheter", duty.id.it.to_string(), duty.span);
    }
    for parameter in &pack.parameters {
        add("Parametrar", parameter.name.it.to_string(), parameter.span);
    }
    for file in &pack.files {
        if let Some(name) = file.path.strip_prefix("brev/") {
            all.push(Place {
                section: "Brev".to_owned(),
                key: name.trim_end_matches(".md").to_owned(),
                text: file.text.trim().to_owned(),
            });
        }
    }
    for (language, texts) in &pack.texts {
        for (key, text) in texts {
            // The Swedish texts of tables stand in the tables.
            if text.span.file.0 as usize >= pack.files.len() || is_table(pack, text.span) {
                continue;
            }
            all.push(Place {
                section: format!("Texter ({language})"),
                key: key.clone(),
                text: text.it.clone(),
            });
        }
    }
    all
}

fn section_of(kind: RuleKind, name: &Name) -> String {
    match kind {
        RuleKind::Fact => format!("Regel {name}"),
        RuleKind::Outcome => format!("Utfallsregel {name}"),
    }
}

fn is_table(pack: &Pack, span: Span) -> bool {
    pack.files
        .get(usize::from(span.file.0))
        .is_some_and(|file| file.path == "tjanst.md")
}

/// The line or lines of a part, as words: alignment says nothing.
fn line(files: &[SourceFile], span: Span) -> String {
    let Some(file) = files.get(usize::from(span.file.0)) else {
        return String::new();
    };
    let text = file.text.as_str();
    let clamp = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (clamp(span.start), clamp(span.end));
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    text[from..to].split_whitespace().collect::<Vec<_>>().join(" ")
}

// ---- what it means ----

/// Rules and conditions that are in both and come out differently, over all classes of what they rest on.
fn rules_of(old: &Pack, new: &Pack) -> Vec<RuleComesOut> {
    let all = same::differences(old, new).into_iter().map(|differs| {
        let name = &differs.of;
        let of = match differs.part {
            Part::Rule(kind) => section_of(kind, name),
            Part::NeededWhen => format!("Behövs när för {name}"),
            Part::Control => format!("Kontrollen {name}"),
        };
        let Some((case, facts, setting)) = differs.case else {
            return RuleComesOut {
                of,
                case: None,
                old: String::new(),
                new: String::new(),
            };
        };
        let result_in = |pack: &Pack, at: (&Facts, &Setting)| match differs.part {
            Part::Rule(RuleKind::Outcome) | Part::NeededWhen => said(&result(pack, at, name)),
            Part::Rule(RuleKind::Fact) => value(pack, at, name),
            Part::Control => control(pack, at, name),
        };
        // The case holds only what the difference rests on. Within an example the rest is known too.
        let within = old.examples.iter().chain(&new.examples).find_map(|example| {
            let (own, own_setting) = facts_of(new, example);
            let whole = laid_over(own, &facts);
            let (was, is) = (
                result_in(old, (&whole, &own_setting)),
                result_in(new, (&whole, &own_setting)),
            );
            (was != is && ![&was, &is].iter().any(|it| OPEN.contains(&it.as_str()))).then_some((was, is))
        });
        let (old, new) =
            within.unwrap_or_else(|| (result_in(old, (&facts, &setting)), result_in(new, (&facts, &setting))));
        RuleComesOut {
            old,
            new,
            of,
            case: Some(case),
        }
    });
    all.collect()
}

/// Results that are none yet.
const OPEN: [&str; 2] = ["väntar", "saknas"];

fn laid_over(mut whole: Facts, case: &Facts) -> Facts {
    whole
        .known
        .extend(case.known.iter().map(|(name, known)| (name.clone(), known.clone())));
    whole
        .lists
        .extend(case.lists.iter().map(|(name, items)| (name.clone(), items.clone())));
    whole
}

fn value(pack: &Pack, (facts, setting): (&Facts, &Setting), name: &Name) -> String {
    let evaluation = rules::evaluate(pack, facts, setting);
    let text = match evaluation.values.get(name) {
        Some(Known::Value(value)) => value.to_string(),
        Some(Known::NotApplicable) => "ej aktuellt".to_owned(),
        Some(Known::Missing(_)) | None => "saknas".to_owned(),
    };
    match evaluation.fired.get(name) {
        Some(row) => format!("{text} ({row})"),
        None => text,
    }
}

fn control(pack: &Pack, (facts, setting): (&Facts, &Setting), name: &Name) -> String {
    let stops = rules::broken_controls(pack, facts, setting).contains(name);
    if stops { "stoppar" } else { "stoppar inte" }.to_owned()
}

/// Examples in which a step comes out differently, the first for each step.
fn outcomes(old: &Pack, new: &Pack) -> Vec<ComesOut> {
    let mut found: BTreeMap<Name, ComesOut> = BTreeMap::new();
    let mut try_case = |title: String, of_old: (&Facts, &Setting), of_new: (&Facts, &Setting)| {
        for step in steps(old, new) {
            if found.contains_key(&step) {
                continue;
            }
            let (was, is) = (result(old, of_old, &step), result(new, of_new, &step));
            if was != is {
                let case = title.clone();
                found.insert(
                    step.clone(),
                    ComesOut {
                        step,
                        case,
                        old: was,
                        new: is,
                    },
                );
            }
        }
    };
    for example in new.examples.iter().chain(&old.examples) {
        let (of_old, of_new) = (facts_of(old, example), facts_of(new, example));
        let title = format!("exemplet ”{}”", example.title.it);
        try_case(title, (&of_old.0, &of_old.1), (&of_new.0, &of_new.1));
    }
    let order = steps(old, new);
    let mut all: Vec<ComesOut> = found.into_values().collect();
    all.sort_by_key(|it| order.iter().position(|step| *step == it.step));
    all
}

fn facts_of(pack: &Pack, example: &Example) -> (Facts, Setting) {
    rules::example::facts(pack, example)
}

/// The newer version's steps, then those that are gone.
fn steps(old: &Pack, new: &Pack) -> Vec<Name> {
    let mut all: Vec<Name> = new.steps.iter().map(|step| step.name.it.clone()).collect();
    for step in &old.steps {
        if !all.contains(&step.name.it) {
            all.push(step.name.it.clone());
        }
    }
    all
}

fn result(pack: &Pack, (facts, setting): (&Facts, &Setting), step: &Name) -> Result {
    let evaluation = rules::evaluate(pack, facts, setting);
    let Some(it) = evaluation.steps.get(step) else {
        return Result {
            outcome: "finns inte".to_owned(),
            ..Result::default()
        };
    };
    let outcome = match it.verdict(pack, step) {
        Verdict::NotNeeded => "behövs inte".to_owned(),
        Verdict::Waiting => "väntar".to_owned(),
        Verdict::CaseWorker => "handläggare".to_owned(),
        Verdict::Outcome(outcome) => outcome.to_owned(),
    };
    let mut rows: Vec<Name> = it.grounds.iter().map(|fired| fired.row.clone()).collect();
    if rows.is_empty() {
        rows = it.needed_because.iter().map(|fired| fired.row.clone()).collect();
    }
    let fee = match &it.fee {
        Known::Value(kronor) => Some(samverk_domain::words::amount::swedish(*kronor)),
        _ => None,
    };
    Result { outcome, rows, fee }
}

fn touches(old: &Pack, new: &Pack, case: &Case) -> Option<CaseTouched> {
    let at = (&case.facts, &case.setting);
    let (was, is) = (result(old, at, &case.step), result(new, at, &case.step));
    (was != is).then(|| CaseTouched {
        number: case.number.clone(),
        step: case.step.clone(),
        old: was,
        new: is,
    })
}

fn asked(old: &Pack, new: &Pack) -> Changed {
    let of = |pack: &Pack| -> BTreeMap<Name, String> {
        let asked = check::facts(pack).filter(|fact| fact.source.it == Source::Applicant);
        asked
            .map(|fact| {
                let question = fact.question.as_ref().map(|it| it.it.clone()).unwrap_or_default();
                (fact.name.it.clone(), question)
            })
            .collect()
    };
    changed(&of(old), &of(new), |name, question| match question.as_str() {
        "" => name.to_string(),
        question => format!("{question} ({name})"),
    })
}

fn fetched(old: &Pack, new: &Pack) -> Changed {
    let of = |pack: &Pack| -> BTreeMap<Name, String> {
        check::facts(pack)
            .filter_map(|fact| match &fact.source.it {
                Source::Register(register) => Some((
                    fact.name.it.clone(),
                    format!("{}.{}", register.register, register.field),
                )),
                _ => None,
            })
            .collect()
    };
    changed(&of(old), &of(new), |name, place| format!("{name} (ur {place})"))
}

fn changed(
    old: &BTreeMap<Name, String>,
    new: &BTreeMap<Name, String>,
    said: impl Fn(&Name, &String) -> String,
) -> Changed {
    let only = |of: &BTreeMap<Name, String>, beside: &BTreeMap<Name, String>| {
        let own = of.iter().filter(|(name, _)| !beside.contains_key(*name));
        own.map(|(name, text)| said(name, text)).collect()
    };
    let both = new
        .iter()
        .filter(|(name, text)| old.get(*name).is_some_and(|was| was != *text));
    Changed {
        come: only(new, old),
        gone: only(old, new),
        otherwise: both.map(|(name, text)| said(name, text)).collect(),
    }
}

fn touched(
    old: &Pack,
    new: &Pack,
    changed: &BTreeSet<&str>,
    sections: &BTreeSet<&str>,
    joined: Option<Joined<'_>>,
) -> Vec<Touched> {
    let mut all = Vec::new();
    for name in steps(old, new) {
        let reads = |pack: &Pack| {
            let names = check::read_by_step(pack, &name);
            names
                .iter()
                .any(|read| changed.contains(read.as_str()) || sections.contains(&*section_of(RuleKind::Fact, read)))
        };
        let own = changed.contains(name.as_str()) || sections.contains(&*section_of(RuleKind::Outcome, &name));
        if !(own || reads(old) || reads(new)) {
            continue;
        }
        let of = |pack: &Pack| {
            let role = pack.role(&pack.step(&name)?.role.it)?;
            Some((role.name.it.clone(), role.task.it.clone(), role.area.it.clone()))
        };
        let Some((role, task, area)) = of(new).or_else(|| of(old)) else {
            continue;
        };
        let bodies = joined.map_or_else(Vec::new, |joined| {
            let bodies = joined.federation.bodies.iter();
            bodies
                .filter(|body| body.tasks.iter().any(|own| own.task == task))
                .map(|body| match body.part_of.as_str() {
                    "" => body.name.clone(),
                    whole => format!("{}, {whole}", body.name),
                })
                .collect()
        });
        all.push(Touched {
            step: name,
            role,
            task,
            local: matches!(area, Area::MunicipalityOf(_)),
            bodies,
        });
    }
    all
}

fn under_way(new: &Pack, old: &Pack, written: &[Written]) -> Vec<UnderWay> {
    let counted = |at: CountedAt| match at {
        CountedAt::Application => Counted::Application,
        CountedAt::Decision => Counted::Decision,
        CountedAt::Event => Counted::Event,
    };
    let mut all = Vec::new();
    for rule in new.rules.iter().chain(&old.rules) {
        let what = section_of(rule.kind, &rule.name.it);
        let is_said = all.iter().any(|it: &UnderWay| it.what == what);
        if !is_said && written.iter().any(|it| it.section == what) {
            all.push(UnderWay {
                what,
                counted_at: counted(rule.counted_at),
            });
        }
    }
    for parameter in new.parameters.iter().chain(&old.parameters) {
        let name = parameter.name.it.as_str();
        let what = format!("parametern {name}");
        let is_said = all.iter().any(|it| it.what == what);
        if !is_said && written.iter().any(|it| it.section == "Parametrar" && it.key == name) {
            all.push(UnderWay {
                what,
                counted_at: counted(parameter.counted_at),
            });
        }
    }
    all
}

/// Tries each adoption of the older version on the newer: what would be an error there is what the body must do.
fn adopters(old: &Pack, new: &Pack, joined: Joined<'_>) -> Vec<Adopter> {
    let of_old = joined
        .adoptions
        .iter()
        .filter(|it| it.pack == old.meta.slug.it && it.version == old.meta.version.it);
    of_old
        .map(|adoption| {
            let renewed = Adoption {
                version: new.meta.version.it,
                pack_sha256: new.sha256(),
                ..adoption.clone()
            };
            let alone = Joined {
                adoptions: std::slice::from_ref(&renewed),
                ..joined
            };
            let body = joined.federation.bodies.iter().find(|body| body.id == adoption.body);
            let name = body.map_or_else(|| adoption.body.to_string(), |body| body.name.clone());
            let found = check::check(new, Some(alone));
            let own = found.into_iter().filter(|finding| {
                let about_adoption = matches!(finding.code, "S605" | "S606" | "S607");
                about_adoption && finding.severity == Severity::Error && finding.message.contains(&name)
            });
            let mut must: Vec<String> = own.map(|finding| finding.message).collect();
            must.dedup();
            Adopter {
                body: adoption.body.clone(),
                must,
            }
        })
        .collect()
}

// ---- in words ----

/// The comparison in Swedish, for whoever must decide on it.
pub fn in_words(it: &Comparison) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format!(
        "{}: version {} jämförd med version {}",
        it.service, it.new_version, it.old_version
    ));
    if it.is_empty() {
        line("Dokumenten säger detsamma.".to_owned());
        return out;
    }
    line("\nVad som är skrivet annorlunda".to_owned());
    let mut section = "";
    for (at, change) in it.written.iter().enumerate() {
        if at == SHOWN_MAX {
            line(format!("  … och {} ändringar till", it.written.len() - SHOWN_MAX));
            break;
        }
        if change.section != section {
            section = &change.section;
            line(format!("  {section}"));
        }
        match (&change.old, &change.new) {
            (None, Some(new)) => line(format!("    ny: {}", short(&change.key, new))),
            (Some(old), None) => line(format!("    borta: {}", short(&change.key, old))),
            (Some(old), Some(new)) => {
                line(format!("    ändrad: {}", change.key));
                for (old, new) in cells(old, new) {
                    line(format!("      från  {}", one_line(old)));
                    line(format!("      till  {}", one_line(new)));
                }
            }
            (None, None) => {}
        }
    }
    line("\nVad det betyder".to_owned());
    for rule in &it.rules {
        match &rule.case {
            Some(case) if rule.old == rule.new => {
                line(format!("  {}: andra rader gäller när {case}", rule.of));
            }
            Some(case) => {
                line(format!("  {}: när {case}", rule.of));
                line(format!("      förr  {}", rule.old));
                line(format!("      nu    {}", rule.new));
            }
            None => line(format!(
                "  {}: för många fall för att prövas; jämför raderna ovan.",
                rule.of
            )),
        }
    }
    if it.outcomes.is_empty() && it.rules.is_empty() {
        line("  Inget fall får ett annat utfall, andra grunder eller en annan avgift.".to_owned());
    }
    for outcome in &it.outcomes {
        line(format!("  {}: i {}", outcome.step, outcome.case));
        line(format!("      förr  {}", said(&outcome.old)));
        line(format!("      nu    {}", said(&outcome.new)));
    }
    for (what, changed) in [("Frågor", &it.asked), ("Uppgifter som hämtas", &it.fetched)] {
        for (how, names) in [
            ("nya", &changed.come),
            ("borta", &changed.gone),
            ("ändrade", &changed.otherwise),
        ] {
            if !names.is_empty() {
                line(format!("  {what}, {how}: {}", names.join("; ")));
            }
        }
    }
    line("\nVilka det berör".to_owned());
    for touched in &it.touched {
        let who = match (touched.bodies.as_slice(), touched.local) {
            ([], true) => format!("den som har uppdraget {} i varje kommun", touched.task),
            ([], false) => format!("den som har uppdraget {} i riket", touched.task),
            (bodies, _) => bodies.join("; "),
        };
        line(format!("  {}: {who}", touched.step));
    }
    if !it.under_way.is_empty() {
        line("\nÄrenden som redan har kommit in".to_owned());
    }
    for table in &it.under_way {
        let then = match table.counted_at {
            Counted::Application => "räknas vid ansökan: de behåller det som gällde då",
            Counted::Decision => "räknas vid beslut: de som inte är avgjorda prövas enligt den nya versionen",
            Counted::Event => "räknas vid händelsen: det som har hänt räknas som det gällde då",
        };
        line(format!("  {} {then}.", table.what));
    }
    for case in &it.cases {
        line(format!(
            "  {} ({}): förr {}, nu {}",
            case.number,
            case.step,
            said(&case.old),
            said(&case.new)
        ));
    }
    if !it.adopters.is_empty() {
        line("\nOrgan som har antagit den äldre versionen".to_owned());
    }
    for adopter in &it.adopters {
        match adopter.must.as_slice() {
            [] => line(format!(
                "  {}: parametrarna passar som de är; antagandet behöver göras om för den nya versionen.",
                adopter.body
            )),
            must => {
                line(format!("  {}: kan inte anta den nya versionen förrän", adopter.body));
                for what in must {
                    line(format!("    {what}"));
                }
            }
        }
    }
    out
}

fn said(result: &Result) -> String {
    let mut text = result.outcome.clone();
    if !result.rows.is_empty() {
        let rows: Vec<&str> = result.rows.iter().map(Name::as_str).collect();
        let _ = write!(text, " ({})", rows.join(", "));
    }
    if let Some(fee) = &result.fee {
        let _ = write!(text, ", avgift {fee} kr");
    }
    text
}

/// What differs between two rows cell by cell, or the whole where they are not rows of one form.
fn cells<'t>(old: &'t str, new: &'t str) -> Vec<(&'t str, &'t str)> {
    let of = |text: &'t str| -> Vec<&'t str> { text.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect() };
    let (was, is) = (of(old), of(new));
    if !old.starts_with('|') || was.len() != is.len() {
        return vec![(old, new)];
    }
    let all = was.into_iter().zip(is).filter(|(was, is)| was != is);
    all.map(|(was, is)| {
        (
            if was.is_empty() { "–" } else { was },
            if is.is_empty() { "–" } else { is },
        )
    })
    .collect()
}

/// Characters of a row that are shown; tables are wide.
const LINE_MAX: usize = 200;

fn one_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.chars().count() <= LINE_MAX {
        return first.to_owned();
    }
    let cut: String = first.chars().take(LINE_MAX).collect();
    format!("{cut} …")
}

fn short(key: &str, text: &str) -> String {
    match text.starts_with('|') {
        true => one_line(text),
        false => format!("{key}: {}", one_line(text)),
    }
}
