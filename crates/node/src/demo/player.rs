//! The journey: what a person and the case workers do, page by page.
//!
//! Always true: everything is done through pages that anybody can open, by links and forms that stand on them; the player
//! knows the scenario and looks at nothing else. What has no answer in the scenario stops the journey with that reason.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use samverk_domain::fact::{Name, Slot, Value};
use samverk_domain::pack::{Pack, Type};

use super::browser::{Browser, Filling, Form, Kind, NotShown, Page};
use super::scenario::{Scenario, register_of};
use super::world::{EID, World};
use crate::services::field;
use crate::services::pages::NONE;

/// Pages in one journey; the longest has some sixty questions.
const PAGES_MAX: usize = 400;
/// How long a step may stand still before the journey is given up. Retries between nodes are seconds.
pub const STILL_MAX: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Why the journey came to no end.
#[derive(Debug, thiserror::Error)]
pub enum NotPlayed {
    #[error(transparent)]
    Page(#[from] NotShown),
    #[error("{page}: {why}")]
    Refused { page: String, why: String },
    #[error("{fact} is asked, and the scenario does not answer it")]
    NoAnswer { fact: String },
    #[error("{fact} is asked a second time")]
    AskedTwice { fact: String },
    #[error("the person comes no further than {page}")]
    Stuck { page: String },
    #[error("nothing has happened for {} s: {waiting}", STILL_MAX.as_secs())]
    Still { waiting: String },
}

/// A question that the person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub fact: Name,
    /// The page's own reason, when a register has the fact and could not be asked.
    pub instead: Option<String>,
}

/// What became of a step, as the person reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// `Livsmedel, Miljönämnden`
    pub heading: String,
    pub words: String,
    pub diary_number: String,
    /// The outcome's name, when it is decided.
    pub outcome: Option<String>,
    pub automatic: bool,
    pub link: Option<String>,
}

/// What happened on the person's own way.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub asked: Vec<Asked>,
    pub uploaded: Vec<Name>,
    /// Made up by the player: texts that no rule reads and that the scenario leaves out.
    pub made_up: Vec<Name>,
    /// Register cards: register and facts that were shown.
    pub shown: BTreeMap<String, BTreeSet<String>>,
    /// The task list's steps with what it says of each.
    pub tasks: Vec<(String, String)>,
    pub disputed: usize,
    /// Where the person was stopped, in the page's words.
    pub stopped: Option<String>,
    /// The controls that stopped the person, when everything was answered.
    pub controls: BTreeSet<String>,
    /// How many others have signed.
    pub signed: usize,
    /// The submission's id.
    pub submission: Option<String>,
    pub pages: usize,
}

/// Somebody at a browser, logged in or not.
pub struct Person {
    pub browser: Browser,
    /// 12 digits.
    pub number: String,
}

/// One matter in one world.
pub struct Player<'w> {
    pub world: &'w World,
    pub pack: &'w Pack,
    pub scenario: &'w Scenario,
}

impl Person {
    pub fn new(number: &str) -> Result<Self, NotShown> {
        Ok(Self {
            browser: Browser::new()?,
            number: number.to_owned(),
        })
    }

    /// Opens a page, and logs in if it asks for that.
    pub async fn open(&mut self, world: &World, address: &str) -> Result<Page, NotPlayed> {
        let page = self.browser.open(address).await?;
        self.through_login(world, page).await
    }

    /// Shows the e-legitimation if the page is the provider's; else leaves the page as it is.
    pub async fn through_login(&mut self, world: &World, page: Page) -> Result<Page, NotPlayed> {
        if page.url.origin().ascii_serialization() != world.url(EID) {
            return Ok(page);
        }
        let form = page
            .forms()
            .into_iter()
            .next()
            .ok_or_else(|| page.lacks("form to log in"))?;
        let mut filling = Filling::default();
        let listed = form.field("person").is_some_and(|field| match &field.kind {
            Kind::Select { options } => options.iter().any(|(value, _)| *value == self.number),
            _ => false,
        });
        filling.put(if listed { "person" } else { "nummer" }, &self.number);
        let page = self.browser.send(&page, &form, &filling, Some("godkann")).await?;
        accepted(page)
    }

