//! Functions of finitely many choices as decision diagrams: which results occur together, without trying every combination.
//!
//! Always true: variables come in one order, equal parts are one node, and a node's branches differ; so equal functions are
//! one node. [`Diagrams::compose`] and [`Diagrams::together`] walk the parts of several functions at once and visit each
//! combination of parts once: what they find is all that occurs, and what they do not find occurs for no combination.

use std::collections::{HashMap, HashSet};

/// Parts visited for one function, or for one table.
const WORK_MAX: usize = 400_000;

/// A part of a function. Equal numbers are equal functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part(usize);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    End(usize),
    Branch(usize, Box<[Part]>),
}

/// Which choice each variable has, where it matters.
pub type Path = Vec<Option<usize>>;

/// More than [`WORK_MAX`] parts, or more results than were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

#[derive(Debug)]
pub struct Diagrams {
    variables: usize,
    nodes: Vec<Node>,
    unique: HashMap<Node, Part>,
}

impl Diagrams {
    pub fn new(variables: usize) -> Self {
        Self {
            variables,
            nodes: Vec::new(),
            unique: HashMap::new(),
        }
    }

    pub fn end(&mut self, value: usize) -> Part {
        self.node(Node::End(value))
    }

    /// What the function is for each choice of a variable.
    pub fn branch(&mut self, variable: usize, parts: Vec<Part>) -> Part {
        match parts.first() {
            Some(first) if parts.iter().all(|part| part == first) => *first,
            _ => self.node(Node::Branch(variable, parts.into())),
        }
    }

    fn node(&mut self, node: Node) -> Part {
        if let Some(&known) = self.unique.get(&node) {
            return known;
        }
        let part = Part(self.nodes.len());
        self.nodes.push(node.clone());
        self.unique.insert(node, part);
        part
    }

    pub fn end_of(&self, part: Part) -> Option<usize> {
        match &self.nodes[part.0] {
            Node::End(value) => Some(*value),
            Node::Branch(..) => None,
        }
    }

    /// The first variable that some of the parts look at.
    fn first(&self, parts: &[Part]) -> Option<usize> {
        let variables = parts.iter().filter_map(|part| match &self.nodes[part.0] {
            Node::Branch(variable, _) => Some(*variable),
            Node::End(_) => None,
        });
        variables.min()
    }

    fn width(&self, parts: &[Part], variable: usize) -> usize {
        let widths = parts.iter().map(|part| match &self.nodes[part.0] {
            Node::Branch(own, branches) if *own == variable => branches.len(),
            _ => 0,
        });
        widths.max().unwrap_or(0)
    }

    fn down(&self, part: Part, variable: usize, choice: usize) -> Part {
        match &self.nodes[part.0] {
            Node::Branch(own, branches) if *own == variable => branches[choice],
            _ => part,
        }
    }

    /// A function of other functions' results; `of` gets one way in which these results occur.
    pub fn compose(&mut self, inputs: &[Part], of: &mut dyn FnMut(&Path) -> usize) -> Result<Part, TooMuch> {
        let mut memo = HashMap::new();
        let mut path = vec![None; self.variables];
        self.compose_parts(inputs.to_vec(), &mut path, &mut memo, of)
    }

    fn compose_parts(
        &mut self,
        parts: Vec<Part>,
        path: &mut Path,
        memo: &mut HashMap<Vec<Part>, Part>,
        of: &mut dyn FnMut(&Path) -> usize,
    ) -> Result<Part, TooMuch> {
        if let Some(&known) = memo.get(&parts) {
            return Ok(known);
        }
        if memo.len() >= WORK_MAX {
            return Err(TooMuch);
        }
        let result = match self.first(&parts) {
            None => {
                let value = of(path);
                self.end(value)
            }
            Some(variable) => {
                let mut branches = Vec::new();
                for choice in 0..self.width(&parts, variable) {
                    let inner = parts.iter().map(|part| self.down(*part, variable, choice)).collect();
                    path[variable] = Some(choice);
                    branches.push(self.compose_parts(inner, path, memo, of)?);
                }
                path[variable] = None;
                self.branch(variable, branches)
            }
        };
        memo.insert(parts, result);
        Ok(result)
    }

    /// Every combination of results that occurs, each with one way in which it does. `choices` says which choices of a
    /// variable count. At most `most`.
    pub fn together(
        &self,
        functions: &[Part],
        most: usize,
        choices: &dyn Fn(usize, usize) -> bool,
    ) -> Result<Vec<(Vec<usize>, Path)>, TooMuch> {
        let mut seen: HashSet<Vec<Part>> = HashSet::from([functions.to_vec()]);
        let mut open = vec![(functions.to_vec(), vec![None; self.variables])];
        let mut found = Vec::new();
        while let Some((parts, path)) = open.pop() {
            let Some(variable) = self.first(&parts) else {
                if found.len() == most {
                    return Err(TooMuch);
                }
                let ends = parts.iter().filter_map(|part| self.end_of(*part));
                found.push((ends.collect(), path));
                continue;
            };
            for choice in (0..self.width(&parts, variable)).filter(|choice| choices(variable, *choice)) {
                let inner: Vec<Part> = parts.iter().map(|part| self.down(*part, variable, choice)).collect();
                if seen.contains(&inner) {
                    continue;
                }
                if seen.len() >= WORK_MAX {
                    return Err(TooMuch);
                }
                seen.insert(inner.clone());
                let mut path = path.clone();
                path[variable] = Some(choice);
                open.push((inner, path));
            }
        }
        Ok(found)
    }

