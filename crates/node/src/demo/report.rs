//! What the journey came to: counted from the nodes' event logs, read from the pages, compared with the scenario.
//!
//! Always true: a figure is counted from events and nothing else; what a page said is marked as such; every difference from
//! what the scenario expects is told with both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use samverk_domain::events::Kind;
use samverk_domain::fact::Name;
use samverk_domain::pack::{OutcomeKind, Pack, RuleKind};
use samverk_domain::terms::BodyId;
use samverk_store::events::{self, Event};
use samverk_store::{Store, StoreError};

use super::data::NodeData;
use super::player::{Applied, NotPlayed, Person, Player, Reached};
use super::scenario::{Scenario, register_of};
use super::staff::{Did, Letter, Staff};
use super::world::World;
use crate::trust::evidence;
use crate::trust::federation::Anchor;

/// Events of one journey that are read from one node; a journey makes about a hundred.
const EVENTS_MAX: u32 = 100_000;

/// Everything that is known at the end.
#[derive(Debug, Default)]
pub struct Played {
    pub applied: Applied,
    pub reached: BTreeMap<Name, Reached>,
    pub letters: BTreeMap<Name, Vec<Letter>>,
    pub did: Vec<Did>,
    /// Readings that the person sees at each node.
    pub insight: BTreeMap<String, usize>,
    /// Evidence files downloaded, and those that did not hold, with the reason.
    pub verified: usize,
    pub not_verified: Vec<String>,
}

/// The whole journey: apply, let everybody decide, read the letters, look at who has read.
pub async fn play(
    player: &Player<'_>,
    person: &mut Person,
    applied: Applied,
    tell: &mut dyn FnMut(&str),
) -> Result<Played, NotPlayed> {
    let mut played = Played {
        applied,
        ..Played::default()
    };
    let Some(submission) = played.applied.submission.clone() else {
        return Ok(played);
    };
    let mut staff = Staff::default();
    played.reached = player.decide(person, &submission, &mut staff, tell).await?;
    played.did = staff.did;
    let mut evidence = BTreeSet::new();
    for (step, reached) in &played.reached {
        let letters = player.read_letters(person, reached).await?;
        for letter in &letters {
            tell(&format!("öppnar brevet ”{}”", letter.heading));
            evidence.extend(letter.evidence.iter().cloned());
        }
        if !letters.is_empty() {
            played.letters.insert(step.clone(), letters);
        }
    }
    for node in &player.world.nodes {
        let address = format!("{}/insyn", player.world.url(&node.name));
        // A node that the scenario keeps down shows nothing.
        let Ok(page) = person.open(player.world, &address).await else {
            continue;
        };
        played
            .insight
            .insert(node.name.clone(), page.texts("main .reading").len());
        let links = page.links("main");
        let proofs = links.iter().filter(|(href, _)| href.contains("/insyn/bevis/"));
        evidence.extend(proofs.map(|(href, _)| page.absolute(href)));
    }
    tell(&format!("hämtar {} bevis och kontrollerar dem", evidence.len()));
    let anchor = anchor(player.world);
    for address in evidence {
        let file = person.open(player.world, &address).await?;
        match evidence::verify_file(file.html.as_bytes(), anchor.as_ref()) {
            Ok(_) => played.verified += 1,
            Err(why) => played.not_verified.push(format!("{}: {why}", file.path())),
        }
    }
    Ok(played)
}

/// The anchor's key as the nodes have it pinned.
fn anchor(world: &World) -> Option<Anchor> {
    let key = world.federation.body(&world.federation.anchor)?.keys.first()?;
    Anchor::parse(&key.to_string()).ok()
}

