//! What rests on what in a service, drawn: groups of facts, rules, steps and their bodies, from left to right.
//!
//! Always true here: the drawing is made of the same uses that the checker follows; every line of it stands also in the table
//! beside it ([`Graph::edges`]), for those who do not see it. The same document gives the same drawing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use samverk_domain::check;
use samverk_domain::fact::Name;
use samverk_domain::pack::{Pack, RuleKind, Source};

use crate::paper::escaped;

/// A box of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub label: String,
    /// A second line: how many facts, which policy, who answers.
    pub note: String,
    pub kind: Kind,
    /// Line in `tjanst.md`, from 1.
    pub line: usize,
    layer: usize,
    order: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Facts,
    Rule,
    Step,
    Outcome,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Facts => "uppgifterna",
            Self::Rule => "regeln",
            Self::Step => "steget",
            Self::Outcome => "utfallet",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    /// From what is read to what reads it.
    pub edges: Vec<(usize, usize)>,
}

const WIDTH: usize = 190;
const HEIGHT: usize = 46;
const GAP_X: usize = 90;
const GAP_Y: usize = 14;
const MARGIN: usize = 12;
/// Rounds of moving each box towards what it hangs together with.
const ROUNDS: usize = 8;
/// Longer labels are cut in the drawing; the table has them whole.
const LABEL_MAX: usize = 24;

