//! Lagrum in time (S120, S121): a ground that had ceased to apply when the document begins to apply is no ground.

use jiff::civil::Date;

use crate::finding::{Finding, Span};
use crate::pack::Pack;
use crate::words::law::{Lagrum, OutOfForce};

/// Stands for "until further notice": later than any repeal that can be known.
const OPEN_END: Date = Date::constant(2999, 12, 31);

/// `what`: `Grunden för utlämnandet`, `Lagrummet`.
pub fn in_force(pack: &Pack, law: &Lagrum, span: Span, what: &str, found: &mut Vec<Finding>) {
    let from = pack.meta.valid_from.it;
    let to = pack.meta.valid_to.as_ref().map_or(OPEN_END, |to| to.it);
    let dead = law.out_of_force(from);
    for why in &dead {
        found.push(
            Finding::error("S120", span, format!("{what} gäller inte: {why}"))
                .label("gäller inte när dokumentet börjar gälla")
                .related(pack.meta.valid_from.span, "gäller från")
                .suggest("Skriv det lagrum som gäller nu, eller ta bort det som vilade på det."),
        );
    }
    for why in law.out_of_force(to) {
        if let OutOfForce::Repealed { .. } = &why
            && !dead.contains(&why)
        {
            found.push(
                Finding::warning("S121", span, format!("{what} upphör medan dokumentet gäller: {why}"))
                    .label("gäller inte hela tiden")
                    .suggest("Låt dokumentet sluta gälla den dagen och skriv en ny version."),
            );
        }
    }
}