/// Every way in which the journey ended otherwise than the scenario says.
pub fn differences(pack: &Pack, scenario: &Scenario, played: &Played) -> Vec<String> {
    let mut found = Vec::new();
    match (&scenario.stopped, &played.applied.stopped) {
        (Some(wanted), Some(said)) => {
            let controls = &played.applied.controls;
            let named = controls_in(pack, wanted);
            // A control is known by its id; another reason, about who may sign, by its words.
            let is_so = match named.is_empty() && controls.is_empty() {
                true => tells(wanted, said),
                false => named == *controls,
            };
            if !is_so {
                let by = match controls.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", controls.iter().cloned().collect::<Vec<_>>().join(", ")),
                };
                found.push(format!(
                    "personen skulle stoppas med ”{wanted}”, men sidan säger ”{said}”{by}"
                ));
            }
            return found;
        }
        (Some(wanted), None) => return vec![format!("personen skulle stoppas ({wanted}), men kom igenom")],
        (None, Some(said)) => return vec![format!("personen stoppades: {said}")],
        (None, None) => {}
    }
    match (scenario.all_sign, played.applied.signed) {
        (true, 0) => found.push("alla skulle skriva under, men ingen annan än sökanden behövde göra det".to_owned()),
        (false, n @ 1..) => found.push(format!(
            "{n} till skrev under, och det står inte i scenariot: skriv raden `| inskickning | alla skriver under | |`"
        )),
        _ => {}
    }
    for (step, ending) in &scenario.expected {
        let reached = played.reached.get(step);
        let outcome = reached.map(|reached| reached.outcome.as_deref());
        let got = match (ending.outcome.as_str(), outcome) {
            ("behövs inte", None) | ("väntar" | "handläggare", Some(None)) => None,
            (wanted, Some(Some(got))) if wanted == got => None,
            (_, None) => Some("inget ärende".to_owned()),
            (_, Some(Some(got))) => Some(got.to_owned()),
            (_, Some(None)) => Some(reached.map(|reached| reached.words.clone()).unwrap_or_default()),
        };
        if let Some(got) = got {
            found.push(format!("{step} skulle bli {}, men blev: {got}", ending.outcome));
            continue;
        }
        if ending.grounds.is_empty() || !(ending.is_final() || ending.outcome == "behövs inte") {
            continue;
        }
        let wanted: BTreeSet<String> = ending.grounds.iter().map(Name::to_string).collect();
        let rows = match played.letters.get(step) {
            Some(letters) => rows_of(letters, step, &wanted),
            None => rows_said(pack, &wanted, &played.applied.tasks),
        };
        if rows != wanted {
            let list = |rows: &BTreeSet<String>| rows.iter().cloned().collect::<Vec<_>>().join(", ");
            found.push(format!(
                "{step} skulle grundas på {}, men sidan visar: {}",
                list(&wanted),
                if rows.is_empty() {
                    "ingen rad".to_owned()
                } else {
                    list(&rows)
                }
            ));
        }
    }
    if let Some(why) = played.not_verified.first() {
        found.push(format!(
            "{} bevis höll inte, det första: {why}",
            played.not_verified.len()
        ));
    }
    found
}

/// The rows in the letters: all of the step's own rule, and of others those that were expected.
fn rows_of(letters: &[Letter], step: &Name, wanted: &BTreeSet<String>) -> BTreeSet<String> {
    let rows = letters.iter().flat_map(|letter| &letter.rows);
    let fits = rows.filter(|(rule, row)| rule == step.as_str() || wanted.contains(row));
    fits.map(|(_, row)| row.clone()).collect()
}

/// The expected rows whose sentences stand on the task list.
fn rows_said(pack: &Pack, wanted: &BTreeSet<String>, tasks: &[(String, String)]) -> BTreeSet<String> {
    let rules = pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact);
    let rows = rules.flat_map(|rule| rule.rows.iter().map(move |row| (rule, row)));
    let said = rows.filter(|(rule, row)| {
        let key = format!("rad.{}.{}", rule.name.it, row.id.it);
        let text = pack.text("sv", &key).map(str::to_owned);
        let text = text.or_else(|| row.because.as_ref().map(|because| because.it.clone()));
        text.is_some_and(|text| tasks.iter().any(|(_, note)| note.contains(&text)))
    });
    said.map(|(_, row)| row.id.it.to_string())
        .filter(|row| wanted.contains(row))
        .collect()
}

/// The controls that the scenario says stop the person.
fn controls_in(pack: &Pack, wanted: &str) -> BTreeSet<String> {
    let words = wanted.split([',', ' ']).filter(|word| !word.is_empty());
    let controls = words.filter(|word| pack.controls.iter().any(|control| control.id.it.as_str() == *word));
    controls.map(str::to_owned).collect()
}

/// Whether the page says what the scenario expects: the same longer words stand in it.
fn tells(wanted: &str, said: &str) -> bool {
    const SHORT: usize = 3;
    let said = said.to_lowercase();
    let wanted = wanted.to_lowercase();
    let mut words = wanted
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= SHORT);
    // Inflected forms differ at their ends.
    words.any(|word| {
        let stem: String = word.chars().take(word.chars().count().max(SHORT + 1) - 1).collect();
        said.contains(&stem)
    })
}

