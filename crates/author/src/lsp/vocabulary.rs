//! The language's own words with what they are for, in the author's words: sections, columns, types, sources.
//!
//! `docs/language.md` is the reference; this is what fits beside a line while writing. A test sees that no section of the parser
//! is missing here.

pub struct Section {
    /// Folded, as a heading begins.
    pub word: &'static str,
    /// As it is written in a new document.
    pub heading: &'static str,
    pub purpose: &'static str,
    pub columns: &'static [(&'static str, &'static str)],
}

pub const SECTIONS: &[Section] = &[
    Section {
        word: "roller",
        heading: "## Roller",
        purpose: "Vem som svarar för ett steg: ett uppdrag i ett område. Federationen visar vilket organ det är.",
        columns: &[
            ("Roll", "Rollens namn, utan punkt."),
            ("Uppdrag", "Det som ett reglemente eller en lag ger organet att göra."),
            (
                "Område",
                "`riket`, eller `kommun för` och en uppgift av typen fastighet.",
            ),
            (
                "Slag",
                "Tom för en myndighet, `privat` för en utförare som inte är det.",
            ),
        ],
    },
    Section {
        word: "uppgifter",
        heading: "## Uppgifter",
        purpose: "Allt som tjänsten behöver veta. Varje uppgift har en enda källa.",
        columns: &[
            (
                "Uppgift",
                "Namnet, med minst en punkt. Uppgifter med samma början frågas tillsammans.",
            ),
            ("Typ", "Vad för slags värde det är."),
            (
                "Källa",
                "Varifrån värdet kommer: sökanden, ett register, en handläggare, en remiss, ett annat steg.",
            ),
            (
                "Grund",
                "Lagrum för utlämnande; lagrum för behandling. Ett ensamt är för behandling.",
            ),
            (
                "Fråga",
                "Frågan till sökanden, eller det som frågas när registret är ur funktion.",
            ),
        ],
    },
    Section {
        word: "lista",
        heading: "## Lista: namn 1–50",
        purpose: "Flera av samma slag, till exempel ägare. Kolumnerna heter listans namn, punkt och kolumnens namn.",
        columns: &[
            ("Uppgift", "Kolumnens namn, som börjar med listans: `ägare.andel`."),
            ("Typ", "Vad för slags värde det är."),
            ("Källa", "`sökanden`, eller ett register för en kolumn i samma lista."),
            ("Grund", "Lagrum för utlämnande; lagrum för behandling."),
            ("Fråga", "Frågan till sökanden om varje rad."),
        ],
    },
    Section {
        word: "kontroller",
        heading: "## Kontroller",
        purpose: "Det som inte får vara nej när sökanden går vidare.",
        columns: &[
            ("id", "Kontrollens namn."),
            ("Kontroll", "Ett villkor."),
            ("Meddelande", "Det som sökanden får läsa när villkoret är nej."),
        ],
    },
    Section {
        word: "underskrifter",
        heading: "## Underskrifter",
        purpose: "Vem som ska skriva under vad, om det inte räcker att sökanden gör det.",
        columns: &[
            ("Underskrift", "Det som skrivs under."),
            (
                "Skrivs under av",
                "`sökanden`, `firmatecknare`, `alla` och en lists personnummer, eller en uppgift; sist kan `när` och ett villkor stå.",
            ),
            ("Steg", "De steg som underskriften gäller, eller `alla`."),
            ("Lagrum", "Regeln som kräver underskriften."),
        ],
    },
    Section {
        word: "steg",
        heading: "## Steg",
        purpose: "Det som ett organ ska göra i ärendet.",
        columns: &[
            ("Steg", "Stegets namn, utan punkt."),
            ("Ansvarig", "En roll."),
            ("Behövs när", "`alltid` eller ett villkor."),
            (
                "Underlag",
                "De uppgifter som organet får: namn, `början.*`, listor som `ägare.*`.",
            ),
            (
                "Efter",
                "`inskickad`, `beslutad`, `bifall` eller `laga kraft` och ett steg.",
            ),
            ("Frist", "Lagens tid: `4 månader från komplett, förlängs 4 månader`."),
            ("Avgift", "En parameter eller en uppgift i kronor."),
            ("Lagrum", "Regeln om steget."),
        ],
    },
    Section {
        word: "regel",
        heading: "## Regel: namn.på-uppgift (unik)",
        purpose: "En tabell som ger en uppgift sitt värde. `unik`: precis en rad gäller i varje fall. `första`: den första som gäller.",
        columns: RULE_COLUMNS,
    },
    Section {
        word: "utfallsregel",
        heading: "## Utfallsregel: steg (samla; annars bifall)",
        purpose: "En tabell som ger ett steg dess utfall. `samla`: alla rader som gäller blir grunder.",
        columns: RULE_COLUMNS,
    },
    Section {
        word: "utfall",
        heading: "## Utfall",
        purpose: "Vad ett steg kan sluta med, vem som beslutar det och hur det överklagas. Ordningen är rangen när grunder samlas.",
        columns: &[
            ("Steg", "Steget."),
            ("Utfall", "Utfallets namn."),
            (
                "Slag",
                "`registrering`, `gynnande`, `betungande`, `kvittens` eller `avtal`.",
            ),
            (
                "Beslutas av",
                "`automatiskt enligt` eller `delegat enligt` och en delegation, `nämnd`, `myndighet`, `utföraren`, `ingen`.",
            ),
            ("Hörs före", "`nej` eller så lång tid som sökanden får yttra sig."),
            ("Brev", "Filens namn i brev/, utan .md."),
            (
                "Överklagas",
                "`förvaltningsbesvär, länsstyrelsen, 3 veckor från del`, eller `överklagas inte,` och skälet.",
            ),
            ("Kopia till", "De som får en kopia."),
        ],
    },
    Section {
        word: "skyldigheter",
        heading: "## Skyldigheter",
        purpose: "Det som den som har fått ett beslut ska göra efteråt.",
        columns: &[
            ("id", "Skyldighetens namn."),
            ("Efter", "Händelsen och steget: `bifall serveringstillstånd`."),
            ("Skyldighet", "Vad som ska göras."),
            (
                "Senast",
                "`2 månader från händelse`, `1 mars varje år`, `i förväg`, `genast`.",
            ),
            ("Till", "En roll."),
            ("Lagrum", "Regeln om skyldigheten."),
        ],
    },
    Section {
        word: "parametrar",
        heading: "## Parametrar",
        purpose: "Det som varje organ bestämmer när det antar tjänsten, och belopp som ändras.",
        columns: &[
            ("Parameter", "Namnet, med minst en punkt."),
            ("Typ", "Som för uppgifter, eller `delegation`."),
            ("Sätts av", "`lag`, `fullmäktige`, `nämnd` eller `myndighet`."),
            (
                "Standard",
                "`saknas`, `handläggare`, ett värde, eller `59 200 från 2026-01-01; …`.",
            ),
            ("Räknas vid", "`ansökan`, `beslut` eller `händelse`."),
            ("Källa", "Lagrum eller annan källa."),
        ],
    },
    Section {
        word: "osäkert",
        heading: "## Osäkert",
        purpose: "Allt som inte är säkert i dokumentet, så att det syns och kan prövas.",
        columns: &[
            (
                "Gäller",
                "En uppgift, en parameter, ett steg, en roll, eller en regel och dess rad.",
            ),
            ("Vad är osäkert", "Med egna ord."),
            ("Hur det kontrolleras", "Hur, och av vem."),
        ],
    },
];

