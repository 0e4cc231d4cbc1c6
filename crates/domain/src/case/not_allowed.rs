//! What stands in the way of an act in a case.
//!
//! Always true here: the sentence is for the one who tried, in Swedish, and says what to do or why nothing can be done; the
//! provision, where there is one, parses as a lagrum.

use jiff::civil::Date;

use crate::words::time::{TooFar, swedish_date_in_sentence};

/// Why an act is refused. Nothing has happened in the case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error("Ärendet är inte registrerat. Ge det ett diarienummer först.")]
    NotRegistered,
    #[error("Ärendet har redan ett diarienummer.")]
    AlreadyRegistered,
    #[error("Ett diarienummer behövs.")]
    DiaryNumberMissing,
    #[error("Ärendet är redan avgjort.")]
    AlreadyDecided,
    #[error("Det finns inget beslut i ärendet.")]
    NotDecided,
    #[error("Ärendet är avslutat hos er, eftersom ansökan är återkallad.")]
    Withdrawn,
    #[error("Ärendet är överlämnat till en annan myndighet.")]
    HandedOver,
    #[error("Ärendet är avslutat.")]
    Closed,
    #[error("Ärendet är arkiverat.")]
    Archived,
    #[error("Ärendet är gallrat.")]
    Disposed,
    #[error("Händelsen ligger före den senaste händelsen i ärendet. Kontrollera tidpunkten.")]
    Backwards,
    #[error("Dagen ligger efter tidpunkten för händelsen. Kontrollera dagen.")]
    DayAfterInstant,
    #[error("Ärendet har för många händelser eller texten är för lång för att tas emot.")]
    TooLarge,
    #[error("{0}")]
    TooFar(#[from] TooFar),
    #[error("Ange skälen.")]
    ReasonsMissing,
    #[error("Den angivna dagen har redan passerat. Ange en dag som kommer.")]
    DayPassed,
    #[error("Den sista dagen är den {}. Vänta tills den har passerat.", swedish_day(*.last_day))]
    NotYetDue { last_day: Date },
    #[error("Parten finns inte i ärendet.")]
    UnknownParty,
    #[error("{what} gäller inte när beslutet överklagas genom laglighetsprövning.")]
    SwitchedOff { what: &'static str },

    #[error("Ärendet är redan komplett.")]
    AlreadyComplete,
    #[error("Ansökan är inte komplett. Begär komplettering eller anteckna att den är komplett.")]
    NotComplete,
    #[error("Hjälp först sökanden med en vanlig begäran om komplettering. Därefter kan ni förelägga.")]
    FriendlyRequestFirst,
    #[error("Ett föreläggande ska säga vad som händer om bristen inte avhjälps.")]
    OrderWithoutEffect,
    #[error("Ange vilka uppgifter som ska kompletteras.")]
    NothingAskedFor,
    #[error("Ansökan kan avvisas för att den är ofullständig först efter ett föreläggande.")]
    NoOrder,
    #[error("Sökanden har kompletterat. Pröva kompletteringen först.")]
    OrderAnswered,

    #[error("Det finns ingen remiss som väntar på svar.")]
    NoReferral,
    #[error("Ett yttrande som krävs saknas. Vänta på det eller påminn.")]
    OpinionMissing,
    #[error("Ansökan får inte beviljas utan det yttrande som krävs. Att inget svar har kommit är inget medgivande.")]
    OpinionMissingForGrant,

    #[error("Parten har inte fått underlaget. Kommunicera först, eller anteckna skälet att låta bli.")]
    NotHeard,
    #[error("Parten har tid på sig att yttra sig till och med {}.", swedish_date_in_sentence(*.answer_by))]
    HearingOpen { answer_by: Date },
    #[error("Parten har inte fått någon begäran om yttrande.")]
    NoHearing,

    #[error("Ärendet har ingen tidsfrist som löper.")]
    NoTimeLimit,
    #[error("Tidsfristen får inte förlängas i ärenden av det här slaget.")]
    NotExtendable,
    #[error("Tidsfristen har redan förlängts. Den får förlängas en gång.")]
    AlreadyExtended,
    #[error("Tidsfristen gick ut {}. Den kan inte förlängas efter det.", swedish_date_in_sentence(*.last_day))]
    TimeLimitPassed { last_day: Date },
    #[error("Förlängningen kan inte överklagas och får därför inte beslutas automatiskt i en kommun.")]
    AutomaticExtension,

    #[error("Ärendet har inte inletts av en enskild part.")]
    NotStartedByIndividual,
    #[error("Parten kan begära att ärendet avgörs först efter sex månader, efter {}.", swedish_date_in_sentence(*.ends))]
    SixMonthsNotPassed { ends: Date },
    #[error("En begäran om att ärendet ska avgöras har redan gjorts. Den kan göras en gång.")]
    AlreadyRequested,
    #[error("Det finns ingen begäran om att ärendet ska avgöras som väntar på svar.")]
    NoRequest,
    #[error("Begäran har inte avslagits, så det finns inget för en högre instans att pröva.")]
    RequestNotRefused,

    #[error("Frågan om jäv är öppen. Den ska avgöras innan personen deltar.")]
    DisqualificationOpen,
    #[error("Personen är jävig och får inte delta i ärendet.")]
    Disqualified,
    #[error("Det finns ingen fråga om jäv att avgöra för personen.")]
    NoDisqualification,
    #[error("Den som frågan gäller får inte själv avgöra den.")]
    OwnDisqualification,
    #[error("I en kommun avgör nämnden frågan om jäv.")]
    BoardDecidesDisqualification,

    #[error("Beslutet saknar skäl. Ange minst en grund med sin mening och minst ett lagrum.")]
    GroundsMissing,
    #[error(
        "Delegationen är inte fullständigt antecknad. Ange vem som beslutade den, dag, paragraf, omfattning och mottagare."
    )]
    DelegationNotRecorded,
    #[error("Delegationen gällde inte den dagen.")]
    DelegationNotInForce,
    #[error("Beslutsfunktionen ska anges med namn och version.")]
    FunctionNotNamed,
    #[error("Ange vem som beslutar.")]
    DeciderNotNamed,
    #[error("Ärendet är av principiell beskaffenhet eller större vikt. Nämnden ska avgöra det.")]
    OfPrinciple,
    #[error("Beslutet överklagas genom laglighetsprövning och får därför inte fattas automatiskt.")]
    AutomaticLegalityReview,
    #[error("Beslutet får inte överklagas och får därför inte fattas automatiskt i en kommun.")]
    AutomaticNotAppealable,
    #[error("Myndigheten har ingen nämnd. Ange den tjänsteman som beslutar.")]
    NoBoard,
    #[error("Ange paragrafen i nämndens protokoll.")]
    MinutesMissing,
    #[error("Sammanträdet har inte hållits än.")]
    MeetingNotHeld,
    #[error("I en kommun beslutar nämnden, eller någon som nämnden har delegerat till.")]
    NotAnAgency,
    #[error("Ett beslut kräver någon som beslutar. Bara en kvittens sker utan beslut.")]
    NobodyDecides,
    #[error("Ni är en privat utförare. Ni kan träffa avtal eller notera, men inte besluta om enskilda.")]
    PrivateDecides,
    #[error("Bara en privat utförare träffar avtal. Ange vem som beslutar.")]
    NotAPerformer,

    #[error("Parten har inte underrättats om beslutet.")]
    NotNotified,
    #[error("Parten har redan fått del av beslutet.")]
    AlreadyServed,
    #[error("Parten får del av beslutet först {}.", swedish_date_in_sentence(*.day))]
    NotYetServed { day: Date },
    #[error("Delgivningen ligger före dagen då beslutet skickades.")]
    ServedBeforeNotice,
    #[error("Ange kvittot på delgivningen.")]
    ReceiptMissing,
    #[error("Förenklad delgivning får användas bara om parten har fått veta det i förväg.")]
    SimplifiedServiceNotTold,
    #[error("Kontrollmeddelandet ska skickas tidigast dagen efter handlingen.")]
    ControlMessageTooEarly,
    #[error("Ange varför namnen utelämnas ur underrättelsen.")]
    NamesWithheldWithoutReason,
    #[error("Beslutet överklagas inte genom laglighetsprövning och anslås därför inte.")]
    NotAnnounced,

    #[error(
        "Beslutet är gynnande. Det får ändras till nackdel bara med förbehåll, av tvingande säkerhetsskäl eller om det bygger på felaktiga uppgifter."
    )]
    FavourableDecision,
    #[error(
        "Beslutet är överklagat. Det får ändras bara om det är uppenbart felaktigt och ändringen inte är till nackdel för någon part."
    )]
    ChangeAfterAppeal,
    #[error("Handlingarna är överlämnade till den högre instansen. Beslutet får inte ändras här.")]
    FileHandedOver,

    #[error("Ansökan är avvisad. Ta upp ärendet igen och fatta ett nytt beslut.")]
    DismissalIsLifted,
    #[error("Ansökan är inte avvisad, så det finns inget att ta upp igen.")]
    NotDismissed,

    #[error("Det finns inget överklagande att hantera.")]
    NoAppeal,
    #[error("Pröva först om överklagandet kom in i rätt tid.")]
    TimelinessNotTested,
    #[error("Överklagandet kom in för sent och ska avvisas.")]
    AppealLate,
    #[error("Överklagandet har inte överlämnats till den högre instansen.")]
    NotForwarded,
    #[error("Det finns ett överklagande som inte är avgjort.")]
    AppealOpen,
    #[error("Alla parter har inte fått del av beslutet, så tiden för överklagande har inte börjat för dem.")]
    NotServed,
    #[error("Protokollet är redan tillkännagivet på anslagstavlan.")]
    AlreadyAnnounced,
    #[error("Beslutet har inte tillkännagetts på anslagstavlan.")]
    NotAnnouncedYet,
    #[error("Tiden för överklagande går ut {}.", swedish_date_in_sentence(*.last_day))]
    AppealTimeRuns { last_day: Date },
    #[error("Beslutet har redan fått laga kraft.")]
    AlreadyFinal,

    #[error(
        "Ärendet är inte färdigt. Det kan avslutas när beslutet har fått laga kraft, eller när ansökan är återkallad eller överlämnad."
    )]
    NotFinished,
    #[error("Ärendet är inte avslutat.")]
    NotClosed,
    #[error("Gallring kräver ett namngivet gallringsbeslut med dag och paragraf.")]
    DisposalNotDecided,
}