/// Reads every node's event log from its store, from an instant on. Blocks.
pub fn read_events(dir: &Path, nodes: &[NodeData], service: &Name, from: Timestamp) -> Result<Vec<Event>, StoreError> {
    let mut all = Vec::new();
    for node in nodes {
        let store = Store::open(&dir.join(&node.name).join("node.sqlite"))?;
        let service = service.to_string();
        let own: Result<Vec<Event>, StoreError> = store.read_blocking("demo.events", move |tx| {
            events::of_service(tx, &service, from, Timestamp::MAX, EVENTS_MAX)
        });
        all.extend(own?);
    }
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(all)
}

/// Figures of one journey, from events alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Facts that the person gave, list items not counted.
    pub asked: BTreeSet<String>,
    /// Facts given more than once in the same matter, or given although they had been fetched.
    pub twice: BTreeSet<String>,
    pub fetched: BTreeMap<BodyId, u32>,
    pub uploaded: BTreeSet<String>,
    /// Uploaded although a register holds it.
    pub certificates: BTreeSet<String>,
    /// Asked although a register has it, with the kind of fault that came before.
    pub although: BTreeMap<String, Option<(Kind, Option<BodyId>)>>,
    pub submitted: Option<Timestamp>,
    pub decided: Vec<(BodyId, Option<String>, Kind, Timestamp)>,
    pub letters: u32,
    pub sittings: u32,
}

impl Figures {
    pub fn of(pack: &Pack, events: &[Event]) -> Self {
        let mut figures = Self::default();
        let mut given: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut prefilled: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut faults: BTreeMap<&str, (Kind, Option<BodyId>)> = BTreeMap::new();
        for event in events {
            let about = event.about.as_deref().unwrap_or_default();
            let fact = about.split('[').next().unwrap_or_default();
            match event.kind {
                Kind::FieldEntered | Kind::AttachmentUploaded => {
                    let is_register = Name::parse(fact).is_ok_and(|name| register_of(pack, &name).is_some());
                    let key = (event.case_pseudonym.as_str(), about);
                    if !given.insert(key) || prefilled.contains(&key) {
                        figures.twice.insert(about.to_owned());
                    }
                    figures.asked.insert(fact.to_owned());
                    if event.kind == Kind::AttachmentUploaded {
                        figures.uploaded.insert(fact.to_owned());
                        if is_register {
                            figures.certificates.insert(fact.to_owned());
                        }
                    } else if is_register {
                        figures.although.insert(fact.to_owned(), faults.get(about).cloned());
                    }
                }
                Kind::FieldPrefilled => {
                    prefilled.insert((&event.case_pseudonym, about));
                    if let Some(source) = &event.source_body {
                        *figures.fetched.entry(source.clone()).or_default() += event.count;
                    }
                }
                Kind::RegisterFailed | Kind::ReusedAnswerRefused => {
                    faults.insert(about, (event.kind, event.source_body.clone()));
                }
                Kind::Submitted => figures.submitted = Some(event.at),
                Kind::DecidedAutomatic | Kind::DecidedManual => {
                    figures
                        .decided
                        .push((event.body.clone(), event.about.clone(), event.kind, event.at));
                }
                Kind::PostDelivered => figures.letters += event.count,
                Kind::HandlingSession => figures.sittings += event.count,
                _ => {}
            }
        }
        figures
    }

    /// From the submission to the decision of a step by a body.
    pub fn decided_after(&self, body: &BodyId, step: &Name) -> Option<SignedDuration> {
        let mut decided = self
            .decided
            .iter()
            .filter(|(by, about, ..)| by == body && about.as_ref().is_none_or(|about| about == step.as_str()));
        let (.., at) = decided.next()?;
        Some(at.duration_since(self.submitted?))
    }
}