const RULE_COLUMNS: &[(&str, &str)] = &[
    ("id", "Radens namn; exempel och texter hänvisar till det."),
    (
        "när",
        "Ett helt villkor. Annars heter kolumnen som en uppgift och cellerna prövar den.",
    ),
    (
        "gäller",
        "När raden gäller: `från 2026-06-01`, `till 2026-05-31`, eller två dagar.",
    ),
    ("→ utfall", "Stegets utfall, eller `handläggare`."),
    ("→ därför att", "Meningen som sökanden får läsa."),
    ("→ lagrum", "Regeln som raden bygger på."),
];

/// Other tables: their first heading, and their columns.
pub const OTHER_TABLES: &[&[(&str, &str)]] = &[
    &[("Nyckel", "Textens nyckel."), ("Text", "Texten.")],
    &[
        ("Uppgift", "En uppgift; i en lista `ägare[1].andel`."),
        ("Värde", "Det som registret har eller sökanden svarar."),
    ],
    &[
        ("Steg", "Steget."),
        ("Utfall", "Utfallet, `behövs inte`, `handläggare` eller `väntar`."),
        ("Grund", "Alla rader som gav utfallet."),
    ],
];

pub const TYPES: &[(&str, &str)] = &[
    ("ja/nej", "ja eller nej"),
    ("ja/nej + motivering", "en bedömning med skäl"),
    ("ja/nej; känslig hälsa", "en uppgift om hälsa"),
    ("ett / annat / tredje", "ett av orden"),
    ("flera av ett / annat / tredje", "flera av orden"),
    ("tal 0–100", "ett tal mellan två gränser, med enhet om det behövs"),
    ("kr 0–50 000", "kronor"),
    ("text ≤ 500", "fri text"),
    ("datum", "en dag"),
    ("period", "två dagar, båda med"),
    ("klockslag", "en tid på dygnet"),
    ("orgnr", "organisationsnummer"),
    ("personnummer", "personnummer eller samordningsnummer"),
    ("fastighet", "fastighetsbeteckning"),
    ("kommunkod", "fyra siffror"),
    ("bilaga pdf, jpg; ≤ 20 MB; visar …", "en fil"),
];

