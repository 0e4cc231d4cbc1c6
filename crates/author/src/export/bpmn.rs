//! BPMN 2.0 of the process that follows from a service: the applicant, the host, and one pool for each role.
//!
//! Nobody draws a process in Samverk; this one is derived from *Steg*, *Utfall* and *remiss*. Steps run in parallel, each behind
//! its condition and what it waits for; a body registers, asks for what is missing, asks others for their opinion, examines,
//! hears the party before what is burdensome, decides and sends. Always true: every flow node lies on a way from a start to an
//! end, and every element has its place in the diagram (BPMN DI), so that a modeller opens it as it is. Not here: appeal,
//! withdrawal, disqualification and the rest of förvaltningslagen, which hold in every case alike.

use samverk_domain::fact::Name;
use samverk_domain::pack::{AfterEvent, Decider, Expr, Length, Outcome, Pack, Role, Source, Step, Unit};
use samverk_domain::words::letters::inside;

use super::xml::{Xml, id};

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const BPMNDI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
const DC: &str = "http://www.omg.org/spec/DD/20100524/DC";
const DI: &str = "http://www.omg.org/spec/DD/20100524/DI";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

const COLUMN: usize = 170;
const ROW: usize = 130;
const MARGIN: usize = 60;

#[derive(Clone, Debug)]
enum Kind {
    Start {
        message: bool,
    },
    End {
        message: bool,
    },
    User,
    Service,
    Send,
    Receive,
    Rules,
    Exclusive {
        default: Option<String>,
    },
    Parallel,
    CatchMessage,
    CatchTimer(String),
    /// On the activity with this id; does not stop it.
    BoundaryTimer {
        on: String,
        after: String,
    },
}

impl Kind {
    fn element(&self) -> &'static str {
        match self {
            Self::Start { .. } => "startEvent",
            Self::End { .. } => "endEvent",
            Self::User => "userTask",
            Self::Service => "serviceTask",
            Self::Send => "sendTask",
            Self::Receive => "receiveTask",
            Self::Rules => "businessRuleTask",
            Self::Exclusive { .. } => "exclusiveGateway",
            Self::Parallel => "parallelGateway",
            Self::CatchMessage | Self::CatchTimer(_) => "intermediateCatchEvent",
            Self::BoundaryTimer { .. } => "boundaryEvent",
        }
    }

    /// Width and height.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::User | Self::Service | Self::Send | Self::Receive | Self::Rules => (120, 80),
            Self::Exclusive { .. } | Self::Parallel => (50, 50),
            _ => (36, 36),
        }
    }
}

#[derive(Clone, Debug)]
struct Node {
    id: String,
    kind: Kind,
    name: String,
    says: String,
    column: usize,
    row: usize,
}

#[derive(Clone, Debug)]
struct Flow {
    id: String,
    from: String,
    to: String,
    name: String,
    condition: Option<String>,
}

/// A pool. Without nodes it is closed: nobody says what happens inside.
#[derive(Debug)]
struct Pool {
    id: String,
    name: String,
    nodes: Vec<Node>,
    flows: Vec<Flow>,
    rows: usize,
}

impl Pool {
    fn new(what: &str, name: String) -> Self {
        Self {
            id: id("pool", what),
            name,
            nodes: Vec::new(),
            flows: Vec::new(),
            rows: 0,
        }
    }

    fn add(&mut self, own: &str, kind: Kind, name: impl Into<String>, (column, row): (usize, usize)) -> String {
        let own = id("nod", own);
        self.rows = self.rows.max(row + 1);
        self.nodes.push(Node {
            id: own.clone(),
            kind,
            name: name.into(),
            says: String::new(),
            column,
            row,
        });
        own
    }

    fn say(&mut self, says: String) {
        if let Some(last) = self.nodes.last_mut() {
            last.says = says;
        }
    }

    fn flow(&mut self, from: &str, to: &str) -> String {
        self.flow_when(from, to, "", None)
    }

    fn flow_when(&mut self, from: &str, to: &str, name: &str, condition: Option<String>) -> String {
        let own = format!("flode_{from}_{to}");
        self.flows.push(Flow {
            id: own.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            name: name.to_owned(),
            condition,
        });
        own
    }

