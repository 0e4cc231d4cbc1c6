//! An application that reached a body on paper, at the counter or by telephone, and that an official has entered.
//!
//! Always true here: the day of receipt follows from how and when it arrived (FL 22 §) and never from when it was entered; it
//! is never later than the day of arrival; nobody is said to have logged in or signed with anything but a pen.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::fact::Name;
use crate::terms::BodyId;
use crate::words::time::{TooFar, legal_day, start_of, working_day_before};

/// A paper that has lain longer is entered under its own day all the same, but not before somebody has looked at the date.
pub const ARRIVED_DAYS_BACK_MAX: i32 = 366;
/// The longest reason or address, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 500;
/// People who can have signed one paper.
pub const SIGNATURES_MAX: usize = 100;

/// How the person reached the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Paper,
    Visit,
    Telephone,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Paper, Self::Visit, Self::Telephone];

    /// The Swedish word: also the value in forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paper => "papper",
            Self::Visit => "besök",
            Self::Telephone => "telefon",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }

    /// `pappersansökan`: where an answer comes from.
    pub const fn source(self) -> &'static str {
        match self {
            Self::Paper => "pappersansökan",
            Self::Visit => "ansökan vid besök",
            Self::Telephone => "ansökan per telefon",
        }
    }
}

/// How it arrived, which decides on which day it is held to have come in (FL 22 §).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Arrival {
    /// First paragraph: it reached the authority or an authorised official on the day.
    Reached,
    /// Second paragraph: by post on the day, so it came the nearest preceding working day.
    Post,
    /// Second paragraph, last clause: by post on the day, and it is unlikely that it had been sorted for the authority at a
    /// post office on the working day before. Why.
    PostNotBefore { reasons: String },
    /// In the authority's letter box when it was first emptied that day: it came the nearest preceding working day.
    LetterBox,
}

impl Arrival {
    /// The day on which it came in.
    pub fn received(&self, arrived: Date) -> Result<Date, TooFar> {
        match self {
            Self::Reached | Self::PostNotBefore { .. } => Ok(arrived),
            Self::Post | Self::LetterBox => working_day_before(arrived),
        }
    }

    /// The rule as a sentence.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Reached => {
                "Nådde myndigheten eller en behörig befattningshavare den dagen (22 § första stycket förvaltningslagen)."
            }
            Self::Post => {
                "Kom med posten den dagen och anses ha kommit in närmast föregående arbetsdag (22 § andra stycket förvaltningslagen)."
            }
            Self::PostNotBefore { .. } => {
                "Kom med posten den dagen; det framstår som osannolikt att den hade skilts av för myndigheten på ett postkontor \
                 redan den föregående arbetsdagen (22 § andra stycket förvaltningslagen)."
            }
            Self::LetterBox => {
                "Fanns i myndighetens brevlåda vid dagens första tömning och anses ha kommit in närmast föregående arbetsdag (22 § \
                 andra stycket förvaltningslagen)."
            }
        }
    }
}

/// One signature by hand, as the document says who is to sign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// `Alla stiftare`, or who applies.
    pub what: String,
    /// 12 digits, where it is known who.
    pub person: Option<String>,
    /// It stands on the paper.
    pub signed: bool,
}

/// Identity numbers are not for logs.
impl std::fmt::Debug for ByHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByHand({}, {})", self.what, self.signed)
    }
}

/// What an application carries that an official has entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// Whose official.
    pub body: BodyId,
    /// Name and role: `Nils Forsberg, registrator`.
    pub by: String,
    pub at: Timestamp,
    pub channel: Channel,
    pub arrival: Arrival,
    pub arrived: Date,
    /// Where letters are posted, on one line with commas.
    pub address: String,
    /// SHA-256 (hex) of the scanned paper.
    pub paper_sha256: Option<String>,
    /// Questions that the paper does not answer.
    #[serde(default)]
    pub left_open: Vec<Name>,
    #[serde(default)]
    pub signatures: Vec<ByHand>,
}

/// Why what is said of the paper does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEntered {
    #[error("Handlingen kan inte ha kommit in efter i dag.")]
    Later,
    #[error("Dagen ligger mer än {ARRIVED_DAYS_BACK_MAX} dagar tillbaka. Kontrollera årtalet.")]
    TooOld,
    #[error(
        "Reglerna om post och brevlåda gäller bara handlingar. Välj att uppgifterna nådde en behörig befattningshavare den dagen."
    )]
    NotByPost,
    #[error(
        "Skriv varför det är osannolikt att handlingen hade skilts av på postkontoret dagen före, med högst {TEXT_CHARACTERS_MAX} tecken."
    )]
    NoReasons,
    #[error("Skriv en adress med högst {TEXT_CHARACTERS_MAX} tecken.")]
    Address,
    #[error("Högst {SIGNATURES_MAX} underskrifter kan antecknas.")]
    TooManySignatures,
}

