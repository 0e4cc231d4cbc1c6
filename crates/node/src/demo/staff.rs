//! What the people at the bodies do: look in their queue, do the one thing that stands on the case's page, until nothing is
//! left that the scenario answers.
//!
//! Always true: an assessment, an opinion and a proposal come from the scenario; what it does not answer is left undone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use samverk_domain::fact::{Name, Slot, Value};
use samverk_domain::pack::{Area, Source};
use samverk_domain::terms::BodyId;
use samverk_domain::words::letters::inside;

use super::agreements::responsible;
use super::browser::{Filling, Form, NotShown, Page};
use super::data;
use super::player::{NotPlayed, Person, Player, Reached, STILL_MAX};
use super::scenario::Ending;

/// Queues where staff have something to do. The others wait for somebody else.
const QUEUES: [&str; 2] = ["staff", "meeting"];
/// Acts in one case before it is given up; an alcohol permit needs about eight.
const ACTS_MAX: usize = 40;
/// Acts that bring a case towards its end.
const ENDING: [&str; 5] = ["tvist", "kommunicera", "utkast", "besluta", "namnd"];
/// How long a step that is to wait is watched, so that one that goes on by itself is seen.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// How often an act may be refused because the case has moved on since its page was opened.
const REFUSED_MAX: usize = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// What the person says when they are heard. The demonstration's clock is the real one, so the answer comes at once.
const HEARD: &str = "Vi har tagit del av underlaget och har inget att tillägga.";

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Did {
    pub body: BodyId,
    /// Name and title.
    pub who: String,
    pub what: String,
    pub diary_number: String,
}

/// The staff with their browsers.
#[derive(Default)]
pub struct Staff {
    people: BTreeMap<String, Person>,
    pub did: Vec<Did>,
    /// What a case waited for and the scenario does not answer.
    pub left: BTreeSet<String>,
}

