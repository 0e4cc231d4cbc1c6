//! The service document as it was understood: every part with the place it was read from.
//!
//! [`super::parse`] is the only maker. A `Pack` is well formed (types parsed, names valid) but not proved: references may
//! dangle and tables may gape; that is for [`crate::check`]. Order is the document's order everywhere.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::fact::{Name, Value};
use crate::finding::{SourceFile, Span, Spanned};
use crate::words::law::Lagrum;

/// One version of a service, with all its files.
#[derive(Clone, Debug)]
pub struct Pack {
    pub meta: Meta,
    pub title: Spanned<String>,
    /// One paragraph for people.
    pub intro: Spanned<String>,
    pub roles: Vec<Role>,
    pub facts: Vec<Fact>,
    pub lists: Vec<List>,
    pub controls: Vec<Control>,
    pub signatures: Vec<Signature>,
    pub steps: Vec<Step>,
    pub rules: Vec<Rule>,
    pub outcomes: Vec<Outcome>,
    pub duties: Vec<Duty>,
    pub parameters: Vec<Parameter>,
    pub uncertain: Vec<Uncertain>,
    /// Language code (`sv`, `en`) → key → text. Swedish keys from the document itself are already merged in: see [`super::texts`].
    pub texts: BTreeMap<String, BTreeMap<String, Spanned<String>>>,
    /// File stem under `brev/` → the letter.
    pub letters: BTreeMap<String, Letter>,
    pub examples: Vec<Example>,
    pub files: Vec<SourceFile>,
}

#[derive(Clone, Debug)]
pub struct Meta {
    /// `tjänst:`
    pub slug: Spanned<Name>,
    /// `version:`
    pub version: Spanned<u32>,
    /// `gäller:` from, and to if it is said.
    pub valid_from: Spanned<Date>,
    pub valid_to: Option<Spanned<Date>>,
    /// `utgivare:`
    pub publisher: Spanned<String>,
}

/// A row of `## Roller`: who answers for steps, as a task in an area. The federation says which body that is.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: Spanned<Name>,
    /// `uppdrag`: what a reglemente or an act gives a body to do.
    pub task: Spanned<String>,
    pub area: Spanned<Area>,
    /// Column `Slag`.
    pub kind: Spanned<RoleKind>,
}

/// Who has a role, as to what it may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoleKind {
    /// `myndighet` (the default): a nämnd, förbund or agency.
    #[default]
    Authority,
    /// `privat`: a performer that agrees or acknowledges, and never decides over anybody (regeringsformen 12 kap. 4 §).
    Private,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// `riket`
    Country,
    /// `kommun för <faktum>`: the municipality code that a register gives for the property, or for the person's registered home.
    MunicipalityOf(Name),
}

/// A row of `## Uppgifter`, or one column of a `## Lista`.
#[derive(Clone, Debug)]
pub struct Fact {
    /// In a list: the column's full name (`ägare.andel`).
    pub name: Spanned<Name>,
    pub ty: Spanned<Type>,
    pub source: Spanned<Source>,
    /// Grounds: for the disclosure, and for the processing. Written `utlämnande; behandling`.
    pub disclosure: Option<Spanned<Lagrum>>,
    pub processing: Option<Spanned<Lagrum>>,
    /// The question to the person (Swedish). Empty for what is not asked; for a register fact it is what is asked when
    /// the register is out of order and `ur funktion = fråga`.
    pub question: Option<Spanned<String>>,
    /// `känslig hälsa`, `känslig` behind the type: a special category of personal data ((EU) 2016/679 art. 9).
    pub sensitive: Option<Spanned<Sensitive>>,
    /// `finns hos …; hinder …` behind the source `sökanden`: asked although somebody already holds it.
    pub held: Option<Held>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sensitive {
    /// `känslig hälsa`
    Health,
    /// `känslig`: another of the special categories.
    Other,
}

/// Who already has what the person is asked for, and what stands in the way of fetching it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// `finns hos …`: a body, a register or a role, as written.
    pub by: Spanned<String>,
    /// `hinder …`: a lagrum or words.
    pub obstacle: Option<Spanned<String>>,
}