/// The summary in words. Figures are from the event logs; outcomes, diary numbers and reasons are what the pages say.
pub fn summary(player: &Player<'_>, played: &Played, figures: &Figures) -> String {
    let mut out = String::new();
    let (world, pack) = (player.world, player.pack);
    let name_of = |id: &BodyId| {
        world
            .federation
            .body(id)
            .map_or_else(|| id.to_string(), |body| body.name.clone())
    };
    let mut line = |label: &str, text: String| {
        let _ = writeln!(out, "  {label:<44} {text}");
    };
    let bodies = world.federation.bodies.len();
    // The e-legitimation is a node of its own without a body in the exchange.
    line(
        "Noder, var och en med egen process och data",
        format!("{}, med {bodies} organ", world.addresses.len()),
    );
    if let Some(said) = &played.applied.stopped {
        let controls = &played.applied.controls;
        match controls.is_empty() {
            true => line("Stoppad innan första frågan", said.clone()),
            false => {
                line("Uppgifter som sökanden fick fylla i", figures.asked.len().to_string());
                let ids = controls.iter().cloned().collect::<Vec<_>>().join(", ");
                line("Stoppad innan något skickades", format!("{ids}: {said}"));
            }
        }
        return out;
    }
    line("Uppgifter som sökanden fick fylla i", figures.asked.len().to_string());
    let fetched: Vec<String> = figures
        .fetched
        .iter()
        .map(|(body, n)| format!("{} {n}", name_of(body)))
        .collect();
    let sum: u32 = figures.fetched.values().sum();
    line("Uppgifter som hämtades", format!("{sum}: {}", fetched.join(", ")));
    line("Uppgifter som frågades två gånger", listed(&figures.twice));
    let certificates = listed(&figures.certificates);
    line(
        "Intyg som ett organ redan har",
        format!("{certificates} av {} bilagor", figures.uploaded.len()),
    );
    line(
        "Frågat fast ett register har uppgiften",
        figures.although.len().to_string(),
    );
    for (fact, fault) in &figures.although {
        let why = match fault {
            Some((Kind::ReusedAnswerRefused, body)) => format!("{} får inte lämna ut den", keeper(body, &name_of)),
            Some((_, body)) => format!("{} svarade inte", keeper(body, &name_of)),
            None => "inget fel noterat".to_owned(),
        };
        let said = played.applied.asked.iter().find(|asked| asked.fact.as_str() == fact);
        let said = said.and_then(|asked| asked.instead.clone());
        let said = said.map(|said| format!(" Sidan: ”{said}”")).unwrap_or_default();
        line("", format!("{fact}: {why}.{said}"));
    }
    if played.applied.signed > 0 {
        line("Skrev också under", played.applied.signed.to_string());
    }
    for fact in &played.applied.made_up {
        line("Påhittat svar, saknas i scenariot", fact.to_string());
    }
    line("Steg", String::new());
    for step in &pack.steps {
        let step_name = &step.name.it;
        let Some(reached) = played.reached.get(step_name) else {
            line(&format!("  {step_name}"), "behövs inte".to_owned());
            continue;
        };
        let body = player.responsible(step);
        let after = body.as_ref().and_then(|body| figures.decided_after(body, step_name));
        let time = after
            .map(|time| format!(", {} efter att ansökan kom in", seconds(time)))
            .unwrap_or_default();
        let so_far = match &reached.outcome {
            Some(outcome) => format!("{outcome}, {}{time}", by_whom(pack, step_name, reached, &played.did)),
            None => "inte beslutat".to_owned(),
        };
        let place = format!("{}, {}", reached.diary_number, reached.heading);
        line(&format!("  {step_name}"), format!("{so_far}. {place}"));
    }
    line("Beslut, automatiska och av människor", {
        let automatic = figures
            .decided
            .iter()
            .filter(|(_, _, kind, _)| *kind == Kind::DecidedAutomatic)
            .count();
        format!("{automatic} och {}", figures.decided.len() - automatic)
    });
    line("Handläggarnas åtgärder", figures.sittings.to_string());
    line(
        "Brev",
        format!(
            "{}, varav {} lästa här",
            figures.letters,
            played.letters.values().map(Vec::len).sum::<usize>()
        ),
    );
    let readings: usize = played.insight.values().sum();
    line(
        "Läsningar som personen ser under insyn",
        format!("{readings}, på {} noder", played.insight.len()),
    );
    let all = played.verified + played.not_verified.len();
    line(
        "Utbyten kontrollerade utan nät",
        format!("{} av {all}", played.verified),
    );
    out
}

fn keeper(body: &Option<BodyId>, name_of: &dyn Fn(&BodyId) -> String) -> String {
    body.as_ref().map_or_else(|| "registret".to_owned(), name_of)
}

fn by_whom(pack: &Pack, step: &Name, reached: &Reached, did: &[Did]) -> String {
    let outcome = pack
        .outcomes_of(step)
        .find(|outcome| Some(&outcome.name.it) == reached.outcome.as_ref());
    if outcome.is_some_and(|outcome| outcome.kind.it == OutcomeKind::Acknowledgement) {
        return "noteras utan beslut".to_owned();
    }
    if reached.automatic {
        return "automatiskt".to_owned();
    }
    let mut own = did.iter().rev().filter(|did| did.diary_number == reached.diary_number);
    let decided = own.find(|did| did.what.contains("eslut"));
    decided.map_or_else(
        || "av en handläggare".to_owned(),
        |did| match did.what.contains("nämnden") {
            true => format!("av nämnden, antecknat av {}", did.who),
            false => format!("av {}", did.who),
        },
    )
}