    fn set_default(&mut self, gateway: &str, flow: String) {
        for node in &mut self.nodes {
            if let (true, Kind::Exclusive { default }) = (node.id == gateway, &mut node.kind) {
                *default = Some(flow.clone());
            }
        }
    }
}

struct Message {
    from: String,
    to: String,
    name: String,
}

struct Process<'p> {
    pack: &'p Pack,
    applicant: Pool,
    host: Pool,
    bodies: Vec<Pool>,
    messages: Vec<Message>,
}

/// Writes the collaboration.
pub fn export(pack: &Pack) -> String {
    let body = |role: &Role| Pool::new(&format!("roll-{}", *role.name), text(pack, "roll", role.name.as_str()));
    let mut process = Process {
        pack,
        applicant: Pool::new("sökanden", String::from("Sökanden")),
        host: Pool::new("värden", String::from("Det organ där sökanden börjar (värd)")),
        bodies: pack.roles.iter().map(body).collect(),
        messages: Vec::new(),
    };
    process.build_host();
    for step in &pack.steps {
        process.build_step(step);
    }
    process.write()
}

fn text(pack: &Pack, kind: &str, name: &str) -> String {
    pack.text("sv", &format!("{kind}.{name}")).unwrap_or(name).to_owned()
}

impl Process<'_> {
    fn message(&mut self, from: &str, to: &str, name: &str) {
        self.messages.push(Message {
            from: from.to_owned(),
            to: to.to_owned(),
            name: name.to_owned(),
        });
    }

    fn build_host(&mut self) {
        let steps = self.pack.steps.len();
        let middle = steps.saturating_sub(1) / 2;
        let start = self.host.add(
            "värd-start",
            Kind::Start { message: false },
            "Tjänsten påbörjas",
            (0, middle),
        );
        let ask = self.host.add(
            "värd-frågor",
            Kind::User,
            "Svara på frågor och se registrens uppgifter",
            (1, middle),
        );
        let submit = self
            .host
            .add("värd-inskick", Kind::User, "Kontrollera och skicka in", (2, middle));
        let receipt = self
            .host
            .add("värd-kvitto", Kind::Send, "Ge kvitto: inkommet", (3, middle));
        for (from, to) in [(&start, &ask), (&ask, &submit), (&submit, &receipt)] {
            self.host.flow(from, to);
        }
        let applicant = self.applicant.id.clone();
        self.message(&applicant, &submit, "Uppgifter, underskrivna");
        self.message(&receipt, &applicant, "Kvitto");
        let end_column = 11;
        let end = self.host.add(
            "värd-slut",
            Kind::End { message: false },
            "Alla besked har kommit",
            (end_column, middle),
        );
        let (fork, join) = if steps > 1 {
            let fork = self.host.add("värd-delning", Kind::Parallel, "", (4, middle));
            let join = self
                .host
                .add("värd-samling", Kind::Parallel, "", (end_column - 1, middle));
            self.host.flow(&receipt, &fork);
            self.host.flow(&join, &end);
            (fork, join)
        } else {
            (receipt, end)
        };
        for (row, step) in self.pack.steps.iter().enumerate() {
            let name = step.name.as_str();
            let title = text(self.pack, "steg", name);
            let mut at = fork.clone();
            let mut skip = None;
            let mut condition = None;
            if step.needed_when.it != Expr::Always {
                let label = format!("Behövs {}?", inside(&title));
                let gateway = self.host.add(
                    &format!("värd-{name}-behövs"),
                    Kind::Exclusive { default: None },
                    label,
                    (5, row),
                );
                self.host.flow(&at, &gateway);
                at = gateway.clone();
                skip = Some(gateway);
                condition = Some(step.needed_when.it.to_string());
            }
            if let Some(after) = &step.after {
                let event = match after.it.event {
                    AfterEvent::Submitted => "inskickad",
                    AfterEvent::Decided => "beslutad",
                    AfterEvent::Granted => "bifall",
                    AfterEvent::Final => "laga kraft",
                };
                let label = format!(
                    "Vänta: {} {event}",
                    inside(&text(self.pack, "steg", after.it.step.as_str()))
                );
                let wait = self
                    .host
                    .add(&format!("värd-{name}-väntar"), Kind::CatchMessage, label, (6, row));
                self.host.flow_when(
                    &at,
                    &wait,
                    if condition.is_some() { "ja" } else { "" },
                    condition.take(),
                );
                at = wait;
            }
            let send = self.host.add(
                &format!("värd-{name}-ansökan"),
                Kind::Send,
                format!("Skicka ansökan: {}", inside(&title)),
                (7, row),
            );
            self.host.flow_when(
                &at,
                &send,
                if condition.is_some() { "ja" } else { "" },
                condition.take(),
            );
            let news = self.host.add(
                &format!("värd-{name}-besked"),
                Kind::Receive,
                format!("Ta emot besked: {}", inside(&title)),
                (8, row),
            );
            self.host.flow(&send, &news);
            match skip {
                Some(gateway) => {
                    let merge = self.host.add(
                        &format!("värd-{name}-klart"),
                        Kind::Exclusive { default: None },
                        "",
                        (9, row),
                    );
                    self.host.flow(&news, &merge);
                    let past = self.host.flow_when(&gateway, &merge, "nej", None);
                    self.host.set_default(&gateway, past);
                    self.host.flow(&merge, &join);
                }
                None => {
                    self.host.flow(&news, &join);
                }
            }
        }
    }

    fn body(&mut self, role: &Name) -> Option<&mut Pool> {
        let at = self.pack.roles.iter().position(|own| own.name.it == *role)?;
        self.bodies.get_mut(at)
    }

    fn build_step(&mut self, step: &Step) {
        let pack = self.pack;
        let name = step.name.as_str();
        let title = text(pack, "steg", name);
        let applicant = self.applicant.id.clone();
        let opinions: Vec<(&Name, u32)> = {
            let read = samverk_domain::check::read_by_step(pack, &step.name.it);
            let facts = pack.facts.iter().filter(|fact| read.contains(&fact.name.it));
            facts
                .filter_map(|fact| match &fact.source.it {
                    Source::Referral(referral) => Some((&referral.role, referral.weeks)),
                    _ => None,
                })
                .collect()
        };
        let outcomes: Vec<&Outcome> = pack.outcomes_of(&step.name.it).collect();
        let automatic = outcomes
            .iter()
            .any(|outcome| matches!(outcome.decider.it, Decider::Automatic { .. } | Decider::Nobody));
        let mut messages: Vec<(String, String, String)> = Vec::new();
        let mut referrals: Vec<(Name, String, String, usize)> = Vec::new();
        let Some(pool) = self.body(&step.role.it) else { return };
        let row = pool.rows;
        let own = |what: &str| format!("{name}-{what}");

        let start = pool.add(
            &own("start"),
            Kind::Start { message: true },
            format!("Ansökan: {}", inside(&title)),
            (0, row),
        );
        messages.push((
            id("nod", &format!("värd-{name}-ansökan")),
            start.clone(),
            String::from("Ansökan"),
        ));
        let register = pool.add(
            &own("registrera"),
            Kind::Service,
            "Registrera i diariet, bekräfta mottagandet",
            (1, row),
        );
        pool.flow(&start, &register);
        let again = pool.add(&own("åter"), Kind::Exclusive { default: None }, "", (2, row));
        pool.flow(&register, &again);
        let check_kind = if automatic { Kind::Service } else { Kind::User };
        let check = pool.add(&own("kontroll"), check_kind, "Se om ansökan är komplett", (3, row));
        pool.flow(&again, &check);
        let complete = pool.add(
            &own("komplett"),
            Kind::Exclusive { default: None },
            "Komplett?",
            (4, row),
        );
        pool.flow(&check, &complete);
        let ask = pool.add(&own("begär"), Kind::Send, "Begär komplettering", (4, row + 1));
        pool.flow_when(&complete, &ask, "nej", Some(String::from("ansökan är inte komplett")));
        let answer = pool.add(&own("komplettering"), Kind::CatchMessage, "Komplettering", (3, row + 1));
        pool.flow(&ask, &answer);
        pool.flow(&answer, &again);
        messages.push((ask, applicant.clone(), String::from("Begäran om komplettering")));
        messages.push((applicant.clone(), answer, String::from("Komplettering")));

        let mut column = 5;
        let mut at = complete.clone();
        for (number, (role, weeks)) in opinions.iter().enumerate() {
            let to = inside(&text(pack, "roll", role.as_str()));
            let send = pool.add(
                &own(&format!("remiss-{number}")),
                Kind::Send,
                format!("Begär yttrande: {to}"),
                (column, row),
            );
            let past = pool.flow_when(&at, &send, if at == complete { "ja" } else { "" }, None);
            if at == complete {
                pool.set_default(&complete, past);
            }
            let wait = pool.add(
                &own(&format!("yttrande-{number}")),
                Kind::Receive,
                format!("Invänta yttrande: {to}"),
                (column + 1, row),
            );
            pool.flow(&send, &wait);
            let timer = Kind::BoundaryTimer {
                on: wait.clone(),
                after: duration(Length {
                    number: *weeks,
                    unit: Unit::Weeks,
                }),
            };
            let late = pool.add(
                &own(&format!("sent-{number}")),
                timer,
                format!("{weeks} veckor"),
                (column + 1, row),
            );
            let remind = pool.add(
                &own(&format!("påminn-{number}")),
                Kind::Send,
                "Påminn om yttrandet",
                (column + 1, row + 1),
            );
            pool.flow(&late, &remind);
            let end = pool.add(
                &own(&format!("påmint-{number}")),
                Kind::End { message: false },
                "",
                (column + 2, row + 1),
            );
            pool.flow(&remind, &end);
            referrals.push(((*role).clone(), send, wait.clone(), number));
            at = wait;
            column += 2;
        }
        if !opinions.is_empty() {
            // Room for what follows a reminder.
            column += 1;
        }
        let examine_kind = if pack.outcome_rule(&step.name.it).is_some() {
            Kind::Rules
        } else {
            Kind::User
        };
        let examine = pool.add(
            &own("pröva"),
            examine_kind,
            format!("Pröva: {}", inside(&title)),
            (column, row),
        );
        let mut says = vec![format!("Utfallsregeln {name} i tjänstens dokument.")];
        if let Some(law) = &step.law {
            says.push(law.to_string());
        }
        if let Some(fee) = &step.fee {
            says.push(format!("Avgift: {}.", **fee));
        }
        if let Some(frist) = &step.deadline {
            says.push(format!("Frist: {}.", frist.it));
        }
        pool.say(says.join(" "));
        let past = pool.flow_when(&at, &examine, if at == complete { "ja" } else { "" }, None);
        if at == complete {
            pool.set_default(&complete, past);
        }
        if let Some((length, _)) = step.deadline.as_ref().and_then(|frist| frist.it.decide_within) {
            let timer = Kind::BoundaryTimer {
                on: examine.clone(),
                after: duration(length),
            };
            let late = pool.add(&own("frist"), timer, format!("Fristen: {length}"), (column, row));
            let extension = step.deadline.as_ref().and_then(|frist| frist.it.extension);
            let label = match extension {
                Some(length) => format!("Förläng med högst {length}, med skäl"),
                None => String::from("Underrätta om förseningen"),
            };
            let tell = pool.add(&own("försening"), Kind::Send, label, (column, row + 1));
            pool.flow(&late, &tell);
            let end = pool.add(
                &own("underrättad"),
                Kind::End { message: false },
                "",
                (column + 1, row + 1),
            );
            pool.flow(&tell, &end);
            messages.push((tell, applicant.clone(), String::from("Underrättelse om försening")));
            column += 1;
        }
        column += 1;
        let mut from = examine;
        if outcomes.len() > 1 {
            let gateway = pool.add(
                &own("utfall"),
                Kind::Exclusive { default: None },
                "Utfall",
                (column, row),
            );
            pool.flow(&from, &gateway);
            from = gateway;
            column += 1;
        }
        let ways = outcomes.len();
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let row = row + number;
            let label = text(pack, &format!("utfall.{name}"), &outcome.name.it);
            let part = |what: &str| format!("{name}-{}-{what}", outcome.name.it);
            let mut at = from.clone();
            let mut first = true;
            let mut join = |pool: &mut Pool, at: &str, to: &str| {
                if first && ways > 1 {
                    pool.flow_when(at, to, &label, Some(format!("utfall = {}", outcome.name.it)));
                } else {
                    pool.flow(at, to);
                }
                first = false;
            };
            let mut column = column;
            if let Some(length) = outcome.heard_for.it {
                let hear = pool.add(
                    &part("kommunicera"),
                    Kind::Send,
                    "Låt sökanden yttra sig",
                    (column, row),
                );
                pool.say(String::from("Förvaltningslagen (2017:900) 25 §."));
                join(pool, &at, &hear);
                let wait = pool.add(
                    &part("yttrandetid"),
                    Kind::CatchTimer(duration(length)),
                    length.to_string(),
                    (column + 1, row),
                );
                pool.flow(&hear, &wait);
                messages.push((hear, applicant.clone(), String::from("Underlag inför beslut")));
                at = wait;
                column += 2;
            }
            let (kind, label) = match &outcome.decider.it {
                Decider::Automatic { .. } => (Kind::Service, format!("Besluta automatiskt: {}", inside(&label))),
                Decider::Nobody => (Kind::Service, format!("Notera: {}", inside(&label))),
                _ => (Kind::User, format!("Besluta: {}", inside(&label))),
            };
            let decide = pool.add(&part("besluta"), kind, label, (column, row));
            pool.say(format!(
                "Beslutas av: {}. Överklagas: {}.",
                outcome.decider.it, outcome.appeal.it
            ));
            join(pool, &at, &decide);
            let send = pool.add(
                &part("expediera"),
                Kind::Send,
                format!("Skicka brevet {}", outcome.letter.it),
                (column + 1, row),
            );
            pool.flow(&decide, &send);
            messages.push((send.clone(), applicant.clone(), String::from("Beslut")));
            let end = pool.add(
                &part("slut"),
                Kind::End { message: true },
                outcome.name.it.clone(),
                (column + 2, row),
            );
            pool.flow(&send, &end);
            messages.push((end, id("nod", &format!("värd-{name}-besked")), String::from("Besked")));
        }
        pool.rows = pool.rows.max(row + 2);

        for (role, send, wait, number) in referrals {
            let Some(pool) = self.body(&role) else { continue };
            let row = pool.rows;
            let own = |what: &str| format!("{name}-remiss-{number}-{what}");
            let start = pool.add(
                &own("in"),
                Kind::Start { message: true },
                format!("Remiss: {}", inside(&title)),
                (0, row),
            );
            let write = pool.add(&own("yttra"), Kind::User, "Yttra sig", (1, row));
            let end = pool.add(&own("ut"), Kind::End { message: true }, "Yttrande", (2, row));
            pool.flow(&start, &write);
            pool.flow(&write, &end);
            messages.push((send, start, String::from("Remiss")));
            messages.push((end, wait, String::from("Yttrande")));
        }
        for (from, to, name) in messages {
            self.message(&from, &to, &name);
        }
    }

    // ---- writing ----

    fn pools(&self) -> impl Iterator<Item = &Pool> {
        // A role that nothing is asked of has no pool to show.
        let bodies = self.bodies.iter().filter(|pool| !pool.nodes.is_empty());
        [&self.applicant, &self.host].into_iter().chain(bodies)
    }

    fn write(&self) -> String {
        let slug = self.pack.meta.slug.as_str();
        let mut xml = Xml::new();
        xml.open(
            "definitions",
            &[
                ("xmlns", BPMN),
                ("xmlns:bpmndi", BPMNDI),
                ("xmlns:dc", DC),
                ("xmlns:di", DI),
                ("xmlns:xsi", XSI),
                ("id", &id("tjänst", slug)),
                ("name", slug),
                (
                    "targetNamespace",
                    &format!("urn:samverk:{slug}:{}", *self.pack.meta.version),
                ),
                ("exporter", "Samverk"),
                ("exporterVersion", env!("CARGO_PKG_VERSION")),
            ],
        );
        xml.open("collaboration", &[("id", "samarbete"), ("name", &self.pack.title)]);
        xml.text("documentation", &[], &self.pack.intro);
        for pool in self.pools() {
            let process = format!("process_{}", pool.id);
            let mut attributes = vec![("id", pool.id.as_str()), ("name", pool.name.as_str())];
            if !pool.nodes.is_empty() {
                attributes.push(("processRef", &process));
            }
            xml.empty("participant", &attributes);
        }
        for (number, message) in self.messages.iter().enumerate() {
            xml.empty(
                "messageFlow",
                &[
                    ("id", &format!("meddelande_{number}")),
                    ("name", &message.name),
                    ("sourceRef", &message.from),
                    ("targetRef", &message.to),
                ],
            );
        }
        xml.close();
        for pool in self.pools().filter(|pool| !pool.nodes.is_empty()) {
            write_process(&mut xml, pool);
        }
        self.write_diagram(&mut xml);
        xml.finish()
    }

    fn write_diagram(&self, xml: &mut Xml) {
        let columns = self
            .pools()
            .flat_map(|pool| &pool.nodes)
            .map(|node| node.column + 1)
            .max()
            .unwrap_or(1);
        let width = 2 * MARGIN + columns * COLUMN;
        xml.open("bpmndi:BPMNDiagram", &[("id", "diagram")]);
        xml.open("bpmndi:BPMNPlane", &[("id", "plan"), ("bpmnElement", "samarbete")]);
        // By element: left, top, width, height.
        let mut places: Vec<(String, [usize; 4])> = Vec::new();
        let mut top = MARGIN;
        for pool in self.pools() {
            let height = if pool.nodes.is_empty() {
                80
            } else {
                pool.rows * ROW + 40
            };
            let bounds = [MARGIN, top, width, height];
            write_shape(xml, &pool.id, bounds, &[("isHorizontal", "true")]);
            places.push((pool.id.clone(), bounds));
            for node in &pool.nodes {
                let (w, h) = node.kind.size();
                let (x, y) = (
                    MARGIN + 50 + node.column * COLUMN + (COLUMN - w) / 2,
                    top + 20 + node.row * ROW + (ROW - h) / 2,
                );
                let bounds = match &node.kind {
                    // On the lower edge of its activity.
                    Kind::BoundaryTimer { .. } => [x - 30, y + 40, w, h],
                    _ => [x, y, w, h],
                };
                let marked: &[(&'static str, &str)] = match node.kind {
                    Kind::Exclusive { .. } => &[("isMarkerVisible", "true")],
                    _ => &[],
                };
                write_shape(xml, &node.id, bounds, marked);
                places.push((node.id.clone(), bounds));
            }
            top += height + 40;
        }
        let place = |element: &str| places.iter().find(|(own, _)| own == element).map(|(_, bounds)| *bounds);
        for flow in self.pools().flat_map(|pool| &pool.flows) {
            let (Some(from), Some(to)) = (place(&flow.from), place(&flow.to)) else {
                continue;
            };
            write_edge(xml, &flow.id, &sequence(from, to));
        }
        for (number, message) in self.messages.iter().enumerate() {
            let (Some(from), Some(to)) = (place(&message.from), place(&message.to)) else {
                continue;
            };
            let is_pool = |element: &str| self.pools().any(|pool| pool.id == element);
            let middle = |bounds: [usize; 4]| bounds[0] + bounds[2] / 2;
            let x_from = if is_pool(&message.from) {
                middle(to)
            } else {
                middle(from)
            };
            let x_to = if is_pool(&message.to) { middle(from) } else { middle(to) };
            let down = from[1] < to[1];
            let (y_from, y_to) = if down {
                (from[1] + from[3], to[1])
            } else {
                (from[1], to[1] + to[3])
            };
            let between = (y_from + y_to) / 2;
            let mut points = vec![(x_from, y_from)];
            if x_from != x_to {
                points.extend([(x_from, between), (x_to, between)]);
            }
            points.push((x_to, y_to));
            write_edge(xml, &format!("meddelande_{number}"), &points);
        }
        xml.close();
        xml.close();
    }
}