impl From<TooFar> for NotEntered {
    fn from(_: TooFar) -> Self {
        Self::TooOld
    }
}

impl Entered {
    /// The day on which it came in, if what is said holds together on the day it was entered.
    pub fn received(&self) -> Result<Date, NotEntered> {
        let entered_on = legal_day(self.at);
        if self.arrived > entered_on {
            return Err(NotEntered::Later);
        }
        let days = entered_on.since(self.arrived).map_or(i32::MAX, |span| span.get_days());
        if days > ARRIVED_DAYS_BACK_MAX {
            return Err(NotEntered::TooOld);
        }
        if self.channel != Channel::Paper && self.arrival != Arrival::Reached {
            return Err(NotEntered::NotByPost);
        }
        if let Arrival::PostNotBefore { reasons } = &self.arrival
            && !is_text(reasons)
        {
            return Err(NotEntered::NoReasons);
        }
        if !is_text(&self.address) {
            return Err(NotEntered::Address);
        }
        if self.signatures.len() > SIGNATURES_MAX {
            return Err(NotEntered::TooManySignatures);
        }
        Ok(self.arrival.received(self.arrived)?)
    }

    /// The latest instant at which it can have arrived: the end of that day, or when it was entered. The hour of a paper is
    /// not known, and none is made up.
    pub fn arrived_by(&self) -> Result<Timestamp, NotEntered> {
        let tomorrow = self.arrived.tomorrow().map_err(|_| NotEntered::TooOld)?;
        let end =
            Timestamp::from_microsecond(start_of(tomorrow)?.as_microsecond() - 1).map_err(|_| NotEntered::TooOld)?;
        Ok(end.min(self.at))
    }

    /// `ur pappersansökan, införd av Nils Forsberg, registrator`
    pub fn provenance(&self) -> String {
        format!("ur {}, införd av {}", self.channel.source(), self.by)
    }

    /// Those whose signature is not on the paper.
    pub fn unsigned(&self) -> impl Iterator<Item = &ByHand> {
        self.signatures.iter().filter(|signature| !signature.signed)
    }
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_CHARACTERS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn entered(channel: Channel, arrival: Arrival, arrived: Date) -> Entered {
        Entered {
            body: BodyId::parse("exempelkommun-a.miljonamnden").unwrap(),
            by: "Nils Forsberg, registrator".to_owned(),
            // Wednesday.
            at: "2026-11-18T09:00:00Z".parse().unwrap(),
            channel,
            arrival,
            arrived,
            address: "Exempelgatan 1, 000 01 Exempelstad".to_owned(),
            paper_sha256: None,
            left_open: vec![],
            signatures: vec![],
        }
    }

    #[test]
    fn post_of_a_monday_came_on_the_friday_before_unless_that_is_unlikely() {
        let monday = date(2026, 11, 16);
        let day = |arrival| entered(Channel::Paper, arrival, monday).received();
        assert_eq!(day(Arrival::Reached), Ok(monday));
        assert_eq!(day(Arrival::Post), Ok(date(2026, 11, 13)));
        assert_eq!(day(Arrival::LetterBox), Ok(date(2026, 11, 13)));
        let reasons = "Poststämplad måndag".to_owned();
        assert_eq!(day(Arrival::PostNotBefore { reasons }), Ok(monday));
        let reasons = " ".to_owned();
        assert_eq!(day(Arrival::PostNotBefore { reasons }), Err(NotEntered::NoReasons));
    }

    #[test]
    fn a_day_to_come_or_of_another_year_is_refused() {
        let day = |arrived| entered(Channel::Paper, Arrival::Reached, arrived).received();
        assert_eq!(day(date(2026, 11, 19)), Err(NotEntered::Later));
        assert_eq!(day(date(2025, 11, 16)), Err(NotEntered::TooOld));
        assert_eq!(day(date(2025, 11, 18)), Ok(date(2025, 11, 18)));
    }

    #[test]
    fn a_conversation_does_not_come_by_post() {
        let today = date(2026, 11, 18);
        for channel in [Channel::Visit, Channel::Telephone] {
            assert_eq!(entered(channel, Arrival::Reached, today).received(), Ok(today));
            assert_eq!(
                entered(channel, Arrival::Post, today).received(),
                Err(NotEntered::NotByPost)
            );
        }
    }

    #[test]
    fn the_instant_is_never_after_the_entry_nor_on_another_day_than_the_arrival() {
        let yesterday = entered(Channel::Paper, Arrival::Reached, date(2026, 11, 17));
        assert_eq!(legal_day(yesterday.arrived_by().unwrap()), date(2026, 11, 17));
        let today = entered(Channel::Paper, Arrival::Reached, date(2026, 11, 18));
        assert_eq!(today.arrived_by(), Ok(today.at));
    }
}