/// `## Lista: ägare 1–50`: a flat list. Its columns are facts named `<list>.<column>`.
#[derive(Clone, Debug)]
pub struct List {
    pub name: Spanned<Name>,
    pub min: u32,
    pub max: u32,
    pub columns: Vec<Fact>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `ja/nej`
    YesNo,
    /// `ja/nej + motivering`: an assessment.
    Assessment,
    /// `registrerad / avvisad`: words separated by ` / `.
    Choice(Vec<String>),
    /// `flera av vin / starköl / spritdrycker`: any number of the words, also none.
    Several(Vec<String>),
    /// `tal 0–5000 liter`; the unit may be missing. Whole numbers unless written `tal 0,0–100,0`.
    Number {
        min: Decimal,
        max: Decimal,
        decimals: u32,
        unit: Option<String>,
    },
    /// `kr 0–50 000`
    Kronor { min: Decimal, max: Decimal },
    /// `text ≤ 500`
    Text { characters_max: u32 },
    /// `datum`
    Date,
    /// `klockslag 11:00–05:00`, minutes since midnight; `to` is 1440 or more where the range passes midnight.
    Clock { from: u16, to: u16 },
    /// `period`
    Period,
    /// `orgnr`
    OrgNr,
    /// `personnummer`
    PersonNr,
    /// `fastighet`
    Property,
    /// `kommunkod`: four digits; the value is a [`Value::Choice`].
    Municipality,
    /// `bilaga pdf, jpg; ≤ 20 MB; visar planlösning`
    Attachment {
        formats: Vec<String>,
        bytes_max: u64,
        shows: String,
    },
}

/// Where a fact comes from. Each fact has exactly one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `inloggning`: the person. The fact's type says what: `personnummer` or `text` (the name).
    Login,
    /// `företräds`: the chosen principal's number.
    Represented,
    /// `sökanden`
    Applicant,
    /// `register <register>.<fält> för <faktum>, via sökanden|direkt[; ingen post = …][; ur funktion = …]`
    Register(RegisterSource),
    /// `handläggare`
    CaseWorker,
    /// `remiss <roll>, krävs för bifall|krävs|frivillig, 6 veckor`
    Referral(Referral),
    /// `steg <steg>`: another step's outcome.
    Step(Name),
    /// `regel`: the rule with the same name. Rules without a row here get one with the inferred type.
    Rule,
    /// `parameter`: the parameter with the same name. Parameters without a row here get one.
    Parameter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterSource {
    pub register: Name,
    pub field: Name,
    /// The fact whose value is looked up.
    pub subject: Name,
    pub mode: Mode,
    pub no_record: NoRecord,
    pub when_down: WhenDown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// The person's own request, seen and approved before it goes anywhere.
    ViaApplicant,
    /// Body to body.
    Direct,
}

/// What it means that the register holds nothing about the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRecord {
    /// `ingen post = <värde>`
    Value(Value),
    /// `ingen post = ej aktuellt`
    NotApplicable,
    /// `ingen post = saknas` (the default): it stays missing with cause failed.
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenDown {
    /// `ur funktion = fråga`: the person is asked instead.
    Ask,
    /// `ur funktion = vänta` (the default): it stays missing; the responsible body asks again.
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    pub role: Name,
    pub required: Required,
    pub weeks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// `krävs för bifall`: without the opinion nothing may be granted, but it may be refused (alkohollagen 8 kap. 11 §).
    ForGrant,
    /// `krävs`
    Always,
    /// `frivillig`
    Optional,
}

/// A row of `## Kontroller`: must not be *nej* when the person goes on.
#[derive(Clone, Debug)]
pub struct Control {
    pub id: Spanned<Name>,
    pub condition: Spanned<Expr>,
    pub message: Spanned<String>,
}

/// A row of `## Underskrifter`: who signs what is sent. Without the section the person who submits is enough, alone or with
/// those who sign for the company.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What is signed: `stiftelseurkund`. Its text is `underskrift.<id>`.
    pub id: Spanned<Name>,
    pub by: Spanned<SignedBy>,
    /// `när …` behind the signer; without it always.
    pub when: Option<Spanned<Expr>>,
    /// The steps whose applications it covers; empty = `alla`.
    pub steps: Vec<Spanned<Name>>,
    pub law: Option<Spanned<Lagrum>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// `sökanden`: the person who is logged in.
    Applicant,
    /// `firmatecknare`: some of those who may sign for the represented company, as many as must sign together.
    Signatories,
    /// `alla stiftare.pnr`: every person in a list's column.
    Everyone(Name),
    /// `revisor.pnr`: the person that a fact names.
    Person(Name),
}