fn listed(facts: &BTreeSet<String>) -> String {
    match facts.len() {
        0 => "0".to_owned(),
        n => format!("{n}: {}", facts.iter().cloned().collect::<Vec<_>>().join(", ")),
    }
}

/// `0,4 s`
fn seconds(time: SignedDuration) -> String {
    format!("{:.1} s", time.as_secs_f64()).replace('.', ",")
}

impl Player<'_> {
    /// The body that has the step in the scenario's place.
    pub fn responsible(&self, step: &samverk_domain::pack::Step) -> Option<BodyId> {
        let role = self.pack.role(&step.role.it)?;
        let place = self.place();
        let found = self.world.federation.responsible(&role.task.it, place.as_deref());
        found.ok().map(|body| body.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::embedded_packs;

    fn event(kind: Kind, about: &str, source: Option<&str>) -> Event {
        Event {
            id: format!("{kind:?}{about}"),
            at: Timestamp::UNIX_EPOCH,
            node: "n".to_owned(),
            body: BodyId::parse("foretagsporten").unwrap(),
            service: "starta-restaurang".to_owned(),
            version: 1,
            case_pseudonym: "p".to_owned(),
            kind,
            about: Some(about.to_owned()),
            source_body: source.map(|source| BodyId::parse(source).unwrap()),
            channel: "web".to_owned(),
            count: 1,
            active_ms: None,
        }
    }

    #[test]
    fn a_fact_that_was_fetched_and_is_asked_counts_as_asked_twice() {
        let packs = embedded_packs().unwrap();
        let events = [
            event(Kind::FieldPrefilled, "företag.namn", Some("bolagsregistret")),
            event(Kind::FieldEntered, "gas.inne", None),
            event(Kind::FieldEntered, "ägare.pnr[0]", None),
            event(Kind::FieldEntered, "ägare.pnr[1]", None),
            event(Kind::FieldEntered, "företag.namn", None),
        ];
        let figures = Figures::of(&packs[0], &events);
        assert_eq!(figures.asked.len(), 3, "a list's column is one");
        assert_eq!(figures.twice, ["företag.namn".to_owned()].into());
        assert_eq!(figures.although.keys().collect::<Vec<_>>(), ["företag.namn"]);
    }

    #[test]
    fn a_fact_asked_because_a_contract_was_ended_names_the_fault() {
        let packs = embedded_packs().unwrap();
        let events = [
            event(Kind::ReusedAnswerRefused, "företag.säte", Some("bolagsregistret")),
            event(Kind::FieldEntered, "företag.säte", None),
        ];
        let figures = Figures::of(&packs[0], &events);
        assert!(figures.twice.is_empty());
        let (kind, body) = figures.although["företag.säte"].clone().unwrap();
        assert_eq!(
            (kind, body.unwrap().as_str()),
            (Kind::ReusedAnswerRefused, "bolagsregistret")
        );
    }

    #[test]
    fn the_control_that_stops_is_the_one_that_the_scenario_names() {
        let packs = embedded_packs().unwrap();
        let stopped = |wanted: &str, by: &[&str]| {
            let text = format!(
                "## Exempel: x\n\n| Uppgift | Värde |\n| --- | --- |\n| företag.orgnr | 559900-0006 |\n\n\
                 | Steg | Utfall | Grund |\n| --- | --- | --- |\n| inskickning | stoppas | {wanted} |\n"
            );
            let scenario = Scenario::read(&packs[0], "x.md", &text).unwrap();
            let played = Played {
                applied: Applied {
                    stopped: Some("Bolaget ska vara registrerat.".to_owned()),
                    controls: by.iter().map(|id| (*id).to_owned()).collect(),
                    ..Applied::default()
                },
                ..Played::default()
            };
            differences(&packs[0], &scenario, &played)
        };
        assert_eq!(stopped("k1", &["k1"]), Vec::<String>::new());
        assert!(stopped("k1", &["k2"])[0].contains("(k2)"));
        assert_eq!(stopped("k1", &[]).len(), 1, "stopped elsewhere, in other words");
        assert_eq!(stopped("två måste skriva under", &["k1"]).len(), 1);
    }

    #[test]
    fn the_reason_for_being_stopped_is_recognised_in_other_words() {
        assert!(tells(
            "två måste skriva under",
            "2 personer måste skriva under tillsammans"
        ));
        assert!(!tells("två måste skriva under", "Företaget finns inte"));
    }
}