/// From right side to left side where it goes forward, else around below.
fn sequence(from: [usize; 4], to: [usize; 4]) -> Vec<(usize, usize)> {
    let middle = |bounds: [usize; 4]| (bounds[0] + bounds[2] / 2, bounds[1] + bounds[3] / 2);
    let ((x_from, y_from), (x_to, y_to)) = (middle(from), middle(to));
    if to[0] > from[0] + from[2] {
        let start = (from[0] + from[2], y_from);
        if y_from == y_to {
            return vec![start, (to[0], y_to)];
        }
        // Turn right before the target, where no other node of the row stands.
        let turn = to[0].saturating_sub(20);
        return vec![start, (turn, y_from), (turn, y_to), (to[0], y_to)];
    }
    if x_from.abs_diff(x_to) < 60 {
        let (y_start, y_end) = if y_to > y_from {
            (from[1] + from[3], to[1])
        } else {
            (from[1], to[1] + to[3])
        };
        return vec![
            (x_from, y_start),
            (x_from, (y_start + y_end) / 2),
            (x_to, (y_start + y_end) / 2),
            (x_to, y_end),
        ];
    }
    vec![
        (from[0], y_from),
        (x_to, y_from),
        (x_to, if y_from > y_to { to[1] + to[3] } else { to[1] }),
    ]
}

