//! `samverk ask`: plays a service's questions in the terminal, in the order that a person meets them.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use samverk_domain::check::play::{Move, Play, Truth};
use samverk_domain::fact::{Cause, Known, Name, Slot, Value};
use samverk_domain::pack::{Fact, List, Pack, Source, Type};
use samverk_domain::rules::{self, Question};

use super::explain::{verdict, waits_for};

/// Play a service's questions in the terminal, then show each body's task list
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk ask packs/starta-restaurang --scenario crates/node/demo/scenarios/full.md
  samverk ask packs/starta-restaurang

Answers come from the scenario; what it leaves out is read from standard input, in the form of
docs/language.md (ja, 12, 4,5, 2026-12-15). An empty line leaves a question unanswered.
What registers hold comes only from the scenario; without one they are out of order, and the
person is asked where the document says so.
Exit code: 0 played, 2 not readable.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// The scenario file (docs/scenarios.md)
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Wrong answers to one question before it is left.
const TRIES_MAX: u32 = 5;

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let truth = match &args.scenario {
        Some(file) => Truth::of(&pack, &super::scenario::scenario(&pack, file)?),
        None => Truth::default(),
    };
    let mut input = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    let mut played = Played {
        pack: &pack,
        play: Play::new(&pack, &truth.facts, truth.setting.clone()),
        truth,
        input: &mut input,
        out: &mut out,
        asked: 0,
    };
    played.begin()?;
    played.go()?;
    played.end()?;
    Ok(ExitCode::SUCCESS)
}

struct Played<'a, R, W> {
    pack: &'a Pack,
    play: Play,
    truth: Truth,
    input: &'a mut R,
    out: &'a mut W,
    asked: usize,
}