    /// The variables that a function depends on.
    pub fn support(&self, function: Part) -> Vec<usize> {
        let (mut seen, mut open, mut variables) = (HashSet::new(), vec![function], Vec::new());
        while let Some(part) = open.pop() {
            if seen.insert(part)
                && let Node::Branch(variable, branches) = &self.nodes[part.0]
            {
                variables.push(*variable);
                open.extend(branches.iter());
            }
        }
        variables.sort_unstable();
        variables.dedup();
        variables
    }

    /// A way to a result, from what is already chosen: of the results in `wanted`, the first that can be had.
    pub fn way(&self, function: Part, chosen: &Path, wanted: &[usize]) -> Option<Path> {
        wanted.iter().find_map(|want| {
            let mut path = chosen.clone();
            let mut dead = HashSet::new();
            self.way_to(function, *want, chosen, &mut path, &mut dead)
                .then_some(path)
        })
    }

    fn way_to(&self, part: Part, want: usize, chosen: &Path, path: &mut Path, dead: &mut HashSet<Part>) -> bool {
        match &self.nodes[part.0] {
            Node::End(value) => *value == want,
            Node::Branch(variable, branches) => {
                if dead.contains(&part) {
                    return false;
                }
                for (choice, below) in branches.iter().enumerate() {
                    if chosen[*variable].is_some_and(|own| own != choice) {
                        continue;
                    }
                    path[*variable] = Some(choice);
                    if self.way_to(*below, want, chosen, path, dead) {
                        return true;
                    }
                }
                path[*variable] = chosen[*variable];
                dead.insert(part);
                false
            }
        }
    }

    /// The results that occur.
    pub fn results(&self, function: Part) -> Vec<usize> {
        let (mut seen, mut open, mut ends) = (HashSet::new(), vec![function], Vec::new());
        while let Some(part) = open.pop() {
            if seen.insert(part) {
                match &self.nodes[part.0] {
                    Node::End(value) => ends.push(*value),
                    Node::Branch(_, branches) => open.extend(branches.iter()),
                }
            }
        }
        ends.sort_unstable();
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_combination_that_occurs_and_no_other() {
        // Two functions of three variables with three choices each; by hand and by diagram.
        let mut diagrams = Diagrams::new(3);
        let variables: Vec<Part> = (0..3)
            .map(|variable| {
                let ends = (0..3).map(|end| diagrams.end(end)).collect();
                diagrams.branch(variable, ends)
            })
            .collect();
        let first = |a: usize, b: usize| usize::from(a == 2 || b == 0);
        let second = |b: usize, c: usize| usize::from(b > c);
        let of = |path: &Path, at: usize| path[at].unwrap_or(0);
        let f = diagrams
            .compose(&variables[..2], &mut |path| first(of(path, 0), of(path, 1)))
            .unwrap();
        let g = diagrams
            .compose(&variables[1..], &mut |path| second(of(path, 1), of(path, 2)))
            .unwrap();
        let found = diagrams.together(&[f, g], 100, &|_, _| true).unwrap();
        let mut by_hand = HashSet::new();
        for a in 0..3 {
            for b in 0..3 {
                for c in 0..3 {
                    by_hand.insert(vec![first(a, b), second(b, c)]);
                }
            }
        }
        let by_diagram: HashSet<Vec<usize>> = found.iter().map(|(ends, _)| ends.clone()).collect();
        assert_eq!(by_diagram, by_hand);
        for (ends, path) in &found {
            assert_eq!(
                *ends,
                [first(of(path, 0), of(path, 1)), second(of(path, 1), of(path, 2))]
            );
        }
        assert_eq!(diagrams.support(f), [0, 1]);
        assert_eq!(diagrams.together(&[f, g], 1, &|_, _| true), Err(TooMuch));
    }

    #[test]
    fn finds_a_way_to_a_result_with_what_is_already_chosen() {
        let mut diagrams = Diagrams::new(2);
        let (no, yes) = (diagrams.end(0), diagrams.end(1));
        let second = diagrams.branch(1, vec![no, yes]);
        let both = diagrams.branch(0, vec![no, second]);
        assert_eq!(
            diagrams.way(both, &vec![None, None], &[1]),
            Some(vec![Some(1), Some(1)])
        );
        assert_eq!(diagrams.way(both, &vec![Some(0), None], &[1]), None);
        assert_eq!(diagrams.results(both), [0, 1]);
    }
}
