//! What is proved before a service is published: see `docs/language.md` and DESIGN "The checker".
//!
//! Always true: a finding points at the very cell or word; a check that could not be carried through to the end says so in a
//! finding of its own and never passes in silence. Reading order: [`uses`] (who reads what), [`sources`] (facts), [`law`]
//! (grounds in time), [`graph`] (what waits for what), [`calculated`], [`tables`] with [`search`] (all cases tried),
//! [`letters`] (what they name is there), [`outcomes`] (what the law asks of decisions), [`performers`] (who take none), [`duties`] (what people must do and sign,
//! and what is uncertain), [`texts`], [`federation`], [`examples`], [`pinned`] (whether they hold the rules in
//! place); then [`report`] with [`play`], the figures at the end; [`same`] compares two documents.
//! [`types`] is what they share.

mod calculated;
mod duties;
mod examples;
pub mod federation;
mod graph;
mod integers;
mod law;
mod letters;
mod lists;
mod outcomes;
mod performers;
mod pinned;
pub mod play;
mod report;
pub mod same;
mod search;
mod sources;
mod tables;
#[cfg(test)]
mod tests_lists;
mod texts;
pub(crate) mod types;
pub mod uses;

use crate::finding::Finding;
use crate::pack::Pack;

pub use federation::Joined;
pub use report::{Report, report};
pub use uses::{Reader, facts, placeholders, read_by, read_by_step};

