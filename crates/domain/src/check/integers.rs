//! Whole numbers that keep a set of linear bounds: one solution, or the proof that there is none.
//!
//! A general simplex over exact fractions (Dutertre and de Moura, "A Fast Linear-Arithmetic Solver for DPLL(T)", 2006) with
//! Bland's rule, so that it ends, and branching on what is not whole. Always true here: a solution keeps every bound; "none"
//! is proved; what would take more than [`STEPS_MAX`] steps or numbers beyond 128 bits is neither, and says so
//! ([`TooMuch`]).

use std::cmp::Ordering;

/// Pivots and branchings made for one solution.
const STEPS_MAX: u32 = 4_000;
/// Branchings within each other.
const DEPTH_MAX: u32 = 100;

/// Neither a solution nor the proof that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// A variable of a [`System`].
pub type Var = usize;

/// A fraction in lowest terms, the denominator above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    pub const ZERO: Self = Self { over: 0, under: 1 };
    pub const ONE: Self = Self { over: 1, under: 1 };

    pub fn whole(number: i128) -> Self {
        Self { over: number, under: 1 }
    }

    /// `None` where the denominator is zero.
    pub fn new(over: i128, under: i128) -> Option<Self> {
        if under == 1 {
            return Some(Self::whole(over));
        }
        let divisor = gcd(over.checked_abs()?, under.checked_abs()?);
        if under == 0 || divisor == 0 {
            return None;
        }
        let sign = under.signum();
        Some(Self {
            over: (over / divisor).checked_mul(sign)?,
            under: (under / divisor).checked_mul(sign)?,
        })
    }

    /// The denominator.
    pub fn under(self) -> i128 {
        self.under
    }

    /// The number, if it is whole.
    pub fn as_whole(self) -> Option<i128> {
        (self.under == 1).then_some(self.over)
    }

    pub fn floor(self) -> i128 {
        self.over.div_euclid(self.under)
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        if self.under == 1 && other.under == 1 {
            return Some(Self::whole(self.over.checked_add(other.over)?));
        }
        let left = self.over.checked_mul(other.under)?;
        let right = other.over.checked_mul(self.under)?;
        Self::new(left.checked_add(right)?, self.under.checked_mul(other.under)?)
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negative())
    }

    pub fn negative(self) -> Self {
        Self {
            over: -self.over,
            under: self.under,
        }
    }

    pub fn times(self, other: Self) -> Option<Self> {
        if self.under == 1 && other.under == 1 {
            return Some(Self::whole(self.over.checked_mul(other.over)?));
        }
        Self::new(self.over.checked_mul(other.over)?, self.under.checked_mul(other.under)?)
    }

    pub fn divided_by(self, other: Self) -> Option<Self> {
        Self::new(self.over.checked_mul(other.under)?, self.under.checked_mul(other.over)?)
    }

    pub fn is_zero(self) -> bool {
        self.over == 0
    }

    fn sign(self) -> i128 {
        self.over.signum()
    }

    fn against(self, whole: i128) -> Option<Ordering> {
        Some(self.over.cmp(&whole.checked_mul(self.under)?))
    }
}