    pub async fn send(&mut self, page: &Page, form: &Form, filling: &Filling) -> Result<Page, NotPlayed> {
        accepted(self.browser.send(page, form, filling, None).await?)
    }

    pub async fn press(
        &mut self,
        page: &Page,
        form: &Form,
        filling: &Filling,
        button: &str,
    ) -> Result<Page, NotPlayed> {
        accepted(self.browser.send(page, form, filling, Some(button)).await?)
    }

    pub async fn follow(&mut self, world: &World, page: &Page, href: &str) -> Result<Page, NotPlayed> {
        let page = self.browser.follow(page, href).await?;
        let page = self.through_login(world, page).await?;
        accepted(page)
    }
}

/// A page that does not say that something is wrong.
fn accepted(page: Page) -> Result<Page, NotPlayed> {
    match page.error() {
        Some(why) if !page.has("[data-stopp]") => Err(NotPlayed::Refused { page: page.path(), why }),
        _ => Ok(page),
    }
}

impl Player<'_> {
    /// From the service's own page to the receipt, or to where the person is stopped.
    pub async fn apply(
        &self,
        person: &mut Person,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), NotPlayed> {
        let page = self.apply_alone(person, applied, tell).await?;
        if page.path().starts_with("/underskrift/") {
            let page = self.others_sign(person, &page, applied, tell).await?;
            applied.submission = page.path().rsplit('/').next().map(str::to_owned);
        }
        Ok(())
    }

    /// What the applicant does: to the receipt, to the page of the signatures that are waited for, or to where they are
    /// stopped. Gives the last page.
    pub async fn apply_alone(
        &self,
        person: &mut Person,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Page, NotPlayed> {
        let mut page = self.begin(person, applied, tell).await?;
        if applied.stopped.is_some() {
            return Ok(page);
        }
        let mut seen: BTreeSet<(Name, Option<u32>)> = BTreeSet::new();
        for _ in 0..PAGES_MAX {
            applied.pages += 1;
            let path = page.path();
            let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
            page = match parts.as_slice() {
                ["utkast", _, "uppgifter"] => self.registers(person, &page, applied, tell).await?,
                ["utkast", _, "fraga", fact] => {
                    let fact = Name::parse(fact).map_err(|_| NotPlayed::Stuck { page: path.clone() })?;
                    self.question(person, &page, &fact, &mut seen, applied, tell).await?
                }
                ["utkast", _, "kontrollera"] if page.has("[data-stopp]") => {
                    tell("stoppas vid kontrollen av svaren");
                    applied.controls = page.marks("[data-stopp]", "data-stopp").into_iter().collect();
                    applied.stopped = Some(page.texts("[data-stopp]").join(" "));
                    return Ok(page);
                }
                ["utkast", _, "kontrollera"] => {
                    tell("kontrollerar svaren och skriver under");
                    let form = page.forms().into_iter().find(|form| form.action.ends_with("/skicka"));
                    let form = form.ok_or_else(|| page.lacks("form to submit"))?;
                    let page = person.send(&page, &form, &Filling::default()).await?;
                    person.through_login(self.world, page).await?
                }
                ["utkast", _] => {
                    let names = page.texts(".body-tasks:not(.body-tasks--own) .tasks li > span:first-child");
                    let notes = page.texts(".body-tasks:not(.body-tasks--own) .tasks li .tasks__note");
                    applied.tasks = names.into_iter().zip(notes).collect();
                    let links = page.links("main");
                    let check = links.iter().find(|(href, _)| href.ends_with("/kontrollera"));
                    let (href, _) = check.ok_or_else(|| NotPlayed::Stuck {
                        page: format!("{path}: {}", page.heading()),
                    })?;
                    person.follow(self.world, &page, href).await?
                }
                ["underskrift", _] => return Ok(page),
                ["inskickat", id] => {
                    applied.submission = Some((*id).to_owned());
                    return Ok(page);
                }
                _ => {
                    return Err(NotPlayed::Stuck {
                        page: format!("{path}: {}", page.heading()),
                    });
                }
            };
        }
        Err(NotPlayed::Stuck { page: page.path() })
    }

    /// The service's page, the login, the company.
    async fn begin(
        &self,
        person: &mut Person,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Page, NotPlayed> {
        let slug = &self.pack.meta.slug.it;
        let portal = self
            .world
            .portal(slug)
            .map(|node| self.world.url(&node.name))
            .unwrap_or_default();
        let page = accepted(person.browser.open(&format!("{portal}/tjanster/{slug}")).await?)?;
        let links = page.links("");
        let begin = links.iter().find(|(href, _)| href.ends_with("/borja"));
        let (href, _) = begin.ok_or_else(|| page.lacks("link to begin"))?;
        tell("loggar in");
        let page = person.follow(self.world, &page, href).await?;
        let Some(company) = self.scenario.company.as_deref().filter(|_| page.path() == "/foretrad") else {
            return Ok(page);
        };
        tell("väljer företag");
        let forms = page.forms();
        let form = forms.iter().find(|form| form.field("orgnr").is_some());
        let form = form.ok_or_else(|| page.lacks("field for the company"))?;
        let mut filling = Filling::default();
        filling.put("orgnr", company);
        let page = person.send(&page, form, &filling).await?;
        if let Some(why) = page.texts("[data-stopp]").into_iter().next() {
            applied.stopped = Some(why);
        }
        Ok(page)
    }

    /// Everybody else who must sign logs in, opens their letter, reads and signs. Gives the applicant's page of what was
    /// submitted.
    async fn others_sign(
        &self,
        person: &mut Person,
        page: &Page,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Page, NotPlayed> {
        let portal = self.world.portal(&self.pack.meta.slug.it);
        let portal = portal.map(|node| self.world.url(&node.name)).unwrap_or_default();
        let address = page.url.clone();
        let path = page.path();
        for number in self.scenario.others(self.pack) {
            let mut other = Person::new(&number)?;
            let post = accepted(other.open(self.world, &format!("{portal}/post")).await?)?;
            let mut found = None;
            for (href, _) in post.links("main tbody") {
                let letter = other.follow(self.world, &post, &href).await?;
                if letter.links("main").iter().any(|(to, _)| *to == path) {
                    found = Some(letter);
                    break;
                }
            }
            // Somebody whose signature could have counted, and who was not needed.
            let Some(letter) = found else { continue };
            let read = other.follow(self.world, &letter, &path).await?;
            let forms = read.forms();
            let Some(form) = forms.iter().find(|form| form.action.ends_with("/skriv-under")) else {
                continue;
            };
            tell("en till läser och skriver under");
            let done = other.send(&read, form, &Filling::default()).await?;
            let done = other.through_login(self.world, done).await?;
            if done.forms().iter().any(|form| form.action.ends_with("/skriv-under")) {
                return Err(done.lacks("signature").into());
            }
            applied.signed += 1;
        }
        let page = person.open(self.world, address.as_str()).await?;
        let links = page.links("main");
        let (href, _) = links
            .iter()
            .find(|(href, _)| href.starts_with("/mina/"))
            .ok_or_else(|| page.lacks("link to what was submitted"))?;
        person.follow(self.world, &page, href).await
    }

    /// Looks at what the registers say: agrees, or says what is wrong.
    async fn registers(
        &self,
        person: &mut Person,
        page: &Page,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Page, NotPlayed> {
        let forms = page.forms();
        let form = forms.iter().find(|form| form.action.ends_with("/uppgifter"));
        let form = form.ok_or_else(|| page.lacks("form for the registers' facts"))?;
        let mut filling = Filling::default();
        let mut wrong: BTreeSet<Name> = BTreeSet::new();
        let mut new = 0_usize;
        for field in form.fields.iter().filter(|field| field.name.starts_with("fel.")) {
            let Some(slot) = slot(field.name.trim_start_matches("fel.")) else {
                continue;
            };
            let Some(register) = register_of(self.pack, &slot.fact) else {
                continue;
            };
            let shown = applied.shown.entry(register.register.to_string()).or_default();
            new += usize::from(shown.insert(field.name.clone()));
            if let Some(says) = self.scenario.dispute(&slot) {
                wrong.insert(register.register.clone());
                filling.put(&field.name, says);
            }
        }
        for name in form.names().into_iter().filter(|name| name.starts_with("stammer.")) {
            let is_wrong = wrong
                .iter()
                .any(|register| name.trim_start_matches("stammer.") == register.as_str());
            filling.put(name, if is_wrong { "nej" } else { "ja" });
        }
        tell(&format!("ser igenom {new} nya uppgifter ur registren"));
        let disputed = filling.values.keys().filter(|name| name.starts_with("fel."));
        applied.disputed = applied.disputed.max(disputed.count());
        person.send(page, form, &filling).await
    }

    async fn question(
        &self,
        person: &mut Person,
        page: &Page,
        fact: &Name,
        seen: &mut BTreeSet<(Name, Option<u32>)>,
        applied: &mut Applied,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Page, NotPlayed> {
        let forms = page.forms();
        let form = forms
            .iter()
            .find(|form| form.action.contains("/fraga/") && !form.names().is_empty());
        let Some(form) = form else {
            return self.list(person, page, fact).await;
        };
        // An optional list that the person has nothing in.
        if self.pack.list(fact).is_some_and(|list| list.min == 0) && self.scenario.items(fact) == 0 {
            tell(&format!("svarar inga på {fact}"));
            return person.press(page, form, &Filling::default(), NONE).await;
        }
        let instead = page.texts("main .banner--wait").into_iter().next();
        let mut filling = Filling::default();
        for name in self.slots(form) {
            let Some(slot) = slot(&name) else { continue };
            if !seen.insert((slot.fact.clone(), slot.item)) {
                return Err(NotPlayed::AskedTwice { fact: name });
            }
            self.fill(form, &name, &slot, &mut filling, applied)?;
            if slot.item.is_none() || slot.item == Some(0) {
                applied.asked.push(Asked {
                    fact: slot.fact,
                    instead: instead.clone(),
                });
            }
        }
        tell(&format!("svarar på {fact}"));
        person.send(page, form, &filling).await
    }

    /// The facts that a form asks for: a day's three fields are one, and so are a period's six and the boxes of several choices.
    fn slots(&self, form: &Form) -> Vec<String> {
        let mut slots: Vec<String> = Vec::new();
        for name in form.names() {
            let base = ["-fran", "-till", ""]
                .iter()
                .flat_map(|end| ["-dag", "-manad", "-ar"].map(|part| format!("{end}{part}")))
                .chain(["-inga".to_owned()])
                .find_map(|part| name.strip_suffix(&part))
                .or_else(|| name.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix("-val"));
            let base = base.filter(|base| slot(base).is_some_and(|slot| self.pack.fact(&slot.fact).is_some()));
            let name = base.unwrap_or(name).to_owned();
            if !slots.contains(&name) {
                slots.push(name);
            }
        }
        slots
    }

    fn fill(
        &self,
        form: &Form,
        name: &str,
        slot: &Slot,
        filling: &mut Filling,
        applied: &mut Applied,
    ) -> Result<(), NotPlayed> {
        let no_answer = || NotPlayed::NoAnswer { fact: name.to_owned() };
        let ty = self
            .pack
            .fact(&slot.fact)
            .map(|fact| &fact.ty.it)
            .ok_or_else(no_answer)?;
        let given = self.scenario.answer(slot).cloned();
        let given = given.or_else(|| self.scenario.held(self.pack, slot));
        let value = match (given, ty) {
            (Some(value), _) => value,
            // Words and papers that no rule reads can be made up; what decides something cannot.
            (None, Type::Text { .. }) => {
                applied.made_up.push(slot.fact.clone());
                Value::Text("Uppgiften saknas i scenariot.".to_owned())
            }
            (None, Type::Attachment { formats, .. }) => {
                applied.made_up.push(slot.fact.clone());
                let format = formats.first().ok_or_else(no_answer)?;
                ty.value(&format!("bilaga.{format}")).map_err(|_| no_answer())?
            }
            (None, _) => return Err(no_answer()),
        };
        match &value {
            Value::Date(day) => {
                filling.put(format!("{name}-dag"), day.day().to_string());
                filling.put(format!("{name}-manad"), day.month().to_string());
                filling.put(format!("{name}-ar"), day.year().to_string());
            }
            Value::Period { from, to } => {
                for (end, day) in field::PERIOD_ENDS.into_iter().zip([from, to]) {
                    filling.put(format!("{name}-{end}-dag"), day.day().to_string());
                    filling.put(format!("{name}-{end}-manad"), day.month().to_string());
                    filling.put(format!("{name}-{end}-ar"), day.year().to_string());
                }
            }
            Value::Set(chosen) => {
                if chosen.is_empty() {
                    filling.put(field::none_name(name), "ja".to_owned());
                }
                if let Type::Several(words) = ty {
                    for (nth, _) in (0..).zip(words).filter(|(_, word)| chosen.contains(*word)) {
                        filling.put(field::box_name(name, nth), "ja".to_owned());
                    }
                }
            }
            Value::Attachment(file) => {
                applied.uploaded.push(slot.fact.clone());
                let bytes = file_of(&file.format, &file.file_name);
                filling.files.insert(name.to_owned(), (file.file_name.clone(), bytes));
            }
            Value::Number(number) => {
                filling.put(name, number.normalize().to_string().replace('.', ","));
            }
            other => {
                filling.put(name, other.to_string());
            }
        }
        if form
            .fields
            .iter()
            .any(|field| field.name == name && matches!(field.kind, Kind::Radio { .. }))
        {
            let wanted = filling
                .values
                .get(name)
                .and_then(|values| values.first())
                .cloned()
                .unwrap_or_default();
            if !form
                .fields
                .iter()
                .any(|field| field.name == name && field.value == wanted)
            {
                return Err(no_answer());
            }
        }
        Ok(())
    }

    /// A form's facts answered from the scenario.
    pub(super) fn answers(&self, form: &Form) -> Result<Filling, NotPlayed> {
        let (mut filling, mut applied) = (Filling::default(), Applied::default());
        for name in self.slots(form) {
            if let Some(slot) = slot(&name).filter(|slot| self.pack.fact(&slot.fact).is_some()) {
                self.fill(form, &name, &slot, &mut filling, &mut applied)?;
            }
        }
        Ok(filling)
    }

    /// A list that has items: one more, or on.
    async fn list(&self, person: &mut Person, page: &Page, list: &Name) -> Result<Page, NotPlayed> {
        let links = page.links("main");
        let items = u32::try_from(page.texts("main tbody tr").len()).unwrap_or(u32::MAX);
        let wanted = if items < self.scenario.items(list) {
            format!("?post={items}")
        } else {
            "/nasta".to_owned()
        };
        let (href, _) = links
            .iter()
            .find(|(href, _)| href.ends_with(&wanted))
            .ok_or_else(|| page.lacks(&format!("link {wanted}")))?;
        person.follow(self.world, page, href).await
    }

    /// The page of the person's matter at the host, and where each step stands.
    pub async fn matter(
        &self,
        person: &mut Person,
        submission: &str,
    ) -> Result<(Page, BTreeMap<Name, Reached>), NotPlayed> {
        let portal = self.world.portal(&self.pack.meta.slug.it);
        let portal = portal.map(|node| self.world.url(&node.name)).unwrap_or_default();
        let page = person.open(self.world, &format!("{portal}/mina/{submission}")).await?;
        let page = accepted(page)?;
        let reached = reached(self.pack, &page);
        Ok((page, reached))
    }

    /// Waits until `is_so` holds for where the steps stand.
    pub async fn until(
        &self,
        person: &mut Person,
        submission: &str,
        is_so: impl Fn(&BTreeMap<Name, Reached>) -> bool,
    ) -> Result<BTreeMap<Name, Reached>, NotPlayed> {
        let began = Instant::now();
        loop {
            let (_, reached) = self.matter(person, submission).await?;
            if is_so(&reached) {
                return Ok(reached);
            }
            if began.elapsed() > STILL_MAX {
                let waiting: Vec<String> = reached
                    .values()
                    .filter(|step| step.outcome.is_none())
                    .map(|step| format!("{}: {}", step.heading, step.words))
                    .collect();
                return Err(NotPlayed::Still {
                    waiting: waiting.join("; "),
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Where each step stands, as the page of the matter says.
fn reached(pack: &Pack, page: &Page) -> BTreeMap<Name, Reached> {
    let mut all = BTreeMap::new();
    let headings = page.texts("ol.thread li .thread__label");
    let words = page.texts("ol.thread li");
    let diaries = |at: usize| {
        let within = format!("ol.thread li:nth-child({}) .thread__when .nowrap", at + 1);
        page.texts(&within).into_iter().next().unwrap_or_default()
    };
    for (at, (heading, words)) in headings.into_iter().zip(words).enumerate() {
        let step = pack.steps.iter().find(|step| {
            let name = pack
                .text("sv", &format!("steg.{}", step.name.it))
                .unwrap_or(step.name.it.as_str());
            heading.starts_with(&format!("{name},"))
        });
        let Some(step) = step else { continue };
        let decided = words.split_once("Beslutat automatiskt: ").map(|(_, rest)| (true, rest));
        let decided = decided.or_else(|| words.split_once("Beslutat: ").map(|(_, rest)| (false, rest)));
        let decided = decided.or_else(|| words.split_once("Svar: ").map(|(_, rest)| (false, rest)));
        let outcome = decided.and_then(|(_, rest)| {
            let mut known = pack.outcomes_of(&step.name.it);
            known.find(|outcome| {
                let key = format!("utfall.{}.{}", step.name.it, outcome.name.it);
                let text = pack.text("sv", &key).unwrap_or(outcome.name.it.as_str());
                rest.starts_with(&format!("{text}."))
            })
        });
        let link = page
            .links(&format!("ol.thread li:nth-child({})", at + 1))
            .into_iter()
            .next();
        all.insert(
            step.name.it.clone(),
            Reached {
                diary_number: diaries(at),
                outcome: outcome.map(|outcome| outcome.name.it.clone()),
                automatic: decided.is_some_and(|(automatic, _)| automatic),
                link: link.map(|(href, _)| href),
                heading,
                words,
            },
        );
    }
    all
}

/// `ägare.pnr[0]` and `gas.inne`.
fn slot(text: &str) -> Option<Slot> {
    match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((fact, item)) => Some(Slot {
            fact: Name::parse(fact).ok()?,
            item: Some(item.parse().ok()?),
        }),
        None => Name::parse(text).ok().map(Slot::of),
    }
}

/// A small file of the format that says what it is. Its contents are made up as everything else.
fn file_of(format: &str, name: &str) -> Vec<u8> {
    // One pixel: PNG and JPEG need compressed data, so the smallest ones are given byte by byte.
    const PNG: &[u8] = &[
        0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1,
        8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 0x0D, b'I', b'D', b'A', b'T', 0x78, 0x9C, 0x63, 0, 1, 0, 0, 5,
        0, 1, 0x0D, 0x0A, 0x2D, 0xB4, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82,
    ];
    const JPG: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xFF, 0xD9,
    ];
    match format {
        "png" => PNG.to_vec(),
        "jpg" => JPG.to_vec(),
        _ => pdf(name),
    }
}

/// One page with one line, and a cross-reference table that counts its bytes (ISO 32000-1 §7.5).
fn pdf(line: &str) -> Vec<u8> {
    let line: String = line
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let contents = format!("BT /F1 18 Tf 72 760 Td (Pahittad handling: {line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{contents}\nendstream", contents.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let table = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1));
    for place in &places {
        out.push_str(&format!("{place:010} 00000 n \n"));
    }
    let trailer = format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        places.len() + 1
    );
    out.push_str(&trailer);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_fact_or_a_column_of_one_item() {
        assert_eq!(slot("gas.inne").unwrap().item, None);
        let owner = slot("ägare.pnr[2]").unwrap();
        assert_eq!((owner.fact.as_str(), owner.item), ("ägare.pnr", Some(2)));
        assert!(slot("token[x]").is_none());
    }

    #[test]
    fn files_are_what_they_say() {
        assert!(file_of("pdf", "ritning.pdf").starts_with(b"%PDF-"));
        assert!(file_of("jpg", "x").starts_with(&[0xFF, 0xD8, 0xFF]));
        assert!(file_of("png", "x").starts_with(b"\x89PNG\r\n\x1a\n"));
    }
}
