//! What waits for what (codes S2xx): no circles, no wait for what cannot happen, no condition without an answer.
//!
//! One graph of what must be known before what: rules need their inputs, a step's start needs its condition, its facts and
//! the event it stands after, an outcome needs the start and its rule's inputs. A document is a way forward exactly when
//! this graph has no circle.

use std::collections::{BTreeMap, BTreeSet};

use super::uses::{self, By, Kind};
use crate::fact::Name;
use crate::finding::{Finding, Span};
use crate::pack::{After, AfterEvent, CellResult, Expr, NoRecord, OutcomeKind, Pack, RuleKind, Source, Type};

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    cycles(pack, found);
    after(pack, found);
    not_applicable(pack, found);
}

/// Something that becomes known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Fact(Name),
    /// Whether the step is needed.
    Needed(Name),
    /// The step is sent.
    Start(Name),
    Outcome(Name),
}

impl Node {
    fn words(&self) -> String {
        match self {
            Self::Fact(name) => format!("`{name}`"),
            Self::Needed(step) => format!("om steget {step} behövs"),
            Self::Start(step) => format!("att steget {step} skickas in"),
            Self::Outcome(step) => format!("utfallet av steget {step}"),
        }
    }
}

type Graph = BTreeMap<Node, Vec<(Node, Span)>>;

fn graph(pack: &Pack) -> Graph {
    let mut graph = Graph::new();
    let mut edge = |from: Node, to: Node, span: Span| graph.entry(from).or_default().push((to, span));
    for fact in uses::facts(pack) {
        let from = Node::Fact(fact.name.it.clone());
        match &fact.source.it {
            Source::Register(register) => edge(from, Node::Fact(register.subject.clone()), fact.source.span),
            Source::Step(step) => edge(from, Node::Outcome(step.clone()), fact.source.span),
            _ => {}
        }
    }
    for it in uses::all(pack) {
        let to = match it.kind {
            Kind::Fact => Node::Fact(it.name.clone()),
            Kind::List => continue,
        };
        match &it.by {
            By::Rule(RuleKind::Fact, name) => edge(Node::Fact(name.clone()), to, it.span),
            By::Rule(RuleKind::Outcome, step) => edge(Node::Outcome(step.clone()), to, it.span),
            By::NeededWhen(step) => edge(Node::Needed(step.clone()), to, it.span),
            By::Underlag(step) => {
                // What a case worker or another body adds comes after the start, whatever pattern it is listed by.
                let is_added = pack
                    .fact(&it.name)
                    .is_some_and(|fact| matches!(fact.source.it, Source::CaseWorker | Source::Referral(_)));
                if !is_added {
                    edge(Node::Start(step.clone()), to, it.span);
                }
            }
            By::Area | By::Subject(_) | By::Control | By::Signature | By::Fee(_) | By::Delegation | By::Letter(_) => {}
        }
    }
    for step in &pack.steps {
        let name = &step.name.it;
        edge(Node::Outcome(name.clone()), Node::Start(name.clone()), step.name.span);
        edge(
            Node::Start(name.clone()),
            Node::Needed(name.clone()),
            step.needed_when.span,
        );
        if let Some(after) = &step.after {
            let other = after.step.clone();
            let to = match after.event {
                AfterEvent::Submitted => Node::Start(other),
                AfterEvent::Decided | AfterEvent::Granted | AfterEvent::Final => Node::Outcome(other),
            };
            edge(Node::Start(name.clone()), to, after.span);
        }
    }
    graph
}

fn cycles(pack: &Pack, found: &mut Vec<Finding>) {
    let graph = graph(pack);
    let mut done: BTreeSet<&Node> = BTreeSet::new();
    for root in graph.keys() {
        if done.contains(root) {
            continue;
        }
        // Depth first without recursion: documents from outside may be deep.
        let mut path: Vec<(&Node, usize)> = vec![(root, 0)];
        let mut on_path: BTreeSet<&Node> = BTreeSet::from([root]);
        while let Some((node, next)) = path.last_mut() {
            let edges = graph.get(*node).map_or(&[][..], Vec::as_slice);
            let Some((to, _)) = edges.get(*next) else {
                done.insert(node);
                on_path.remove(*node);
                path.pop();
                continue;
            };
            *next += 1;
            if on_path.contains(to) {
                let start = path.iter().position(|(node, _)| *node == to).unwrap_or_default();
                found.push(circle(&graph, &path[start..]));
                // One circle is shown at a time in each part: the next shows when this one is mended.
                done.extend(path.iter().map(|(node, _)| *node));
                break;
            }
            if !done.contains(to) {
                on_path.insert(to);
                path.push((to, 0));
            }
        }
    }
}

/// `path`: the nodes of the circle, each with the number of its edges already followed; the last of those is in the circle.
fn circle(graph: &Graph, path: &[(&Node, usize)]) -> Finding {
    let edges: Vec<(&Node, Span)> = path
        .iter()
        .filter_map(|(node, next)| graph.get(*node)?.get(next.checked_sub(1)?))
        .map(|(to, span)| (to, *span))
        .collect();
    let mut words: Vec<String> = path.iter().map(|(node, _)| node.words()).collect();
    words.extend(path.first().map(|(node, _)| node.words()));
    // The caret stands where the document says it in so many words, not at a step's own name.
    let mut places: Vec<(Span, String)> = Vec::new();
    for (index, (to, span)) in edges.iter().enumerate() {
        let is_implied = matches!((path[index].0, to), (Node::Outcome(a), Node::Start(b)) if a == b);
        if !is_implied {
            places.push((*span, format!("här behövs {}", to.words())));
        }
    }
    let (span, label) = places
        .pop()
        .or_else(|| edges.last().map(|(to, span)| (*span, to.words())))
        .unwrap_or((
            Span {
                file: crate::finding::FileId(0),
                start: 0,
                end: 0,
            },
            String::new(),
        ));
    let mut finding = Finding::error("S201", span, format!("Det går i cirkel: {}.", words.join(" kräver ")))
        .label(label)
        .suggest("Bryt cirkeln: ta bort ett av beroendena.");
    finding.related = places;
    finding
}

