//! What a letter names is there whenever the letter is sent, or the check shows a case in which it is not (S440).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod small;

use samverk_domain::finding::Finding;

/// What is said of a letter with these lines, where food is asked about only of those who serve outdoors.
fn found(lines: &str) -> Vec<Finding> {
    let document = |text: &str| {
        let question = |of: &str, text: &str| {
            format!("| servering.{of} | ja/nej | sökanden | 2010:1622 8 kap. 18 § | Serverar ni {text}? |\n")
        };
        let row = "| a5 | servering.ute = ja och servering.mat = nej | handläggare | Ni har ingen mat. | 2010:1622 8 kap. 18 § |";
        text.replace(
            "| anmälan.dag |",
            &(question("ute", "utomhus") + &question("mat", "mat") + "| anmälan.dag |"),
        )
        .replace("lokal.*, ", "lokal.*, servering.ute, ")
        .replace("| a1 |", &format!("{row}\n| a1 |"))
    };
    small::service()
        .with("tjanst.md", document)
        .with("brev/kvittens.md", |text| {
            text.replacen('\n', &format!("\n\n{lines}\n"), 1)
        })
        .found("S440")
}

#[test]
fn a_fact_that_is_not_always_asked_is_found_in_a_letter_with_a_case_in_which_it_is_empty() {
    let found = found("Ni serverar mat: {servering.mat}.");
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        one.message,
        "Brevet kvittens nämner `servering.mat`, som steget anmälan inte alltid får."
    );
    assert!(one.example.as_ref().unwrap().contains("servering.ute = nej"), "{one:?}");
}

#[test]
fn a_fact_of_the_step_s_underlag_is_always_there() {
    assert_eq!(found("Ni serverar utomhus: {servering.ute}."), []);
}

#[test]
fn a_conditional_that_reads_the_fact_or_holds_only_where_it_is_asked_guarantees_it() {
    for condition in ["servering.mat = ja", "servering.ute = ja"] {
        let lines = format!("{{om {condition}}}\n\nNi serverar mat: {{servering.mat}}.\n\n{{slut}}");
        assert_eq!(found(&lines), [], "{condition}");
    }
}

#[test]
fn a_conditional_that_holds_in_other_cases_guarantees_nothing() {
    let found = found("{om servering.ute = nej}\n\nNi serverar mat: {servering.mat}.\n\n{slut}");
    assert_eq!(found.len(), 1);
}