impl Player<'_> {
    /// Lets case workers and the person do what is theirs until every step has come where the scenario says, or nothing moves.
    pub async fn decide(
        &self,
        person: &mut Person,
        submission: &str,
        staff: &mut Staff,
        tell: &mut dyn FnMut(&str),
    ) -> Result<BTreeMap<Name, Reached>, NotPlayed> {
        let mut moved = Instant::now();
        let mut before = BTreeMap::new();
        loop {
            let mut progress = false;
            for body in self.bodies() {
                progress |= self.work(&body, staff, tell).await?;
            }
            progress |= self.answer_notices(person, submission, tell).await?;
            let (_, reached) = self.matter(person, submission).await?;
            let left: Vec<&Reached> = reached
                .iter()
                .filter(|(step, _)| self.scenario.expected.get(*step).is_none_or(|ending| ending.is_final()))
                .filter(|(_, reached)| !reached.is_decided_with_letter())
                .map(|(_, reached)| reached)
                .collect();
            let some_wait = reached.values().any(|reached| reached.outcome.is_none());
            let settled = !some_wait || (reached == before && moved.elapsed() > SETTLED_AFTER);
            if left.is_empty() && !progress && settled {
                return Ok(reached);
            }
            if progress || reached != before {
                moved = Instant::now();
            } else if moved.elapsed() > STILL_MAX {
                let mut waiting: Vec<String> = left
                    .iter()
                    .map(|step| format!("{}: {}", step.heading, step.words))
                    .collect();
                waiting.extend(staff.left.iter().map(|what| format!("scenariot svarar inte på {what}")));
                return Err(NotPlayed::Still {
                    waiting: waiting.join("; "),
                });
            }
            before = reached;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The bodies that may have something to do: those of the steps, and those that are asked for an opinion.
    pub fn bodies(&self) -> BTreeSet<BodyId> {
        let referrals = self.pack.facts.iter().filter_map(|fact| match &fact.source.it {
            Source::Referral(referral) => Some(&referral.role),
            _ => None,
        });
        let roles = self.pack.steps.iter().map(|step| &step.role.it).chain(referrals);
        let place = self.place();
        let mut bodies = BTreeSet::new();
        for role in roles {
            let is_local = self
                .pack
                .role(role)
                .is_some_and(|role| matches!(role.area.it, Area::MunicipalityOf(_)));
            match (&place, self.pack.role(role)) {
                (Some(place), Some(known)) if is_local => {
                    let found = self.world.federation.responsible(&known.task.it, Some(place));
                    bodies.extend(found.ok().map(|body| body.id.clone()));
                }
                _ => bodies.extend(responsible(self.pack, role, &self.world.federation)),
            }
        }
        bodies
    }

    /// The municipality code in the scenario, if it says it.
    pub(super) fn place(&self) -> Option<String> {
        let mut facts = self.pack.facts.iter();
        let fact = facts.find(|fact| matches!(fact.ty.it, samverk_domain::pack::Type::Municipality))?;
        self.scenario
            .answer(&Slot::of(fact.name.it.clone()))
            .map(ToString::to_string)
    }

    /// Everyone at a body looks in the queue and does what is theirs.
    async fn work(&self, body: &BodyId, staff: &mut Staff, tell: &mut dyn FnMut(&str)) -> Result<bool, NotPlayed> {
        let Some(node) = self.world.node_of(body).map(|node| self.world.url(&node.name)) else {
            return Ok(false);
        };
        let mut progress = false;
        for row in self.world.staff.iter().filter(|row| row.organ == *body) {
            if !staff.people.contains_key(&row.pnr) {
                staff.people.insert(row.pnr.clone(), Person::new(&row.pnr)?);
            }
            let Some(mut worker) = staff.people.remove(&row.pnr) else {
                continue;
            };
            let who = format!("{}, {}", row.namn, row.titel.to_lowercase());
            let done = self.at_desk(&mut worker, &node, body, &who, staff, tell).await;
            staff.people.insert(row.pnr.clone(), worker);
            progress |= match done {
                // A node that is down delays its own steps only.
                Err(NotPlayed::Page(NotShown::Unreachable(..))) => false,
                done => done?,
            };
        }
        Ok(progress)
    }

    async fn at_desk(
        &self,
        worker: &mut Person,
        node: &str,
        body: &BodyId,
        who: &str,
        staff: &mut Staff,
        tell: &mut dyn FnMut(&str),
    ) -> Result<bool, NotPlayed> {
        let mut progress = false;
        for queue in QUEUES {
            let page = worker
                .open(self.world, &format!("{node}/handlaggning?ko={queue}"))
                .await?;
            if page.status >= 400 {
                // This role has no queue.
                return Ok(false);
            }
            let cases = page.links("main table");
            for (href, diary_number) in cases.into_iter().filter(|(href, _)| href.starts_with("/handlaggning/")) {
                let case = page.absolute(&href);
                let mut page = worker.follow(self.world, &page, &href).await?;
                let mut refused = 0;
                for _ in 0..ACTS_MAX {
                    let forms = page.forms();
                    let Some(form) = forms.iter().find(|form| is_act(form)) else {
                        break;
                    };
                    let Some(filling) = self.filled(&page, form, body, &mut staff.left) else {
                        break;
                    };
                    let what = form
                        .buttons
                        .first()
                        .map(|button| button.text.clone())
                        .unwrap_or_default();
                    page = match worker.send(&page, form, &filling).await {
                        Ok(page) => page,
                        // Something happened in the case since the page was opened: look again.
                        Err(NotPlayed::Refused { .. }) if refused < REFUSED_MAX => {
                            refused += 1;
                            tokio::time::sleep(LOOK_AGAIN).await;
                            page = worker.open(self.world, &case).await?;
                            continue;
                        }
                        Err(why) => return Err(why),
                    };
                    tell(&format!("{diary_number} {who}: {}", inside(&what)));
                    staff.did.push(Did {
                        body: body.clone(),
                        who: who.to_owned(),
                        what,
                        diary_number: diary_number.clone(),
                    });
                    progress = true;
                }
            }
        }
        Ok(progress)
    }

    /// The one thing's form filled in, or nothing when the scenario does not say what to answer.
    fn filled(&self, page: &Page, form: &Form, body: &BodyId, left: &mut BTreeSet<String>) -> Option<Filling> {
        let mut filling = Filling::default();
        let act = form.action.rsplit('/').next().unwrap_or_default();
        let ending = self.ending(page);
        // Where the scenario says that a step waits, or that a person must look, nobody brings it to an end.
        if ending.is_some_and(|ending| !ending.is_final()) && ENDING.contains(&act) {
            return None;
        }
        match act {
            "bedom" => {
                let asked = form.fields.iter().filter(|field| field.name == "uppgift");
                let mut some = false;
                for fact in asked.map(|field| field.value.as_str()) {
                    match Name::parse(fact)
                        .ok()
                        .and_then(|fact| self.scenario.answer(&Slot::of(fact)))
                    {
                        Some(Value::Assessment { answer, reasons }) => {
                            filling.put(format!("svar-{fact}"), if *answer { "ja" } else { "nej" });
                            filling.put(format!("skal-{fact}"), reasons);
                            some = true;
                        }
                        _ => drop(left.insert(fact.to_owned())),
                    }
                }
                return some.then_some(filling);
            }
            "yttrande" => {
                let fact = self.pack.facts.iter().find(|fact| match &fact.source.it {
                    Source::Referral(referral) => {
                        responsible(self.pack, &referral.role, &self.world.federation).contains(body)
                    }
                    _ => false,
                })?;
                let Some(answer) = self.scenario.answer(&Slot::of(fact.name.it.clone())) else {
                    left.insert(fact.name.it.to_string());
                    return None;
                };
                filling.put("svar", answer.to_string());
                filling.put("text", format!("{answer}."));
            }
            "tvist" => {
                let words = "Handläggaren har gått igenom sökandens invändning och registrets uppgift.";
                filling.put("skal", words);
            }
            "utkast" => {
                filling.put("utfall", &ending?.outcome);
                filling.put("skal", "Handläggarens samlade bedömning av det som framgår av ärendet.");
            }
            "besluta" | "forlang" if form.field("delegation-dag").is_some() => {
                let decided = data::adoptions()
                    .ok()?
                    .into_iter()
                    .find(|adoption| adoption.body == *body)?
                    .decided;
                let (day, paragraph) = decided.split_once(", ")?;
                filling.put("delegation-dag", day);
                filling.put("delegation-paragraf", paragraph);
            }
            "namnd" => {
                filling.put("paragraf", "§ 142");
            }
            "kommunicera" if form.field("text").is_some_and(|field| field.value.trim().is_empty()) => {
                filling.put("text", "Underlaget i ärendet, som framgår av handlingarna.");
            }
            "komplettering" => {
                left.insert("det som handläggaren behöver få kompletterat".to_owned());
                return None;
            }
            _ => {}
        }
        Some(filling)
    }

    /// What the scenario expects of the step that a case's page is about.
    fn ending(&self, page: &Page) -> Option<&Ending> {
        let caption = page.texts("main .case-head .caption").into_iter().next()?;
        let mut steps = self.pack.steps.iter();
        let step = steps.find(|step| {
            let name = self.pack.text("sv", &format!("steg.{}", step.name.it));
            name.unwrap_or(step.name.it.as_str()) == caption
        })?;
        self.scenario.expected.get(&step.name.it)
    }

    /// The person answers what bodies ask through the place where they applied.
    async fn answer_notices(
        &self,
        person: &mut Person,
        submission: &str,
        tell: &mut dyn FnMut(&str),
    ) -> Result<bool, NotPlayed> {
        let (page, _) = self.matter(person, submission).await?;
        let asked: Vec<String> = page
            .links("main .banner")
            .into_iter()
            .map(|(href, _)| href)
            .filter(|href| href.contains("/svara/"))
            .collect();
        for href in &asked {
            let page = person.follow(self.world, &page, href).await?;
            let forms = page.forms();
            let form = forms.iter().find(|form| form.action.contains("/svara/"));
            let form = form.ok_or_else(|| page.lacks("form to answer"))?;
            let filling = self.reply(form)?;
            tell(&format!("svarar på {}", inside(&page.heading())));
            person.send(&page, form, &filling).await?;
        }
        Ok(!asked.is_empty())
    }

    fn reply(&self, form: &Form) -> Result<Filling, NotPlayed> {
        let mut filling = self.answers(form)?;
        if form.field("ord").is_some() {
            filling.put("ord", HEARD);
        }
        Ok(filling)
    }

    /// The letters about a step in the person's mailbox at the body, newest first, each opened.
    pub async fn read_letters(&self, person: &mut Person, reached: &Reached) -> Result<Vec<Letter>, NotPlayed> {
        let Some(link) = reached.link.as_ref().and_then(|link| link.split_once("/post/")) else {
            return Ok(Vec::new());
        };
        let mailbox = person.open(self.world, &format!("{}/post", link.0)).await?;
        let rows = mailbox.texts("main tbody tr");
        let links = mailbox.links("main tbody tr");
        let mut letters = Vec::new();
        for ((href, _), row) in links.iter().zip(rows) {
            if row.contains(&reached.diary_number) {
                letters.push(Letter::of(&person.follow(self.world, &mailbox, href).await?));
            }
        }
        Ok(letters)
    }
}

/// What stands in a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    pub heading: String,
    /// Rule and row.
    pub rows: BTreeSet<(String, String)>,
    /// Absolute addresses.
    pub evidence: BTreeSet<String>,
    pub why: usize,
}

impl Letter {
    fn of(page: &Page) -> Self {
        let links = page.links("main");
        let rows = links.iter().filter_map(|(href, _)| {
            let (path, row) = href.split_once('#')?;
            let (_, rule) = path.split_once("/regler/")?;
            let rule = rule.split('?').next().unwrap_or(rule);
            Some((rule.to_owned(), row.to_owned()))
        });
        let evidence = links.iter().filter(|(href, _)| href.contains("/bevis/"));
        Self {
            heading: page.heading(),
            rows: rows.collect(),
            evidence: evidence.map(|(href, _)| page.absolute(href)).collect(),
            why: page.texts("main details.why").len(),
        }
    }
}

impl Reached {
    /// Decided, and the letter is in the mailbox.
    pub fn is_decided_with_letter(&self) -> bool {
        self.outcome.is_some() && self.link.as_ref().is_some_and(|link| link.contains("/post/"))
    }
}

fn is_act(form: &Form) -> bool {
    form.post && (form.action.contains("/gor/") || form.action.ends_with("/yttrande"))
}
