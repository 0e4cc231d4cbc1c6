//! What tests of several chapters share: a service with one of each of the language's parts.

use samverk_domain::finding::SourceFile;

/// A small service with one of each of the language's less usual parts.
pub fn with_everything() -> Vec<SourceFile> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/new");
    let mut files = crate::folder::read(&folder).unwrap();
    let mut change = |path: &str, from: &str, to: &str| {
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replacen(from, to, 1);
    };
    change("tjanst.md", "SLUG", "prov");
    change(
        "tjanst.md",
        "\n\n## Kontroller",
        "
| servering.drycker | flera av vin / starköl | sökanden | 2017:900 19 § | Vad? |
| servering.sluttid | klockslag 11:00–05:00 | sökanden | 2017:900 19 § | När? |
| revisor.pnr | personnummer | sökanden | 2017:900 19 § | Vem? |
| avgift.stor | kr 0–50 000 | regel | | |

## Lista: stiftare 1–5

| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| stiftare.pnr | personnummer | sökanden | 2018:218 3 kap. 10 § | Vem? |
| stiftare.andel | tal 0–100 % | sökanden | 2017:900 19 § | Hur mycket? |

## Kontroller",
    );
    change(
        "tjanst.md",
        "## Steg",
        "## Underskrifter

| Underskrift | Skrivs under av | Steg | Lagrum |
| --- | --- | --- | --- |
| urkund | alla stiftare.pnr när antal(stiftare: stiftare.andel > 10) > 1 | registrering | 2005:551 2 kap. 25 § |
| granskning | revisor.pnr | alla | 2005:551 2 kap. 25 § |

## Steg",
    );
    change(
        "tjanst.md",
        "| alltid     |",
        "| avgift.stor > 0 kr eller servering.drycker har vin |",
    );
    change(
        "tjanst.md",
        "## Utfallsregel",
        "## Regel: stiftare.stor (unik)

| id | stiftare.andel | → stiftare.stor | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| s1 | > 50 | ja | Stor. | 2017:900 19 § |
| s2 | ≤ 50 | nej | Liten. | 2017:900 19 § |

## Regel: avgift.stor (första)

| id | när | gäller | → avgift.stor | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| v1 | någon(stiftare: stiftare.stor = ja och ålder(stiftare.pnr) ≥ 18) | från 2026-07-01 | = taxa.livsmedel + 100 kr * antal(stiftare) | Dyrt. | 2017:900 19 § |
| v2 | servering.sluttid > 01:00 och verksamhet.start + 14 dagar > ansökningsdagen | | = taxa.livsmedel | Sent. | 2017:900 19 § |
| v3 | – | | 0 | Billigt. | 2017:900 19 § |

## Utfallsregel",
    );
    change(
        "tjanst.md",
        "## Parametrar",
        "## Skyldigheter

| id | Efter | Skyldighet | Senast | Till | Lagrum |
| --- | --- | --- | --- | --- | --- |
| p1 | beslutad registrering | Säg till. | 2 månader från händelse | livsmedel | 2017:900 19 § |

## Parametrar",
    );
    change(
        "brev/registrering.md",
        "## Avgift",
        "{om summa(stiftare.andel: stiftare.stor = ja) > 50}\n\nMer än hälften.\n\n{annars}\n\nEj.\n\n{slut}\n\n{skyldigheter}\n\n## Avgift",
    );
    let main = files.iter_mut().find(|file| file.path == "tjanst.md").unwrap();
    main.text.push_str(
        "
## Osäkert

| Gäller | Vad är osäkert | Hur det kontrolleras |
| --- | --- | --- |
| taxa.livsmedel | Beloppet. | Fråga. |
| avgift.stor v1 | Gränsen. | Fråga. |
| registrering | Allt. | Fråga. |
",
    );
    let examples = files.iter_mut().find(|file| file.path == "exempel.md").unwrap();
    examples.text.push_str(
        "
## Exempel: två stiftare

| Uppgift | Värde |
| --- | --- |
| företag.status | registrerat |
| verksamhet.start | 2026-08-20 |
| servering.drycker | vin |
| servering.sluttid | 02:00 |
| stiftare[1].andel | 60 |
| stiftare[2].andel | 40 |

| Steg | Utfall | Grund |
| --- | --- | --- |
| registrering | registrerad | r1 |
",
    );
    files
}