/// A row of `## Steg`.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: Spanned<Name>,
    pub role: Spanned<Name>,
    pub needed_when: Spanned<Expr>,
    /// Names and `prefix.*` patterns as written; [`Pack::underlag`] expands them.
    pub underlag: Vec<Spanned<Underlag>>,
    pub after: Option<Spanned<After>>,
    pub deadline: Option<Spanned<Frist>>,
    /// The ground for the deadline.
    pub fee: Option<Spanned<Name>>,
    /// Column `Lagrum`.
    pub law: Option<Spanned<Lagrum>>,
    pub span: Span,
}

impl Step {
    /// Whether a fact or column is named in Underlag, itself or by its prefix.
    pub fn has_in_underlag(&self, fact: &Name) -> bool {
        self.underlag.iter().any(|part| match &part.it {
            Underlag::Fact(name) => fact == name,
            Underlag::Prefix(prefix) => fact.prefix() == prefix,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Underlag {
    Fact(Name),
    /// `lokal.*`
    Prefix(String),
}

/// `Efter`: if the event can no longer happen, the step is closed with that ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    pub event: AfterEvent,
    pub step: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterEvent {
    /// `inskickad`
    Submitted,
    /// `beslutad`
    Decided,
    /// `bifall`
    Granted,
    /// `laga kraft`
    Final,
}

/// `4 månader från komplett, förlängs 4 månader; start tidigast 14 dagar från inkommet`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frist {
    /// Absent when the law sets no time for the decision; then FL 9, 11 and 12 §§ are what there is.
    pub decide_within: Option<(Length, Start)>,
    /// Once, at most this long, with reasons before the first time ends; not appealable.
    pub extension: Option<Length>,
    /// When the person may begin, if nothing has been decided before: waiting time, not a deadline for the body.
    pub may_start: Option<(Length, Start)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    pub number: u32,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Days,
    WorkingDays,
    Weeks,
    Months,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// `från inkommet`
    Received,
    /// `från komplett`
    Complete,
    /// `från del`: the day a party got the decision.
    Served,
    /// `från beslut`
    Decision,
}

/// `## Regel: <faktum> (<policy>)` or `## Utfallsregel: <steg> (<policy>)`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The fact that it gives, or the step whose outcome it gives.
    pub name: Spanned<Name>,
    pub kind: RuleKind,
    pub policy: Spanned<Policy>,
    pub counted_at: CountedAt,
    /// `övergång 2025-07-01 – 2026-06-30 enligt val.regler`
    pub transition: Option<Spanned<Transition>>,
    pub columns: Vec<Spanned<Column>>,
    pub rows: Vec<Row>,
    pub span: Span,
}

/// Applications made within the days follow the law of the day before them if the fact says [`Transition::OLDER`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Both ends included.
    pub from: Date,
    pub to: Date,
    /// A fact of type `äldre / nya` from the applicant.
    pub choice: Name,
}

impl Transition {
    pub const OLDER: &'static str = "äldre";
    pub const NEWER: &'static str = "nya";
}

/// `från 2026-06-01`, `till 2026-05-31`, `2026-01-01 – 2026-05-31`: both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Validity {
    pub fn holds_on(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    Fact,
    Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// `unik`: exactly one row matches.
    Unique,
    /// `första`: the first row that matches.
    First,
    /// `samla; annars <utfall>`: every ground that applies is collected; of different outcomes the one listed first under
    /// `## Utfall` for the step wins, and all rows that gave it are its grounds. `handläggare` is not an outcome but says
    /// that a person must look; it never decides by itself.
    Collect { otherwise: String },
}

/// Which day's law counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CountedAt {
    /// `räknas vid ansökan`
    Application,
    /// `räknas vid beslut` (the default)
    #[default]
    Decision,
    /// `räknas vid händelse`
    Event,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// `id`
    Id,
    /// A fact's name: the cells are tests of it.
    Input(Name),
    /// `när`: the cells are whole conditions.
    When,
    /// `gäller`: the days on which the row counts.
    Valid,
    /// `→ <faktum>` or `→ utfall`
    Result,
    /// `→ därför att`
    Because,
    /// `→ lagrum`
    Law,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub id: Spanned<Name>,
    /// One test per `Input` or `When` column, in column order. All must match.
    pub tests: Vec<Spanned<Test>>,
    /// Column `gäller`; absent = always.
    pub valid: Option<Spanned<Validity>>,
    pub result: Spanned<CellResult>,
    /// The sentence that a letter states; a row that ends in `handläggare` may lack it.
    pub because: Option<Spanned<String>>,
    pub law: Option<Spanned<Lagrum>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellResult {
    Value(Value),
    /// `= taxa.grund + 150 kr * uteservering.yta`
    Calculated(Expr),
    NotApplicable,
    /// `handläggare`: a person must look.
    CaseWorker,
}

/// One cell's test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `–`: matches all, also missing and not applicable.
    Any,
    /// `ej aktuellt`: matches only that.
    NotApplicable,
    /// `> 2`, `≤ 60`, `= ja`, `ja`: compared with the column's fact.
    Compare(Comparison, Operand),
    /// `2–60`: both ends included.
    Between(Decimal, Decimal),
    /// `inne, ute`: one of these.
    OneOf(Vec<Operand>),
    /// `inte inne`
    NotOneOf(Vec<Operand>),
    /// `11:00–01:00`, `2026-05-01 – 2026-09-30`: clock times or days, both ends included.
    Within(Value, Value),
    /// `har vin`
    Has(String),
    /// `saknar vin`
    Lacks(String),
    /// In a `när` column.
    Condition(Expr),
}

