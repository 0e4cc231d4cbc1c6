//! Plays a matter as a person meets it: what is fetched, what is asked, in order, until nothing more is needed of them.
//!
//! Always true here: nothing is asked or fetched twice, so it ends. Who plays supplies the answers; what nobody can
//! answer is passed over and stays missing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZero;

use crate::fact::{Cause, Facts, Known, Name, Slot, Value};
use crate::pack::{Example, Fact, GivenState, Pack, Source};
use crate::rules::{self, Asking, Question, Setting};

use super::uses::{self, By};

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    Fetch(Vec<Slot>),
    Ask(Question),
}

/// A matter under way.
#[derive(Clone, Debug, Default)]
pub struct Play {
    pub facts: Facts,
    pub setting: Setting,
    fetched: BTreeSet<Slot>,
    asked: BTreeSet<Name>,
    /// Facts and lists whose answer can change what else matters. After another answer the rest of the queue still stands.
    deciding: BTreeSet<Name>,
    queue: VecDeque<Question>,
}

impl Play {
    /// Begins with who is logged in and whom they represent, as far as `known` says.
    pub fn new(pack: &Pack, known: &Facts, setting: Setting) -> Self {
        let mut play = Self {
            setting,
            deciding: deciding(pack),
            ..Self::default()
        };
        for fact in &pack.facts {
            if matches!(fact.source.it, Source::Login | Source::Represented)
                && let Some(state) = known.known.get(&fact.name.it)
            {
                play.facts.set(fact.name.it.clone(), state.clone());
            }
        }
        play
    }

    /// The next thing to do. It counts as done: the caller puts the answer into [`Self::facts`] or leaves it missing.
    pub fn next(&mut self, pack: &Pack) -> Option<Move> {
        self.next_after(|play| rules::to_fetch_and_ask(pack, &play.facts, &play.setting))
    }

    /// `look`: what to fetch and what to ask now.
    fn next_after(&mut self, look: impl FnOnce(&Self) -> (Vec<Slot>, Vec<Question>)) -> Option<Move> {
        if self.queue.is_empty() {
            let (mut slots, questions) = look(self);
            slots.retain(|slot| !self.fetched.contains(slot));
            if !slots.is_empty() {
                self.fetched.extend(slots.iter().cloned());
                return Some(Move::Fetch(slots));
            }
            self.queue = questions
                .into_iter()
                .filter(|question| !self.asked.contains(name(question)))
                .collect();
        }
        let question = self.queue.pop_front()?;
        self.asked.insert(name(&question).clone());
        if self.deciding.contains(name(&question)) {
            self.queue.clear();
        }
        Some(Move::Ask(question))
    }

    /// Takes over what registers say of some slots.
    pub fn learn(&mut self, slots: &[Slot], says: &Truth) {
        for slot in slots {
            let Some(state) = says.register(slot) else { continue };
            match slot.item {
                None => self.facts.set(slot.fact.clone(), state),
                Some(item) => {
                    let list = self
                        .facts
                        .lists
                        .iter_mut()
                        .find(|(list, _)| slot.fact.prefix() == list.as_str());
                    if let Some(own) = list.and_then(|(_, items)| items.get_mut(item as usize)) {
                        own.insert(slot.fact.clone(), state);
                    }
                }
            }
        }
    }

    /// Takes over the answer to a question. False when there is none.
    pub fn answer(&mut self, pack: &Pack, question: &Question, says: &Truth) -> bool {
        let truth = &says.facts;
        match question {
            Question::Fact(name) => match truth.known.get(name) {
                Some(state @ Known::Value(_)) => {
                    self.facts.set(name.clone(), state.clone());
                    true
                }
                _ => false,
            },
            Question::List(name) => {
                let (Some(list), Some(items)) = (pack.list(name), truth.lists.get(name)) else {
                    return false;
                };
                let is_asked = |column: &Name| {
                    let column = list.columns.iter().find(|fact| fact.name.it == *column);
                    column.is_some_and(|fact| fact.source.it == Source::Applicant)
                };
                let items = items.iter().map(|item| {
                    let own = item.iter().filter(|(column, _)| is_asked(column));
                    own.map(|(column, state)| (column.clone(), state.clone())).collect()
                });
                self.facts.lists.insert(name.clone(), items.collect());
                true
            }
        }
    }
}

/// What an example says is so: what registers hold, what people answer.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub facts: Facts,
    pub setting: Setting,
    /// Facts whose register is out of order, or whose contract is revoked: asked instead, where the document says so.
    out_of_order: BTreeSet<(Name, Option<u32>)>,
}

impl Truth {
    pub fn of(pack: &Pack, example: &Example) -> Self {
        let (facts, setting) = rules::example::facts(pack, example);
        let out_of_order = example.given.iter().filter_map(|given| match given.state.it {
            GivenState::Down(_) | GivenState::Revoked(_) => Some((given.fact.it.clone(), given.item)),
            _ => None,
        });
        Self {
            facts,
            setting,
            out_of_order: out_of_order.collect(),
        }
    }

    /// What the register answers, if anything is said of it.
    pub fn register(&self, slot: &Slot) -> Option<Known<Value>> {
        if self.out_of_order.contains(&(slot.fact.clone(), slot.item)) {
            return Some(Known::Missing(Cause::Failed));
        }
        match slot.item {
            None => self.facts.known.get(&slot.fact).cloned(),
            Some(item) => {
                let (_, items) = self
                    .facts
                    .lists
                    .iter()
                    .find(|(list, _)| slot.fact.prefix() == list.as_str())?;
                items.get(item as usize)?.get(&slot.fact).cloned()
            }
        }
    }
}