fn write_shape(xml: &mut Xml, element: &str, [x, y, w, h]: [usize; 4], more: &[(&'static str, &str)]) {
    let own = format!("form_{element}");
    let mut attributes = vec![("id", own.as_str()), ("bpmnElement", element)];
    attributes.extend_from_slice(more);
    xml.open("bpmndi:BPMNShape", &attributes);
    let [x, y, w, h] = [x, y, w, h].map(|number| number.to_string());
    xml.empty("dc:Bounds", &[("x", &x), ("y", &y), ("width", &w), ("height", &h)]);
    xml.close();
}

fn write_edge(xml: &mut Xml, element: &str, points: &[(usize, usize)]) {
    xml.open(
        "bpmndi:BPMNEdge",
        &[("id", &format!("kant_{element}")), ("bpmnElement", element)],
    );
    for (x, y) in points {
        xml.empty("di:waypoint", &[("x", &x.to_string()), ("y", &y.to_string())]);
    }
    xml.close();
}

fn write_process(xml: &mut Xml, pool: &Pool) {
    xml.open(
        "process",
        &[("id", &format!("process_{}", pool.id)), ("isExecutable", "false")],
    );
    for node in &pool.nodes {
        let mut attributes = vec![("id", node.id.as_str())];
        if !node.name.is_empty() {
            attributes.push(("name", &node.name));
        }
        match &node.kind {
            Kind::Exclusive { default: Some(flow) } => attributes.push(("default", flow)),
            Kind::BoundaryTimer { on, .. } => {
                attributes.extend([("cancelActivity", "false"), ("attachedToRef", on.as_str())]);
            }
            _ => {}
        }
        xml.open(node.kind.element(), &attributes);
        if !node.says.is_empty() {
            xml.text("documentation", &[], &node.says);
        }
        for flow in pool.flows.iter().filter(|flow| flow.to == node.id) {
            xml.text("incoming", &[], &flow.id);
        }
        for flow in pool.flows.iter().filter(|flow| flow.from == node.id) {
            xml.text("outgoing", &[], &flow.id);
        }
        match &node.kind {
            Kind::Start { message: true } | Kind::End { message: true } | Kind::CatchMessage => {
                xml.empty("messageEventDefinition", &[]);
            }
            Kind::CatchTimer(after) | Kind::BoundaryTimer { after, .. } => {
                xml.open("timerEventDefinition", &[]);
                xml.text("timeDuration", &[("xsi:type", "tFormalExpression")], after);
                xml.close();
            }
            _ => {}
        }
        xml.close();
    }
    for flow in &pool.flows {
        let mut attributes = vec![("id", flow.id.as_str())];
        if !flow.name.is_empty() {
            attributes.push(("name", &flow.name));
        }
        attributes.extend([("sourceRef", flow.from.as_str()), ("targetRef", flow.to.as_str())]);
        match &flow.condition {
            Some(condition) => {
                xml.open("sequenceFlow", &attributes);
                xml.text("conditionExpression", &[("xsi:type", "tFormalExpression")], condition);
                xml.close();
            }
            None => xml.empty("sequenceFlow", &attributes),
        }
    }
    xml.close();
}

/// ISO 8601; working days have no such form and stand in words.
fn duration(length: Length) -> String {
    match length.unit {
        Unit::Days => format!("P{}D", length.number),
        Unit::Weeks => format!("P{}W", length.number),
        Unit::Months => format!("P{}M", length.number),
        Unit::WorkingDays => length.to_string(),
    }
}
