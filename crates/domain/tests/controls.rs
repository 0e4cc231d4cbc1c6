//! A case that a control stops is no gap in a table, when the control rests on what the person answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod small;

/// What is said of a rule that looks after nobody under three tables, with a control.
fn gap(control: &str) -> Vec<Option<String>> {
    let document = |text: &str| {
        let rule = "## Regel: servering.stor (unik)\n\n| id | servering.bord | → servering.stor | → därför att | → lagrum |\n\
                    | --- | --- | --- | --- | --- |\n\
                    | b1 | > 20 | ja | Ni är stora. | 2010:1622 8 kap. 18 § |\n\
                    | b2 | 3–20 | nej | Ni är små. | 2010:1622 8 kap. 18 § |\n\n## Utfall\n";
        let asked = "| servering.bord | tal 0–100 | sökanden | 2010:1622 8 kap. 18 § | Hur många bord har ni? |\n\
                     | servering.stolar | tal 0–100 | sökanden | 2010:1622 8 kap. 18 § | Hur många stolar har ni? |\n";
        let controls = format!(
            "## Kontroller\n\n| id | Kontroll | Meddelande |\n| --- | --- | --- |\n| k1 | {control} | Ni har för få bord. |\n\n## Steg\n"
        );
        text.replace("## Utfall\n", rule)
            .replace("| anmälan.dag |", &format!("{asked}| anmälan.dag |"))
            .replace("## Steg\n", &controls)
            .replace("lokal.*, ", "lokal.*, servering.stor, servering.stolar, ")
    };
    let found = small::service().with("tjanst.md", document).found("S301");
    found.into_iter().map(|finding| finding.example).collect()
}

#[test]
fn a_case_that_a_control_stops_is_no_gap() {
    assert_eq!(gap("servering.bord ≥ 3"), []);
    assert_eq!(gap("servering.bord > 2 och servering.stolar > 0"), []);
}

#[test]
fn a_control_that_lets_a_case_through_leaves_the_gap_with_that_case() {
    let example = |control: &str| gap(control).pop().flatten().unwrap();
    assert!(example("servering.bord ≥ 2").contains("servering.bord = 2"));
    assert!(example("servering.bord ≥ 3 eller servering.stolar > 4").contains("servering.stolar = 5"));
}

#[test]
fn a_control_over_what_a_register_says_closes_no_gap() {
    assert_eq!(gap("servering.bord ≥ 3 och lokal.kommun = 0001").len(), 1);
}