/// Every finding's stable code with one line of what it means. The reader's codes (S0xx) come first.
pub const CODES: &[(&str, &str)] = &[
    ("S102", "En uppgift med två källor."),
    ("S104", "Rättsligt hinder: en uppgift frågas fast någon redan har den."),
    ("S105", "En uppgift, regel eller lista som inget använder."),
    ("S106", "En parameter som inget använder."),
    ("S107", "En roll som inget steg och ingen remiss har."),
    ("S109", "En uppgift om tredje person hämtas via sökanden."),
    ("S110", "En registeruppgift utan grund för utlämnande eller behandling."),
    ("S111", "En bedömning eller remiss utan grund för behandling."),
    ("S112", "Ett register slås upp för något som inte passar."),
    ("S113", "Källan är regel, men ingen regel ger uppgiften."),
    ("S114", "Källan är parameter, men parametern finns inte."),
    (
        "S115",
        "Källan är ett steg som inte finns, eller typen passar inte stegets utfall.",
    ),
    ("S116", "Typen passar inte inloggning eller företräds."),
    ("S117", "En uppgift som frågas saknar fråga."),
    ("S119", "Kommunen för en roll kan inte bestämmas."),
    ("S120", "Ett lagrum som inte gäller när dokumentet börjar gälla."),
    ("S121", "Ett lagrum som upphör medan dokumentet gäller."),
    ("S122", "Någon har redan det som frågas, men inget hinder är sagt."),
    ("S201", "Det går i cirkel."),
    ("S202", "Ett steg som aldrig behövs."),
    ("S204", "Steget väntar på något som aldrig kan hända."),
    ("S205", "Ett utfall som inget fall leder till."),
    (
        "S206",
        "Ett villkor som kan bli ej aktuellt utan att det är sagt vad som gäller då.",
    ),
    ("S209", "En kontroll som aldrig kan hålla."),
    ("S301", "En tabell med en lucka."),
    ("S302", "Två rader som säger emot varandra."),
    ("S303", "Två rader som säger samma sak."),
    ("S304", "En rad som aldrig kan gälla."),
    (
        "S305",
        "En rad som aldrig nås, eftersom raderna före tar alla dess fall.",
    ),
    ("S306", "En gräns utanför uppgiftens typ."),
    ("S309", "Fler fall än som prövas: det är inte bevisat."),
    ("S321", "Enheterna går inte ihop."),
    ("S322", "En beräkning som kan hamna utanför uppgiftens typ."),
    (
        "S323",
        "En övergång utan sökandens val mellan äldre och nya regler, eller utan något att välja mellan.",
    ),
    (
        "S402",
        "Ett steg utan utfall, eller med flera utfall men ingen utfallsregel.",
    ),
    ("S404", "Ett utfall som ingen rad ger."),
    ("S405", "En rad ger ett betungande beslut men saknar skäl eller lagrum."),
    ("S406", "Annars ger ett betungande beslut."),
    ("S407", "Ingen beslutar om ett utfall som är ett beslut."),
    ("S408", "Ingen hörs före ett betungande beslut."),
    ("S409", "Ett betungande beslut som inte kan överklagas."),
    (
        "S411",
        "Ett automatiskt beslut bygger på en bedömning eller ett yttrande.",
    ),
    ("S412", "Ett betungande beslut fattas automatiskt."),
    (
        "S413",
        "Ett automatiskt beslut som inte överklagas genom förvaltningsbesvär (6 kap. 38 § kommunallagen).",
    ),
    ("S414", "En väntan utan frist eller med fristen noll."),
    ("S415", "En remiss krävs för bifall i ett steg utan gynnande utfall."),
    ("S416", "En avgift som inte är i kronor."),
    ("S417", "Räknas vid händelse där det inte finns någon."),
    ("S418", "En parameters standard passar inte parametern."),
    ("S419", "Daterade värden som krockar eller börjar för sent."),
    ("S422", "Ett brev till ett betungande beslut som inte säger varför."),
    ("S423", "Ett brev som inte säger hur man överklagar."),
    ("S424", "Ett brev som inget utfall har."),
    ("S425", "Ett brev utan text."),
    (
        "S426",
        "Ett brev, en underskrift eller en beslutanderätt rättar sig efter en uppgift som steget inte får.",
    ),
    ("S427", "En skyldighet som inget brev säger."),
    ("S428", "En rad eller ett steg utan lagrum."),
    ("S430", "Något som är osäkert."),
    ("S431", "En känslig personuppgift utan grund för att behandla sådana."),
    ("S432", "Ett automatiskt beslut bygger på en känslig personuppgift."),
    ("S433", "En privat utförare beslutar om enskilda."),
    ("S434", "Den som avgör är inte den som har steget."),
    ("S435", "Det som en privat utförare svarar kan inte överklagas."),
    (
        "S436",
        "En privat utförare får uppgifter som hämtas direkt mellan myndigheter.",
    ),
    ("S437", "En skyldighet utan lagrum."),
    ("S438", "En underskrift som ingen kan göra."),
    ("S439", "Ett steg vars ansökan ingen skriver under."),
    ("S440", "Ett brev nämner en uppgift som inte alltid finns."),
    ("S441", "En parameters källa som inte går att följa."),
    ("S501", "En text som saknas på ett språk."),
    ("S503", "Ett språk utan texter."),
    ("S601", "Ett uppdrag som ingen eller flera har i federationen."),
    ("S602", "Ett register som ingen eller flera för."),
    ("S603", "Inget erbjudande täcker en registeruppgift."),
    ("S604", "Ett organ som inte tar emot ansökningar eller remisser."),
    ("S605", "Ett organ som inte har antagit sitt steg."),
    ("S606", "En parameter utan standard som organet inte har satt."),
    (
        "S607",
        "Ett organ har satt en parameter som inte finns eller utanför dess typ.",
    ),
    ("S608", "Rollens slag är ett annat än organets."),
    ("S609", "Nämnden beslutar, men organet är ingen nämnd."),
    ("S701", "Ett exempel får ett annat utfall än det säger."),
    ("S702", "Ett exempel får utfallet på andra grunder än det säger."),
    ("S704", "Tjänsten har inget exempel."),
    ("S705", "Ett utfall som inget exempel visar."),
    ("S706", "Ingen av exemplen märker om raden eller gränsen ändras."),
];

/// The reader's and the checker's codes, in order.
pub fn codes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    crate::pack::parse::CODES.iter().chain(CODES)
}

/// Proves what can be proved. With a federation also that every body resolves and every offer is there.
pub fn check(pack: &Pack, joined: Option<Joined<'_>>) -> Vec<Finding> {
    let mut found = Vec::new();
    let uses = uses::all(pack);
    sources::check(pack, &uses, &mut found);
    graph::check(pack, &mut found);
    calculated::check(pack, &mut found);
    outcomes::check(pack, &mut found);
    performers::check(pack, &mut found);
    duties::check(pack, &mut found);
    let circular = found.iter().any(|finding| finding.code == "S201");
    // In a circle nothing has a value, and every table would seem to gape.
    let loosened = (!circular).then(|| search::loosened(pack));
    let search = loosened.as_ref().map(search::Search::new);
    if let Some(search) = &search {
        tables::check(search, &mut found);
        letters::check(search, &mut found);
    }
    texts::check(pack, &mut found);
    examples::check(pack, &mut found);
    if let Some(search) = &search {
        pinned::check(pack, search, &mut found);
    }
    if let Some(joined) = joined {
        federation::check(pack, joined, &mut found);
    }
    found.sort_by_key(|finding| (finding.span, finding.code));
    found.dedup();
    found
}