fn deciding(pack: &Pack) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for it in uses::all(pack) {
        let decides = matches!(
            it.by,
            By::Rule(..) | By::NeededWhen(_) | By::Control | By::Subject(_) | By::Fee(_) | By::Area
        );
        if decides {
            names.extend(pack.list_of_column(&it.name).map(|list| list.name.it.clone()));
            names.insert(it.name);
        }
    }
    names
}

fn name(question: &Question) -> &Name {
    match question {
        Question::Fact(name) | Question::List(name) => name,
    }
}

/// How one example went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    pub title: String,
    /// Answers that the person gave: each fact, and each asked column of each item of a list.
    pub asked: usize,
    /// The facts that these answers are about.
    pub asked_facts: BTreeSet<Name>,
    /// Facts that registers gave; without registers each would have been asked too.
    pub fetched: usize,
    /// The same, for each register.
    pub fetched_from: BTreeMap<Name, usize>,
    /// Steps that are needed.
    pub needed: Vec<Name>,
    /// Steps whose outcome no person decides.
    pub automatic: Vec<Name>,
}

/// Plays every example of the document, in order. They say nothing to each other, so each core takes its share.
pub fn examples(pack: &Pack) -> Vec<Played> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = pack.examples.len().div_ceil(cores).max(1);
    let play = |examples: &[Example]| -> Vec<Played> {
        let mut asking = Asking::new(pack);
        examples.iter().map(|of| example(pack, &mut asking, of)).collect()
    };
    let mut shares = pack.examples.chunks(share);
    let own = shares.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> = shares.map(|share| (share, scope.spawn(move || play(share)))).collect();
        let mut played = play(own);
        for (share, other) in others {
            // A share whose thread failed is played here.
            played.extend(other.join().unwrap_or_else(|_| play(share)));
        }
        played
    })
}

/// Plays an example from the first page on.
fn example(pack: &Pack, asking: &mut Asking<'_>, of: &Example) -> Played {
    let truth = Truth::of(pack, of);
    let mut play = Play::new(pack, &truth.facts, truth.setting.clone());
    let (mut asked, mut fetched) = (0, 0);
    let mut asked_facts: BTreeSet<Name> = BTreeSet::new();
    let mut fetched_from: BTreeMap<Name, usize> = BTreeMap::new();
    while let Some(next) = play.next_after(|play| asking.to_fetch_and_ask(&play.facts, &play.setting)) {
        match next {
            Move::Fetch(slots) => {
                let answered = slots
                    .iter()
                    .filter(|slot| truth.register(slot) != Some(Known::Missing(Cause::Failed)));
                for slot in answered {
                    fetched += 1;
                    if let Some(Source::Register(from)) = pack.fact(&slot.fact).map(|fact| &fact.source.it) {
                        *fetched_from.entry(from.register.clone()).or_default() += 1;
                    }
                }
                play.learn(&slots, &truth);
                for slot in slots {
                    // The example leaves out what decides nothing; a register would have had it.
                    supply(&mut play.facts, pack, &slot);
                }
            }
            Move::Ask(question) => {
                let is_answered = play.answer(pack, &question, &truth);
                match &question {
                    Question::Fact(name) => {
                        asked += 1;
                        asked_facts.insert(name.clone());
                    }
                    Question::List(name) => {
                        let items = play.facts.lists.get(name).map_or(1, |items| items.len().max(1));
                        let columns = pack.list(name).into_iter().flat_map(|list| &list.columns);
                        for column in columns.filter(|fact| fact.source.it == Source::Applicant) {
                            asked += items;
                            asked_facts.insert(column.name.it.clone());
                        }
                    }
                }
                if !is_answered && let Question::Fact(name) = &question {
                    supply(&mut play.facts, pack, &Slot::of(name.clone()));
                }
            }
        }
    }
    let evaluation = rules::evaluate(pack, &truth.facts, &play.setting);
    let automatic = pack.steps.iter().filter(|step| {
        let outcome = evaluation
            .steps
            .get(&step.name.it)
            .and_then(|result| result.outcome.value());
        outcome.is_some_and(|word| {
            pack.outcomes_of(&step.name.it).any(|outcome| {
                outcome.name.it == *word && matches!(outcome.decider.it, crate::pack::Decider::Automatic { .. })
            })
        })
    });
    let is_needed = |step: &Name| {
        let result = evaluation.steps.get(step);
        result.is_some_and(|result| result.needed == Known::Value(true))
    };
    let steps = pack.steps.iter().map(|step| &step.name.it);
    Played {
        title: of.title.it.clone(),
        asked,
        asked_facts,
        fetched,
        fetched_from,
        needed: steps.filter(|step| is_needed(step)).cloned().collect(),
        automatic: automatic.map(|step| step.name.it.clone()).collect(),
    }
}

/// Some text where the example says nothing and nothing rests on it; what decides stays missing.
fn supply(facts: &mut Facts, pack: &Pack, slot: &Slot) {
    let is_unknown = !facts.known.contains_key(&slot.fact);
    let fact: Option<&Fact> = pack.fact(&slot.fact);
    if let (None, true, Some(fact)) = (slot.item, is_unknown, fact)
        && matches!(fact.ty.it, crate::pack::Type::Text { .. })
    {
        facts.set(slot.fact.clone(), Known::Value(Value::Text("–".to_owned())));
    }
}