fn swedish_day(day: Date) -> String {
    crate::words::time::swedish_date(day)
}

impl NotAllowed {
    /// The provision that stands in the way, in the form of `words::law`.
    pub const fn law(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotRegistered => "2009:400 5 kap. 1 §",
            Self::SwitchedOff { .. } => "2017:900 2 §",
            Self::FriendlyRequestFirst
            | Self::OrderWithoutEffect
            | Self::NothingAskedFor
            | Self::NoOrder
            | Self::OrderAnswered => "2017:900 20 §",
            Self::NotComplete => "2017:900 23 §",
            Self::OpinionMissing | Self::OpinionMissingForGrant => "2017:900 26 §",
            Self::NotHeard | Self::HearingOpen { .. } => "2017:900 25 §",
            Self::NotStartedByIndividual
            | Self::SixMonthsNotPassed { .. }
            | Self::AlreadyRequested
            | Self::NoRequest => "2017:900 12 §",
            Self::RequestNotRefused => "2017:900 49 §",
            Self::BoardDecidesDisqualification => "2017:725 6 kap. 28–32 §§",
            Self::OwnDisqualification => "2017:900 18 §",
            Self::GroundsMissing => "2017:900 32 §",
            Self::DelegationNotRecorded | Self::DelegationNotInForce | Self::NotAnAgency => "2017:725 6 kap. 37 §",
            Self::PrivateDecides => "1974:152 12 kap. 4 §",
            Self::FunctionNotNamed | Self::DeciderNotNamed | Self::MinutesMissing => "2017:900 31 §",
            Self::OfPrinciple
            | Self::AutomaticLegalityReview
            | Self::AutomaticNotAppealable
            | Self::AutomaticExtension => "2017:725 6 kap. 38 §",
            Self::NotNotified | Self::NamesWithheldWithoutReason => "2017:900 33 §",
            Self::NotYetServed { .. } => "2010:1932 22–26 §§",
            Self::SimplifiedServiceNotTold => "2010:1932 22–26 §§",
            Self::ControlMessageTooEarly => "2010:1932 22–26 §§",
            Self::ReceiptMissing => "2010:1932 16–18 §§",
            Self::FavourableDecision => "2017:900 37 §",
            Self::ChangeAfterAppeal | Self::FileHandedOver => "2017:900 39 §",
            Self::TimelinessNotTested | Self::AppealLate => "2017:900 45 §",
            Self::NotForwarded => "2017:900 46 §",
            Self::NotServed | Self::AppealTimeRuns { .. } => "2017:900 44 §",
            Self::NotAnnounced | Self::NotAnnouncedYet => "2017:725 13 kap. 5 §",
            Self::DisposalNotDecided => "1990:782 10 §",
            _ => return None,
        })
    }
}