impl Graph {
    pub fn of(pack: &Pack) -> Self {
        let mut graph = Self::default();
        let mut at: BTreeMap<(Kind, String), usize> = BTreeMap::new();
        let line = |span: samverk_domain::finding::Span| {
            pack.files
                .get(usize::from(span.file.0))
                .map_or(1, |file| file.position(span.start).0)
        };
        let mut groups: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for fact in check::facts(pack) {
            if fact.source.it == Source::Rule {
                continue;
            }
            let prefix = fact.name.prefix();
            if !groups.contains_key(prefix) {
                order.push(prefix);
            }
            let group = groups.entry(prefix).or_insert((0, 0, line(fact.span)));
            group.0 += 1;
            group.1 += usize::from(fact.source.it == Source::Applicant);
        }
        for parameter in &pack.parameters {
            let prefix = parameter.name.prefix();
            if !groups.contains_key(prefix) {
                order.push(prefix);
            }
            groups.entry(prefix).or_insert((0, 0, line(parameter.span))).0 += 1;
        }
        for prefix in order {
            let (all, asked, line) = groups[prefix];
            let label = pack.text("sv", &format!("grupp.{prefix}")).unwrap_or(prefix).to_owned();
            let facts = if all == 1 { "uppgift" } else { "uppgifter" };
            let note = match asked {
                0 => format!("{all} {facts}"),
                asked => format!("{all} {facts}, {asked} frågas"),
            };
            at.insert(
                (Kind::Facts, prefix.to_owned()),
                graph.add(label, note, Kind::Facts, line),
            );
        }
        for rule in pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact) {
            let rows = if rule.rows.len() == 1 { "rad" } else { "rader" };
            let note = format!("{} {rows}", rule.rows.len());
            let id = graph.add(rule.name.it.to_string(), note, Kind::Rule, line(rule.span));
            at.insert((Kind::Rule, rule.name.it.to_string()), id);
        }
        for step in &pack.steps {
            let id = graph.add(
                step.name.it.to_string(),
                format!("hos {}", step.role.it),
                Kind::Step,
                line(step.span),
            );
            at.insert((Kind::Step, step.name.it.to_string()), id);
            let outcomes: Vec<&str> = pack.outcomes_of(&step.name.it).map(|it| it.name.it.as_str()).collect();
            let end = graph.add(
                outcomes.join(" / "),
                format!("för {}", step.name.it),
                Kind::Outcome,
                line(step.span),
            );
            graph.edges.push((id, end));
            at.insert((Kind::Outcome, step.name.it.to_string()), end);
        }
        let place = |name: &Name| {
            at.get(&(Kind::Rule, name.to_string()))
                .or_else(|| at.get(&(Kind::Facts, name.prefix().to_owned())))
                .copied()
        };
        let mut edges: BTreeSet<(usize, usize)> = graph.edges.iter().copied().collect();
        for (name, reader) in check::read_by(pack) {
            let to = match reader {
                check::Reader::Rule(rule) => place(&rule),
                check::Reader::Outcome(step) => at.get(&(Kind::Outcome, step.to_string())).copied(),
                check::Reader::Step(step) => at.get(&(Kind::Step, step.to_string())).copied(),
            };
            if let (Some(from), Some(to)) = (place(&name), to)
                && from != to
            {
                edges.insert((from, to));
            }
        }
        for step in &pack.steps {
            let after = step
                .after
                .as_ref()
                .and_then(|after| at.get(&(Kind::Outcome, after.it.step.to_string())));
            if let (Some(from), Some(to)) = (after, at.get(&(Kind::Step, step.name.it.to_string()))) {
                edges.insert((*from, *to));
            }
        }
        graph.edges = edges.into_iter().collect();
        graph.place();
        graph
    }

    fn add(&mut self, label: String, note: String, kind: Kind, line: usize) -> usize {
        self.nodes.push(Node {
            label,
            note,
            kind,
            line,
            layer: 0,
            order: 0,
        });
        self.nodes.len() - 1
    }

    /// Layers by the longest way from the left, then an order within each that crosses few lines.
    fn place(&mut self) {
        // A checked document has no circles; the bound keeps a broken one from going on for ever.
        for _ in 0..self.nodes.len() {
            let mut moved = false;
            for (from, to) in &self.edges {
                if self.nodes[*to].layer <= self.nodes[*from].layer && self.nodes[*from].layer < self.nodes.len() {
                    self.nodes[*to].layer = self.nodes[*from].layer + 1;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let mut used: Vec<usize> = self.nodes.iter().map(|node| node.layer).collect();
        used.sort_unstable();
        used.dedup();
        for node in &mut self.nodes {
            node.layer = used.iter().position(|layer| *layer == node.layer).unwrap_or(0);
        }
        let layers = used.len();
        for layer in 0..layers {
            self.number(layer, |_| 0);
        }
        for round in 0..ROUNDS {
            let all: Vec<usize> = if round % 2 == 0 {
                (0..layers).collect()
            } else {
                (0..layers).rev().collect()
            };
            for layer in all {
                let middle: Vec<usize> = (0..self.nodes.len()).map(|node| self.middle(node)).collect();
                self.number(layer, |node| middle[node]);
            }
        }
    }

    fn number(&mut self, layer: usize, key: impl Fn(usize) -> usize) {
        let mut own: Vec<usize> = (0..self.nodes.len())
            .filter(|at| self.nodes[*at].layer == layer)
            .collect();
        own.sort_by_key(|at| (key(*at), self.nodes[*at].order));
        for (order, at) in own.into_iter().enumerate() {
            self.nodes[at].order = order;
        }
    }

    /// The mean place of what a box hangs together with, in hundredths.
    fn middle(&self, node: usize) -> usize {
        let beside = self
            .edges
            .iter()
            .filter_map(|(from, to)| match (*from == node, *to == node) {
                (true, _) => Some(*to),
                (_, true) => Some(*from),
                _ => None,
            });
        let places: Vec<usize> = beside.map(|other| self.nodes[other].order * 100).collect();
        match places.len() {
            0 => self.nodes[node].order * 100,
            many => places.iter().sum::<usize>() / many,
        }
    }

    /// The drawing. `link`: where a line of the document is shown.
    pub fn svg(&self, link: impl Fn(usize) -> String) -> String {
        let x = |node: &Node| MARGIN + node.layer * (WIDTH + GAP_X);
        let y = |node: &Node| MARGIN + node.order * (HEIGHT + GAP_Y);
        let width = self.nodes.iter().map(&x).max().unwrap_or(0) + WIDTH + MARGIN;
        let height = self.nodes.iter().map(&y).max().unwrap_or(0) + HEIGHT + MARGIN;
        let mut out = format!(
            "<svg class=\"graph\" role=\"group\" aria-labelledby=\"graf-titel\" xmlns=\"http://www.w3.org/2000/svg\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
             <title id=\"graf-titel\">Vad som bygger på vad. Samma sak står i tabellen nedanför.</title>\n"
        );
        for (from, to) in &self.edges {
            let (from, to) = (&self.nodes[*from], &self.nodes[*to]);
            let (x1, y1) = (x(from) + WIDTH, y(from) + HEIGHT / 2);
            let (x2, y2) = (x(to), y(to) + HEIGHT / 2);
            let bend = GAP_X / 2;
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "<path class=\"edge\" d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\"/>",
                x1 + bend,
                x2.saturating_sub(bend)
            );
        }
        for node in &self.nodes {
            let (x, y) = (x(node), y(node));
            let label: String = match node.label.chars().count() > LABEL_MAX {
                true => node.label.chars().take(LABEL_MAX - 1).chain(['…']).collect(),
                false => node.label.clone(),
            };
            let class = match node.kind {
                Kind::Facts => "facts",
                Kind::Rule => "rule",
                Kind::Step => "step",
                Kind::Outcome => "outcome",
            };
            let round = if matches!(node.kind, Kind::Step | Kind::Outcome) {
                4
            } else {
                20
            };
            let _ = writeln!(
                out,
                "<a href=\"{}\"><title>{} {}</title><g class=\"{class}\"><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" \
                 height=\"{HEIGHT}\" rx=\"{round}\"/><text x=\"{}\" y=\"{}\">{}</text><text class=\"note\" x=\"{}\" y=\"{}\">{}</text></g></a>",
                escaped(&link(node.line)),
                node.kind.word(),
                escaped(&node.label),
                x + 12,
                y + 20,
                escaped(&label),
                x + 12,
                y + 37,
                escaped(&node.note),
            );
        }
        out.push_str("</svg>\n");
        out
    }

    /// The same in words: each box with what it reads, in the document's order.
    pub fn rows(&self) -> Vec<(String, Vec<String>)> {
        let named = |node: &Node| match node.kind {
            Kind::Outcome => format!("{} {} ({})", node.kind.word(), node.note, node.label),
            _ => format!("{} {}", node.kind.word(), node.label),
        };
        let mut all = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let reads = self.edges.iter().filter(|(_, to)| *to == at);
            let reads: Vec<String> = reads.map(|(from, _)| named(&self.nodes[*from])).collect();
            if !reads.is_empty() {
                all.push((named(node), reads));
            }
        }
        all
    }
}