/// The greatest common divisor of numbers that are not below zero.
pub fn gcd(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Whole numbers within bounds, and linear forms of them within bounds.
#[derive(Clone, Debug, Default)]
pub struct System {
    low: Vec<Option<i128>>,
    high: Vec<Option<i128>>,
    value: Vec<Fraction>,
    /// The row of each variable that is one.
    row_of: Vec<Option<usize>>,
    /// By row: its variable, and what it is of the variables that are no rows.
    basic: Vec<Var>,
    rows: Vec<Vec<Fraction>>,
    /// Bounds before they were tightened.
    trail: Vec<(Var, Option<i128>, Option<i128>)>,
    steps: u32,
}

/// How far bounds have been tightened, for [`System::loosen`].
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Bounds that each would do.
pub type Branches = Vec<Vec<(Var, Option<i128>, Option<i128>)>>;
/// What somebody has against whole numbers that keep all bounds: see [`System::solve`].
pub type Objection<'a> = dyn FnMut(&mut System, &[i128]) -> Result<Branches, TooMuch> + 'a;

impl System {
    /// A number that is at least `low` and at most `high`.
    pub fn number(&mut self, low: i128, high: i128) -> Var {
        let var = self.variable(Fraction::whole(low));
        self.low[var] = Some(low);
        self.high[var] = Some(high);
        var
    }

    fn variable(&mut self, value: Fraction) -> Var {
        for row in &mut self.rows {
            row.push(Fraction::ZERO);
        }
        self.low.push(None);
        self.high.push(None);
        self.value.push(value);
        self.row_of.push(None);
        self.value.len() - 1
    }

    /// The sum of variables times numbers, as a variable without bounds.
    pub fn form(&mut self, parts: &[(Var, i128)]) -> Result<Var, TooMuch> {
        self.form_of(parts).ok_or(TooMuch)
    }

    fn form_of(&mut self, parts: &[(Var, i128)]) -> Option<Var> {
        let mut row = vec![Fraction::ZERO; self.value.len()];
        let mut value = Fraction::ZERO;
        for (var, times) in parts {
            let times = Fraction::whole(*times);
            value = value.plus(self.value[*var].times(times)?)?;
            match self.row_of[*var] {
                None => row[*var] = row[*var].plus(times)?,
                Some(at) => {
                    for (own, other) in row.iter_mut().zip(&self.rows[at]) {
                        *own = own.plus(other.times(times)?)?;
                    }
                }
            }
        }
        let var = self.variable(value);
        row.push(Fraction::ZERO);
        self.row_of[var] = Some(self.rows.len());
        self.basic.push(var);
        self.rows.push(row);
        Some(var)
    }

    /// Counts the steps from here.
    pub fn begin(&mut self) {
        self.steps = 0;
    }

    pub fn mark(&self) -> Mark {
        Mark(self.trail.len())
    }

    /// Takes back what was tightened after the mark.
    pub fn loosen(&mut self, mark: Mark) {
        while self.trail.len() > mark.0 {
            if let Some((var, low, high)) = self.trail.pop() {
                self.low[var] = low;
                self.high[var] = high;
            }
        }
    }

    /// Narrows a variable's bounds. False when nothing is left between them.
    pub fn tighten(&mut self, var: Var, low: Option<i128>, high: Option<i128>) -> Result<bool, TooMuch> {
        self.trail.push((var, self.low[var], self.high[var]));
        self.low[var] = self.low[var].max(low);
        self.high[var] = match (self.high[var], high) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if let (Some(low), Some(high)) = (self.low[var], self.high[var])
            && low > high
        {
            return Ok(false);
        }
        if self.row_of[var].is_none()
            && let Some(to) = self.outside(var).ok_or(TooMuch)?
        {
            self.move_to(var, Fraction::whole(to)).ok_or(TooMuch)?;
        }
        Ok(true)
    }

    /// The bound that a variable's value is beyond.
    fn outside(&self, var: Var) -> Option<Option<i128>> {
        if let Some(low) = self.low[var]
            && self.value[var].against(low)? == Ordering::Less
        {
            return Some(Some(low));
        }
        if let Some(high) = self.high[var]
            && self.value[var].against(high)? == Ordering::Greater
        {
            return Some(Some(high));
        }
        Some(None)
    }

    /// Gives a variable that is no row another value.
    fn move_to(&mut self, var: Var, to: Fraction) -> Option<()> {
        let by = to.minus(self.value[var])?;
        for (row, basic) in self.rows.iter().zip(&self.basic) {
            if !row[var].is_zero() {
                self.value[*basic] = self.value[*basic].plus(row[var].times(by)?)?;
            }
        }
        self.value[var] = to;
        Some(())
    }

    /// Whether fractions can keep all bounds; then the values do.
    pub fn is_possible(&mut self) -> Result<bool, TooMuch> {
        loop {
            let mut wrong: Option<(Var, usize, i128)> = None;
            for (row, var) in self.basic.iter().enumerate() {
                if wrong.is_none_or(|(other, ..)| *var < other)
                    && let Some(bound) = self.outside(*var).ok_or(TooMuch)?
                {
                    wrong = Some((*var, row, bound));
                }
            }
            let Some((var, row, bound)) = wrong else {
                return Ok(true);
            };
            self.step()?;
            let must_grow = self.value[var].against(bound).ok_or(TooMuch)? == Ordering::Less;
            let mut other = None;
            for (at, times) in self.rows[row].iter().enumerate() {
                let sign = if must_grow { times.sign() } else { -times.sign() };
                let (low, high) = (self.low[at], self.high[at]);
                let against = |bound: Option<i128>| match bound {
                    Some(bound) => self.value[at].against(bound).ok_or(TooMuch).map(Some),
                    None => Ok(None),
                };
                let can = match sign {
                    1 => against(high)?.is_none_or(Ordering::is_lt),
                    -1 => against(low)?.is_none_or(Ordering::is_gt),
                    _ => false,
                };
                if can {
                    other = Some(at);
                    break;
                }
            }
            let Some(other) = other else {
                return Ok(false);
            };
            self.pivot(row, other, Fraction::whole(bound)).ok_or(TooMuch)?;
        }
    }

    fn step(&mut self) -> Result<(), TooMuch> {
        self.steps += 1;
        if self.steps > STEPS_MAX { Err(TooMuch) } else { Ok(()) }
    }

    /// A row's variable takes a value and changes places with another.
    fn pivot(&mut self, row: usize, other: Var, to: Fraction) -> Option<()> {
        let var = self.basic[row];
        let times = self.rows[row][other];
        let by = to.minus(self.value[var])?.divided_by(times)?;
        self.value[var] = to;
        self.value[other] = self.value[other].plus(by)?;
        for (at, basic) in self.basic.iter().enumerate() {
            let own = self.rows[at][other];
            if at != row && !own.is_zero() {
                self.value[*basic] = self.value[*basic].plus(own.times(by)?)?;
            }
        }
        // other = (var - the rest) / times
        let mut solved = std::mem::take(&mut self.rows[row]);
        for (at, part) in solved.iter_mut().enumerate() {
            if !part.is_zero() && at != other {
                *part = part.negative().divided_by(times)?;
            }
        }
        solved[other] = Fraction::ZERO;
        solved[var] = Fraction::ONE.divided_by(times)?;
        for (at, own) in self.rows.iter_mut().enumerate() {
            if at == row || own.is_empty() || own[other].is_zero() {
                continue;
            }
            let factor = own[other];
            own[other] = Fraction::ZERO;
            for (part, with) in own.iter_mut().zip(&solved) {
                if !with.is_zero() {
                    *part = part.plus(with.times(factor)?)?;
                }
            }
        }
        self.rows[row] = solved;
        self.basic[row] = other;
        self.row_of[other] = Some(row);
        self.row_of[var] = None;
        Some(())
    }

    /// Whole numbers that keep all bounds and that `ask` has nothing against. What it has, it answers with bounds that each
    /// would do: one of them must hold in every solution that it wants. The bounds are afterwards as they were.
    pub fn solve(&mut self, ask: &mut Objection<'_>) -> Result<Option<Vec<i128>>, TooMuch> {
        self.begin();
        let mark = self.mark();
        let found = self.whole(0, ask);
        self.loosen(mark);
        found
    }

    fn whole(&mut self, depth: u32, ask: &mut Objection<'_>) -> Result<Option<Vec<i128>>, TooMuch> {
        if !self.is_possible()? {
            return Ok(None);
        }
        self.step()?;
        if depth == DEPTH_MAX {
            return Err(TooMuch);
        }
        let split = self.value.iter().position(|value| value.as_whole().is_none());
        let branches = match split {
            Some(var) => {
                let floor = self.value[var].floor();
                vec![vec![(var, None, Some(floor))], vec![(var, Some(floor + 1), None)]]
            }
            None => {
                let values: Vec<i128> = self.value.iter().map(|value| value.over).collect();
                let branches = ask(self, &values)?;
                if branches.is_empty() {
                    return Ok(Some(values));
                }
                branches
            }
        };
        for branch in branches {
            let mark = self.mark();
            let mut possible = true;
            for (var, low, high) in branch {
                possible = possible && self.tighten(var, low, high)?;
            }
            let found = if possible { self.whole(depth + 1, ask)? } else { None };
            self.loosen(mark);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn solution(system: &mut System) -> Result<Option<Vec<i128>>, TooMuch> {
        system.solve(&mut |_, _| Ok(Vec::new()))
    }

    #[test]
    fn what_no_whole_number_keeps_has_no_solution() {
        // 2x = 2y + 1
        let mut system = System::default();
        let (x, y) = (system.number(0, 50), system.number(0, 50));
        let odd = system.form(&[(x, 2), (y, -2)]).expect("small numbers");
        assert_eq!(system.tighten(odd, Some(1), Some(1)), Ok(true));
        assert_eq!(solution(&mut system), Ok(None));
    }

    #[test]
    fn bounds_are_afterwards_as_they_were() {
        let mut system = System::default();
        let x = system.number(0, 10);
        let twice = system.form(&[(x, 2)]).expect("small numbers");
        let mark = system.mark();
        assert_eq!(system.tighten(twice, Some(30), None), Ok(true));
        assert_eq!(solution(&mut system), Ok(None));
        system.loosen(mark);
        assert_eq!(system.tighten(twice, Some(20), None), Ok(true));
        assert_eq!(solution(&mut system).map(|it| it.map(|it| it[x])), Ok(Some(10)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Three numbers from 0 to 4 and up to four forms: as trying all 125.
        #[test]
        fn a_solution_is_found_exactly_when_there_is_one(
            forms in prop::collection::vec(([-3i128..=3, -3i128..=3, -3i128..=3], -8i128..=8, 0i128..=4), 1..5)
        ) {
            let mut system = System::default();
            let numbers = [system.number(0, 4), system.number(0, 4), system.number(0, 4)];
            let mut possible = true;
            for (times, low, wide) in &forms {
                let parts: Vec<(Var, i128)> = numbers.iter().copied().zip(times.iter().copied()).collect();
                let form = system.form(&parts).expect("small numbers");
                possible &= system.tighten(form, Some(*low), Some(low + wide)).expect("small numbers");
            }
            let keeps = |at: &[i128]| {
                forms.iter().all(|(times, low, wide)| {
                    let sum: i128 = times.iter().zip(at).map(|(times, at)| times * at).sum();
                    *low <= sum && sum <= low + wide
                })
            };
            let exists = (0..125).any(|n: i128| keeps(&[n % 5, n / 5 % 5, n / 25]));
            prop_assert!(possible);
            let found = solution(&mut system).expect("few steps");
            prop_assert_eq!(found.is_some(), exists);
            if let Some(found) = found {
                prop_assert!(keeps(&found[..3]));
            }
        }
    }
}
