//! Examples (codes S7xx): each comes out as it says, and each outcome has one.

use crate::finding::Finding;
use crate::pack::Pack;
use crate::rules::example;

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    if pack.examples.is_empty() {
        found.push(
            Finding::error("S704", pack.title.span, "Tjänsten har inget exempel.")
                .label("filen exempel.md saknas eller är tom")
                .suggest("Skriv exempel.md med minst ett exempel på varje utfall."),
        );
        return;
    }
    found.extend(example::run_all(pack));
    for outcome in &pack.outcomes {
        let is_shown = pack
            .examples
            .iter()
            .flat_map(|example| &example.expected)
            .any(|expected| expected.step.it == outcome.step.it && expected.outcome.it == outcome.name.it);
        if !is_shown {
            found.push(
                Finding::warning(
                    "S705",
                    outcome.name.span,
                    format!(
                        "Inget exempel visar utfallet `{}` av steget {}.",
                        outcome.name.it, outcome.step.it
                    ),
                )
                .label("obevisat")
                .suggest("Skriv ett exempel i exempel.md som slutar så."),
            );
        }
    }
}