pub const SOURCES: &[(&str, &str)] = &[
    ("sökanden", "sökanden svarar; frågan krävs"),
    ("inloggning", "den som är inloggad"),
    ("företräds", "numret för den som sökanden företräder"),
    (
        "register …, via sökanden",
        "hämtas från ett register, sökanden ser och godkänner",
    ),
    ("register …, direkt", "hämtas mellan myndigheter"),
    ("handläggare", "en människas bedömning i ärendet"),
    ("remiss …, krävs, 6 veckor", "ett annat organs yttrande"),
    ("steg …", "ett annat stegs utfall"),
    ("regel", "en regel i dokumentet"),
    ("parameter", "en parameter i dokumentet"),
];

/// Words of cells that take one of a few, by folded heading.
pub const WORDS: &[(&str, &[&str])] = &[
    (
        "slag",
        &["registrering", "gynnande", "betungande", "kvittens", "avtal", "privat"],
    ),
    (
        "beslutas av",
        &[
            "automatiskt enligt",
            "delegat enligt",
            "nämnd",
            "myndighet",
            "utföraren",
            "ingen",
        ],
    ),
    ("hörs före", &["nej", "14 dagar"]),
    ("sätts av", &["lag", "fullmäktige", "nämnd", "myndighet"]),
    ("räknas vid", &["ansökan", "beslut", "händelse"]),
    ("standard", &["saknas", "handläggare"]),
    ("område", &["riket", "kommun för"]),
    ("efter", &["inskickad", "beslutad", "bifall", "laga kraft"]),
    ("skrivs under av", &["sökanden", "firmatecknare", "alla"]),
    ("senast", &["genast", "i förväg"]),
    (
        "överklagas",
        &[
            "förvaltningsbesvär, länsstyrelsen, 3 veckor från del",
            "överklagas inte, ",
        ],
    ),
    (
        "frist",
        &["4 månader från komplett", "start tidigast 14 dagar från inkommet"],
    ),
];

/// Words of conditions.
pub const CONDITION_WORDS: &[&str] = &[
    "alltid",
    "och",
    "eller",
    "inte",
    "är ej aktuellt",
    "har",
    "saknar",
    "antal()",
    "summa()",
    "någon()",
    "alla()",
    "dagar()",
    "arbetsdagar()",
    "ålder()",
    "början()",
    "slut()",
    "ansökningsdagen",
    "beslutsdagen",
];

pub fn section(word: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.word == word)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_section_of_the_language_is_described_in_its_order() {
        let described: Vec<&str> = super::SECTIONS.iter().map(|section| section.word).collect();
        let known: Vec<&str> = samverk_domain::pack::parse::section_words().collect();
        assert_eq!(described, known);
    }
}