fn after(pack: &Pack, found: &mut Vec<Finding>) {
    for step in &pack.steps {
        let Some(after) = &step.after else { continue };
        let Some(other) = pack.step(&after.step) else {
            continue; // The reader says it.
        };
        if let Some(why) = never(pack, &after.it) {
            found.push(
                Finding::error(
                    "S204",
                    after.span,
                    format!(
                        "Steget {} väntar på något som aldrig kan hända i steget {}.",
                        step.name.it, other.name.it
                    ),
                )
                .label(why)
                .related(other.name.span, "steget som inväntas")
                .suggest("Vänta på `inskickad`, eller lägg till ett utfall som kan inträffa."),
            );
        }
    }
}

/// Why the event can never happen, if it cannot. A step without outcomes is reported as that (S402).
pub fn never(pack: &Pack, after: &After) -> Option<&'static str> {
    let kinds: Vec<OutcomeKind> = pack.outcomes_of(&after.step).map(|outcome| outcome.kind.it).collect();
    if kinds.is_empty() {
        return None;
    }
    match after.event {
        AfterEvent::Submitted => None,
        AfterEvent::Granted => (!kinds.iter().any(|kind| kind.is_granted()))
            .then_some("inget av dess utfall är gynnande, en registrering eller ett avtal"),
        AfterEvent::Decided | AfterEvent::Final => kinds
            .iter()
            .all(|kind| !kind.is_decision())
            .then_some("det har bara kvittenser eller avtal, och de är inga beslut"),
    }
}

/// Facts that can be *ej aktuellt*, each with the place that makes it so.
pub fn can_be_not_applicable(pack: &Pack) -> BTreeMap<Name, Span> {
    let mut can: BTreeMap<Name, Span> = BTreeMap::new();
    for fact in uses::facts(pack) {
        match &fact.source.it {
            Source::Register(register) if register.no_record == NoRecord::NotApplicable => {
                can.insert(fact.name.it.clone(), fact.source.span);
            }
            Source::Step(step) => {
                if let Some(step) = pack.step(step)
                    && step.needed_when.it != Expr::Always
                {
                    can.insert(fact.name.it.clone(), step.needed_when.span);
                }
            }
            _ => {}
        }
    }
    for rule in pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact) {
        if let Some(row) = rule.rows.iter().find(|row| row.result.it == CellResult::NotApplicable) {
            can.insert(rule.name.it.clone(), row.result.span);
        }
    }
    can
}

/// Law 4 of the three states: a condition that decides must have an answer.
fn not_applicable(pack: &Pack, found: &mut Vec<Finding>) {
    let can = can_be_not_applicable(pack);
    let steps = pack
        .steps
        .iter()
        .map(|step| (&step.needed_when, format!("om steget {} behövs", step.name.it)));
    let controls = pack
        .controls
        .iter()
        .map(|control| (&control.condition, format!("om kontrollen {} håller", control.id.it)));
    for (condition, what) in steps.chain(controls) {
        if let Some((name, span)) = not_applicable_through(&condition.it, &can) {
            let mut finding = Finding::error(
                "S206",
                span,
                format!("Villkoret kan bli ej aktuellt, och då är det inte sagt {what}."),
            )
            .label(format!("`{name}` kan vara ej aktuellt"))
            .example(format!("{name} = ej aktuellt"))
            .suggest(format!(
                "Säg vad som gäller då: `{name} är ej aktuellt eller …`, eller `inte {name} är ej aktuellt och …`."
            ));
            if let Some(origin) = can.get(name) {
                finding = finding.related(*origin, "här kan den bli ej aktuellt");
            }
            found.push(finding);
        }
    }
}

/// The fact through which a condition can be *ej aktuellt* as a whole.
fn not_applicable_through<'a>(condition: &'a Expr, can: &BTreeMap<Name, Span>) -> Option<(&'a Name, Span)> {
    let through = |expr: &'a Expr| not_applicable_through(expr, can);
    match condition {
        Expr::Fact(name) | Expr::Size(name) | Expr::Has(name, _) => {
            can.contains_key(&name.it).then_some((&name.it, name.span))
        }
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            through(left).or_else(|| through(right))
        }
        Expr::Not(inner)
        | Expr::Shift(_, inner, _)
        | Expr::Age(inner, _)
        | Expr::PartOf(_, inner)
        | Expr::InUnit(inner, _) => through(inner),
        // E is the weakest in both: the whole is E only when every part is.
        Expr::And(parts) | Expr::Or(parts) => {
            let through: Option<Vec<_>> = parts.iter().map(through).collect();
            through?.into_iter().next()
        }
        // Lists skip E; the empty list has an answer.
        Expr::Count(_) | Expr::Sum(_) | Expr::Any(..) | Expr::All(..) | Expr::CountWhere(..) | Expr::SumWhere(..) => {
            None
        }
        Expr::Always | Expr::Constant(_) | Expr::Day(_) | Expr::IsNotApplicable(_) => None,
    }
}

/// The type of a fact or parameter.
pub fn type_of<'a>(pack: &'a Pack, name: &Name) -> Option<&'a Type> {
    pack.fact(name)
        .map(|fact| &fact.ty.it)
        .or_else(|| super::sources::parameter_type(&pack.parameter(name)?.ty.it))
}