/// What a cell compares with: a constant, or a fact or parameter by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    Constant(Value),
    Fact(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition or a calculation. It always ends: there are no loops, no functions of one's own, no recursion.
/// `Spanned` on names so that findings point at the word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// `alltid`
    Always,
    /// A yes/no fact alone is not a condition (write `= ja`); a number fact is an operand.
    Fact(Spanned<Name>),
    Constant(Spanned<Value>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `<faktum> är ej aktuellt`
    IsNotApplicable(Spanned<Name>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    /// `antal(ägare)`
    Count(Spanned<Name>),
    /// `summa(ägare.andel)`
    Sum(Spanned<Name>),
    /// `någon(ägare: ägare.skuld > 0)`
    Any(Spanned<Name>, Box<Expr>),
    /// `alla(ägare: …)`
    All(Spanned<Name>, Box<Expr>),
    /// `antal(ägare: ägare.skuld > 0)`
    CountWhere(Spanned<Name>, Box<Expr>),
    /// `summa(ägare.andel: ägare.roll = styrelse)`
    SumWhere(Spanned<Name>, Box<Expr>),
    /// `antal(servering.drycker)`: how many of several choices.
    Size(Spanned<Name>),
    /// `servering.drycker har vin`
    Has(Spanned<Name>, Spanned<String>),
    /// `ansökningsdagen`, `beslutsdagen`
    Day(CaseDay),
    /// `start.dag + 14 dagar`, `- 3 månader`
    Shift(Operator, Box<Expr>, Length),
    /// `dagar(a, b)`, `arbetsdagar(a, b)`: from a to b, a itself not counted; negative when b comes first.
    Apart(DayKind, Box<Expr>, Box<Expr>),
    /// `ålder(ägare.pnr)`, `ålder(barn.född)`: full years on the day that counts where it stands.
    Age(Box<Expr>, CaseDay),
    /// `början(p)`, `slut(p)`, `dagar(p)`
    PartOf(PeriodPart, Box<Expr>),
    /// A number brought to another unit of the same dimension, or a constant with its unit.
    InUnit(Box<Expr>, Conversion),
}

/// A day of the case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseDay {
    /// `ansökningsdagen`
    #[default]
    Application,
    /// `beslutsdagen`
    Decision,
}

impl From<CountedAt> for CaseDay {
    /// What is counted at an event is counted at the decision, where the event is looked at.
    fn from(counted_at: CountedAt) -> Self {
        match counted_at {
            CountedAt::Application => Self::Application,
            CountedAt::Decision | CountedAt::Event => Self::Decision,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayKind {
    Days,
    WorkingDays,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeriodPart {
    /// `början(p)`
    Start,
    /// `slut(p)`
    End,
    /// `dagar(p)`: both ends counted.
    Days,
}

/// What a number is multiplied by. `written` is the unit of a constant as it stands (`150 kr`); a fact is written alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub factor: Decimal,
    pub written: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    /// By a constant other than zero.
    Divide,
}

/// A row of `## Utfall`.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub step: Spanned<Name>,
    /// `registrerad`, `bifall`, `avslag` …
    pub name: Spanned<String>,
    pub kind: Spanned<OutcomeKind>,
    pub decider: Spanned<Decider>,
    /// FL 25 §: the party is heard before, for so long. `None` = `nej`.
    pub heard_for: Spanned<Option<Length>>,
    pub letter: Spanned<String>,
    pub appeal: Spanned<Appeal>,
    /// Column `Kopia till`: bodies, as written (alkohollagen 9 kap. 7 §).
    pub copies_to: Vec<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// `registrering`: entered, not examined.
    Registration,
    /// `gynnande`
    Favourable,
    /// `betungande`
    Burdensome,
    /// `kvittens`: a notification is noted; there is no decision.
    Acknowledgement,
    /// `avtal`: a private performer agrees to do what it is asked for; there is no decision.
    Agreement,
}

impl OutcomeKind {
    /// Whether it is a decision under förvaltningslagen: what is only noted or agreed is none.
    pub fn is_decision(self) -> bool {
        match self {
            Self::Registration | Self::Favourable | Self::Burdensome => true,
            Self::Acknowledgement | Self::Agreement => false,
        }
    }

    /// Whether it gives the person what was asked for (`bifall` in *Efter*).
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Registration | Self::Favourable | Self::Agreement)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decider {
    /// `automatiskt enligt <delegation>`
    Automatic { delegation: Name },
    /// `delegat enligt <delegation>`, or with `när <villkor>, annars nämnd`: the delegate where the condition is certainly
    /// true, the whole nämnd else.
    Delegate { delegation: Name, when: Option<Box<Expr>> },
    /// `nämnd`
    Board,
    /// `myndighet`: a state body, by its own order.
    Agency,
    /// `ingen`: nothing is decided (`kvittens`).
    Nobody,
    /// `utföraren`: a private performer's own staff agrees or acknowledges.
    Performer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appeal {
    /// `förvaltningsbesvär, länsstyrelsen, 3 veckor från del`
    To {
        regime: Regime,
        instance: String,
        within: Length,
        from: Start,
    },
    /// `överklagas inte, <skäl>`
    No { reason: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// `förvaltningsbesvär`
    Administrative,
    /// `laglighetsprövning` (13 kap. KL): FL 10–12, 16–20, 23–49 §§ do not apply (FL 2 §).
    LegalityReview,
}

/// A row of `## Skyldigheter`: what the person must do, or keep doing, after a decision.
#[derive(Clone, Debug)]
pub struct Duty {
    /// Its text in other languages is `skyldighet.<id>`.
    pub id: Spanned<Name>,
    /// The event that it begins with, as in `Efter` of a step.
    pub after: Spanned<After>,
    pub text: Spanned<String>,
    pub due: Spanned<Due>,
    /// The role it is owed to; absent when nobody receives it.
    pub to: Option<Spanned<Name>>,
    pub law: Option<Spanned<Lagrum>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// `2 månader från händelse`
    Within(Length, DueFrom),
    /// `1 mars varje år`
    Yearly { month: i8, day: i8 },
    /// `i förväg`
    Before,
    /// `genast`
    AtOnce,
    /// `löpande`: all the time.
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueFrom {
    /// `från händelse`: what the duty's own text tells of.
    Event,
    /// `från beslut`, `från del` …
    Start(Start),
}

/// A row of `## Osäkert`: what the authors are not sure of. Everything uncertain in a document stands here.
#[derive(Clone, Debug)]
pub struct Uncertain {
    pub about: Spanned<About>,
    pub what: Spanned<String>,
    /// How it is checked, and by whom.
    pub check: Option<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A fact, a list's column, a rule's fact, a parameter or a delegation.
    Named(Name),
    Step(Name),
    Role(Name),
    List(Name),
    Control(Name),
    Signature(Name),
    Duty(Name),
    /// `gasol.behövs g1`, `serveringstillstånd a3`
    Row(Name, Name),
}

/// A row of `## Parametrar`.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Spanned<Name>,
    pub ty: Spanned<ParameterType>,
    pub set_by: Spanned<SetBy>,
    pub default: Spanned<ParameterDefault>,
    pub counted_at: CountedAt,
    /// Column `Källa`: lagrum or other source of the figure.
    pub source: Option<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    Value(Type),
    /// `delegation`: nämnd, date, §, scope, receiver. Unset: a case worker decides.
    Delegation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetBy {
    /// `lag`: the document's own dated rows.
    Law,
    /// `fullmäktige`
    Council,
    /// `nämnd`
    Board,
    /// `myndighet`
    Agency,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterDefault {
    /// `saknas`: adoption must set it before the step can be served.
    None,
    /// `handläggare` (delegations)
    CaseWorker,
    /// `59 200 från 2026-01-01; 58 800 från 2025-01-01`, or one value without a date. In order of time.
    Dated(Vec<(Option<Date>, Value)>),
}

/// Placeholders that are filled in from the case, beside facts and parameters.
pub const FROM_CASE: [&str; 5] = ["organ", "steg", "diarienummer", "beslutsdatum", "avgift"];

/// `brev/<namn>.md`: a heading and paragraphs. Placeholders: `{faktum}` (a list's column stands for its values in every
/// row), [`FROM_CASE`], and on lines of their own `{grunder}`, `{överklagande}`, `{skyldigheter}` and the conditionals `{om
/// <villkor>}`, `{annars}`, `{slut}`.
#[derive(Clone, Debug)]
pub struct Letter {
    pub name: String,
    pub heading: Spanned<Vec<Piece>>,
    pub blocks: Vec<Block>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Block {
    Heading(Spanned<String>),
    /// Each sentence becomes one of its own, with its own *Varför?*.
    Paragraph(Spanned<Vec<Piece>>),
    /// The sentences of the rows that hold.
    Grounds(Span),
    /// How to appeal.
    Appeal(Span),
    /// What the person must do afterwards: the duties that this outcome begins.
    Duties(Span),
    /// What stands between `{om …}` and `{slut}`. What is not certainly true is not shown: then what follows `{annars}` is.
    /// Never nested.
    If(Conditional),
}

#[derive(Clone, Debug)]
pub struct Conditional {
    pub condition: Spanned<Expr>,
    pub shown: Vec<Block>,
    pub otherwise: Vec<Block>,
}

impl Letter {
    /// Every block, also those inside conditionals, in the document's order.
    pub fn all_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().flat_map(|block| {
            let inner: Vec<&Block> = match block {
                Block::If(conditional) => conditional.shown.iter().chain(&conditional.otherwise).collect(),
                _ => Vec::new(),
            };
            std::iter::once(block).chain(inner)
        })
    }

    pub fn conditionals(&self) -> impl Iterator<Item = &Conditional> {
        self.blocks.iter().filter_map(|block| match block {
            Block::If(conditional) => Some(conditional),
            _ => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Placeholder(Spanned<Name>),
}

/// One `## Exempel: …` of `exempel.md`, or a scenario file.
#[derive(Clone, Debug)]
pub struct Example {
    pub title: Spanned<String>,
    pub given: Vec<Given>,
    pub expected: Vec<Expected>,
    /// Rows of the same table that name what a rule gives.
    pub derived: Vec<Derived>,
    pub span: Span,
}

/// A row of `| Uppgift | Värde |`. `ägare[1].andel` counts from 1 in the document and from 0 in `item`. `ansökan` and
/// `beslut` set the days of the case; a list's own name with the value of none is an empty list.
#[derive(Clone, Debug)]
pub struct Given {
    pub fact: Spanned<Name>,
    pub item: Option<u32>,
    pub state: Spanned<GivenState>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenState {
    Value(Value),
    /// `ingen post`: the register has nothing.
    NoRecord,
    /// `ur funktion`, or `ur funktion; <svar>` when the person answers instead.
    Down(Option<Value>),
    /// `<värde>; bestrids: <vad som är fel>`
    Disputed {
        value: Value,
        says: String,
    },
    /// `avtalet återkallat` or `avtalet återkallat; <svar>`: the contract is revoked.
    Revoked(Option<Value>),
    /// `obesvarad`
    Unanswered,
}

impl Example {
    /// Rows that set the days of the case instead of a fact.
    pub const APPLICATION_DAY: &'static str = "ansökan";
    pub const DECISION_DAY: &'static str = "beslut";
}

/// A row of `| Steg | Utfall | Grund |`. Outcome is an outcome's name, `behövs inte`, `handläggare` or `väntar`.
/// The special step `inskickning` with outcome `stoppas` and a ground in words says that the person cannot submit; with
/// [`Expected::ALL_SIGN`], that others sign before it is submitted.
#[derive(Clone, Debug)]
pub struct Expected {
    pub step: Spanned<Name>,
    pub outcome: Spanned<String>,
    /// Row ids, all of them.
    pub grounds: Vec<Spanned<Name>>,
    /// The cell as it was written.
    pub grounds_text: String,
}

impl Expected {
    /// Others than the applicant must sign, and all of them do.
    pub const ALL_SIGN: &'static str = "alla skriver under";
}

/// A row of the same table that names a fact of a rule: `| avgift.registrering | 2 400 | ab |`.
#[derive(Clone, Debug)]
pub struct Derived {
    pub fact: Spanned<Name>,
    /// None: *ej aktuellt*.
    pub value: Spanned<Option<Value>>,
    /// The row that gives it; where none is named any may.
    pub row: Option<Spanned<Name>>,
}

impl Pack {
    /// The fact by name: rows of `## Uppgifter`, then columns of lists.
    pub fn fact(&self, name: &Name) -> Option<&Fact> {
        self.facts
            .iter()
            .chain(self.lists.iter().flat_map(|list| &list.columns))
            .find(|fact| fact.name.it == *name)
    }

    pub fn list(&self, name: &Name) -> Option<&List> {
        self.lists.iter().find(|list| list.name.it == *name)
    }

    /// The list whose items a rule gives one value each.
    pub fn list_of_rule(&self, rule: &Rule) -> Option<&List> {
        match rule.kind {
            RuleKind::Fact => self.list_of_column(&rule.name.it),
            RuleKind::Outcome => None,
        }
    }

    /// The list that a column belongs to.
    pub fn list_of_column(&self, fact: &Name) -> Option<&List> {
        self.lists
            .iter()
            .find(|list| list.columns.iter().any(|column| column.name.it == *fact))
    }

    pub fn step(&self, name: &Name) -> Option<&Step> {
        self.steps.iter().find(|step| step.name.it == *name)
    }

    pub fn role(&self, name: &Name) -> Option<&Role> {
        self.roles.iter().find(|role| role.name.it == *name)
    }

    pub fn rule(&self, fact: &Name) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.kind == RuleKind::Fact && rule.name.it == *fact)
    }

    pub fn outcome_rule(&self, step: &Name) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.kind == RuleKind::Outcome && rule.name.it == *step)
    }

    /// A step's possible outcomes in the order of the document.
    pub fn outcomes_of<'a>(&'a self, step: &'a Name) -> impl Iterator<Item = &'a Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.step.it == *step)
    }

    pub fn parameter(&self, name: &Name) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name.it == *name)
    }

    /// The duties that a step's outcome of this kind begins.
    pub fn duties_after<'a>(&'a self, step: &'a Name, kind: OutcomeKind) -> impl Iterator<Item = &'a Duty> {
        self.duties.iter().filter(move |duty| {
            let begins = match duty.after.it.event {
                AfterEvent::Granted => kind.is_granted(),
                AfterEvent::Submitted | AfterEvent::Decided | AfterEvent::Final => true,
            };
            duty.after.it.step == *step && begins
        })
    }

    /// Whether the step is a private performer's.
    pub fn is_private(&self, step: &Step) -> bool {
        self.role(&step.role.it)
            .is_some_and(|role| role.kind.it == RoleKind::Private)
    }

    /// A step's Underlag, patterns expanded, in document order. A list is named by its own name and by its columns'.
    pub fn underlag(&self, step: &Step) -> Vec<Name> {
        let mut names = Vec::new();
        let all = self
            .facts
            .iter()
            .chain(self.lists.iter().flat_map(|list| &list.columns));
        for fact in all {
            if step.has_in_underlag(&fact.name.it) {
                names.push(fact.name.it.clone());
            }
        }
        names
    }

    /// The document's own words at a place, each blank and line break as one space.
    pub fn words_at(&self, span: Span) -> String {
        let file = self.files.get(usize::from(span.file.0));
        let text = file.map_or("", |file| file.text.as_str());
        let words = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text in the language, or the Swedish one, or nothing.
    pub fn text(&self, language: &str, key: &str) -> Option<&str> {
        let of = |language: &str| {
            self.texts
                .get(language)
                .and_then(|texts| texts.get(key))
                .map(|text| text.it.as_str())
        };
        of(language).or_else(|| of("sv"))
    }
}