impl<R: BufRead, W: Write> Played<'_, R, W> {
    /// Who logs in and for whom.
    fn begin(&mut self) -> anyhow::Result<()> {
        writeln!(self.out, "{}\n{}\n", self.pack.title.it, self.pack.intro.it)?;
        for fact in &self.pack.facts {
            if let Some(Known::Value(value)) = self.play.facts.known.get(&fact.name.it) {
                writeln!(self.out, "  {} = {value}   ({})", fact.name.it, fact.source.it)?;
            }
        }
        Ok(())
    }

    fn go(&mut self) -> anyhow::Result<()> {
        while let Some(next) = self.play.next(self.pack) {
            match next {
                Move::Fetch(slots) => self.fetch(&slots)?,
                Move::Ask(question) => {
                    self.asked += 1;
                    let is_answered = self.play.answer(self.pack, &question, &self.truth);
                    self.show(&question)?;
                    match (is_answered, &question) {
                        (true, Question::Fact(name)) => writeln!(self.out, "   > {}", self.state(name))?,
                        (true, Question::List(name)) => self.show_items(name)?,
                        (false, Question::Fact(name)) => {
                            if let Some(fact) = self.pack.fact(name)
                                && let Some(value) = self.read(fact)?
                            {
                                self.play.facts.set(name.clone(), Known::Value(value));
                            }
                        }
                        (false, Question::List(name)) => {
                            if let Some(list) = self.pack.list(name) {
                                self.read_list(list)?;
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn fetch(&mut self, slots: &[Slot]) -> anyhow::Result<()> {
        for slot in slots {
            // A register that the scenario says nothing of could not answer.
            if self.truth.register(slot).is_none() && slot.item.is_none() {
                self.play.facts.set(slot.fact.clone(), Known::Missing(Cause::Failed));
            }
        }
        self.play.learn(slots, &self.truth);
        for slot in slots {
            let source = self
                .pack
                .fact(&slot.fact)
                .map_or(String::new(), |fact| match &fact.source.it {
                    Source::Register(register) => format!("register {}", register.register),
                    other => other.to_string(),
                });
            let said = match self.truth.register(slot) {
                Some(Known::Value(value)) => value.to_string(),
                Some(Known::NotApplicable) => "ej aktuellt".to_owned(),
                Some(Known::Missing(Cause::Disputed)) => "bestrids".to_owned(),
                Some(Known::Missing(_)) | None => "kunde inte hämtas".to_owned(),
            };
            let item = slot.item.map_or(String::new(), |item| format!(" [{}]", item + 1));
            writeln!(self.out, "   hämtat: {}{item} = {said}   ({source})", slot.fact)?;
        }
        Ok(())
    }

    fn show(&mut self, question: &Question) -> anyhow::Result<()> {
        let (name, text, form) = match question {
            Question::Fact(name) => {
                let fact = self.pack.fact(name);
                let form = fact.map_or(String::new(), |fact| fact.ty.it.to_string());
                (name, self.pack.text("sv", &format!("fråga.{name}")), form)
            }
            Question::List(name) => {
                let list = self.pack.list(name);
                let form = list.map_or(String::new(), |list| format!("lista {}–{}", list.min, list.max));
                (name, self.pack.text("sv", &format!("fråga.{name}")), form)
            }
        };
        writeln!(
            self.out,
            "\n{}. {}   [{name}: {form}]",
            self.asked,
            text.unwrap_or(name.as_str())
        )?;
        Ok(())
    }

    fn state(&self, name: &Name) -> String {
        match self.play.facts.of(name) {
            Known::Value(value) => value.to_string(),
            Known::NotApplicable => "ej aktuellt".to_owned(),
            Known::Missing(_) => "obesvarad".to_owned(),
        }
    }

    fn show_items(&mut self, list: &Name) -> anyhow::Result<()> {
        for (at, item) in self.play.facts.lists.get(list).into_iter().flatten().enumerate() {
            let columns: Vec<String> = item
                .iter()
                .filter_map(|(column, state)| Some(format!("{column} = {}", state.value()?)))
                .collect();
            writeln!(self.out, "   > [{}] {}", at + 1, columns.join(", "))?;
        }
        Ok(())
    }

    /// Reads an answer of the fact's type. Nothing when the line is empty, the input ends or the tries do.
    fn read(&mut self, fact: &Fact) -> anyhow::Result<Option<Value>> {
        for _ in 0..TRIES_MAX {
            let Some(line) = self.line("   > ")? else {
                return Ok(None);
            };
            match type_of_answer(&fact.ty.it).value(&line) {
                Ok(value) => return Ok(Some(value)),
                Err(why) => writeln!(self.out, "   {}", why.message)?,
            }
        }
        writeln!(self.out, "   Frågan lämnas obesvarad.")?;
        Ok(None)
    }

    fn read_list(&mut self, list: &List) -> anyhow::Result<()> {
        let asked: Vec<&Fact> = list
            .columns
            .iter()
            .filter(|column| column.source.it == Source::Applicant)
            .collect();
        let mut items: Vec<BTreeMap<Name, Known<Value>>> = Vec::new();
        'items: while (items.len() as u32) < list.max {
            writeln!(self.out, "   rad {} (tom rad: inga fler)", items.len() + 1)?;
            let mut item = BTreeMap::new();
            for (at, column) in asked.iter().enumerate() {
                writeln!(
                    self.out,
                    "   {}   [{}: {}]",
                    question_of(self.pack, column),
                    column.name.it,
                    column.ty.it
                )?;
                match self.read(column)? {
                    Some(value) => {
                        item.insert(column.name.it.clone(), Known::Value(value));
                    }
                    None if at == 0 => break 'items,
                    None => {}
                }
            }
            items.push(item);
        }
        // Too short a list is no answer.
        if items.len() as u32 >= list.min {
            self.play.facts.lists.insert(list.name.it.clone(), items);
        }
        Ok(())
    }

    fn line(&mut self, prompt: &str) -> anyhow::Result<Option<String>> {
        write!(self.out, "{prompt}")?;
        self.out.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            writeln!(self.out)?;
            return Ok(None);
        }
        let line = line.trim().to_owned();
        Ok((!line.is_empty()).then_some(line))
    }

    /// The task list for each role, and what comes out.
    fn end(&mut self) -> anyhow::Result<()> {
        // What case workers and other bodies say comes after the person is done.
        for fact in &self.pack.facts {
            let is_added = matches!(
                fact.source.it,
                Source::CaseWorker | Source::Referral(_) | Source::Step(_)
            );
            if is_added && let Some(state) = self.truth.facts.known.get(&fact.name.it) {
                self.play.facts.set(fact.name.it.clone(), state.clone());
            }
        }
        writeln!(self.out, "\n{} frågor.", self.asked)?;
        let broken = rules::broken_controls(self.pack, &self.play.facts, &self.play.setting);
        for broken in &broken {
            if let Some(control) = self.pack.controls.iter().find(|control| control.id.it == *broken) {
                writeln!(self.out, "Stopp ({broken}): {}", control.message.it)?;
            }
        }
        if !broken.is_empty() {
            writeln!(self.out, "Ingenting skickas, och inget steg börjar.")?;
            return Ok(());
        }
        let evaluation = rules::evaluate(self.pack, &self.play.facts, &self.play.setting);
        let relevance = rules::relevance(self.pack, &self.play.facts, &self.play.setting);
        for role in &self.pack.roles {
            let steps: Vec<_> = self
                .pack
                .steps
                .iter()
                .filter(|step| step.role.it == role.name.it)
                .collect();
            if steps.is_empty() {
                continue;
            }
            writeln!(
                self.out,
                "\n{} (uppdrag {}, {})",
                role.name.it, role.task.it, role.area.it
            )?;
            for step in steps {
                let name = &step.name.it;
                writeln!(self.out, "  {name}: {}", verdict(self.pack, name, &evaluation))?;
                if let Some(sent) = relevance.sent.get(name).filter(|sent| !sent.is_empty()) {
                    writeln!(self.out, "    får {} uppgifter", sent.len())?;
                }
                for missing in waits_for(name, &evaluation) {
                    writeln!(self.out, "    väntar på {missing}")?;
                }
                let holds = evaluation.steps.get(name).map_or(&[][..], |result| &result.holds);
                for (fired, result) in holds {
                    writeln!(self.out, "    rad {}: {result}", fired.row)?;
                }
            }
        }
        Ok(())
    }
}

fn question_of<'p>(pack: &'p Pack, fact: &'p Fact) -> &'p str {
    pack.text("sv", &format!("fråga.{}", fact.name.it))
        .unwrap_or(fact.name.as_str())
}

/// A person answers a question about a fact that a case worker would judge with the answer alone.
fn type_of_answer(ty: &Type) -> &Type {
    match ty {
        Type::Assessment => &Type::YesNo,
        other => other,
    }
}
