//! `samverk verify`: checks one exported exchange offline. Needs no node, no configuration and no network.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::terms::{Body, FieldAnswer, Side, Subject};

use crate::trust::evidence::{self, Report, What};
use crate::trust::federation::Anchor;

/// Check the evidence of one exchange between two bodies, offline
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk verify utbyte.json
  samverk verify utbyte.json --anchor kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k

Checked: the anchor's statement, both parties' keys, the contract, the question, the answer,
the sealed log's record, its place and the log's signed head. The report shows personal data
that the exchange holds.
Exit code: 0 the evidence holds, 1 it does not, 2 the file could not be read.")]
pub struct Args {
    /// The exported evidence (JSON); - reads standard input
    file: PathBuf,
    /// The federation anchor's key that you know: its RFC 7638 thumbprint, or its public JWK
    #[arg(long)]
    anchor: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let anchor = args.anchor.as_deref().map(Anchor::parse).transpose()?;
    let name = args.file.display();
    let mut bytes = vec![];
    let limit = evidence::FILE_BYTES_MAX as u64 + 1;
    if args.file.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&args.file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .with_context(|| format!("{name} could not be read"))?;
    match evidence::verify_file(&bytes, anchor.as_ref()) {
        Ok(report) => {
            print!("{}", text(&report));
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("REJECTED (håller inte): {why}");
            println!("Nothing in {name} should be relied on. Ask for it again from the body that exported it.");
            Ok(ExitCode::from(1))
        }
    }
}

/// The report for a reader who was not there.
fn text(report: &Report) -> String {
    let mut lines: Vec<(&str, String)> = vec![];
    let mut fields = vec![];
    match &report.what {
        What::Question(ask, answer) => {
            lines.push(("Question (fråga)", ask.id.clone()));
            lines.push((
                "Asked by (frågande)",
                format!("{}, {}", party(&report.requester), ask.by),
            ));
            lines.push(("Answered by (svarande)", party(&report.responder)));
            lines.push(("About (avser)", subject(&ask.subject)));
            lines.push(("Register", ask.register.to_string()));
            lines.push(("Asked (frågat)", ask.asked_at.to_string()));
            lines.push(("Answered (svarat)", answer.answered_at.to_string()));
            lines.push(("Matter (ärende)", ask.matter.clone()));
            for (field, said) in &answer.fields {
                fields.push(match said {
                    FieldAnswer::Value { value, recorded_at, .. } => {
                        format!("{field} = {value}   (recorded {recorded_at})")
                    }
                    FieldAnswer::NoRecord => format!("{field}: no record (ingen post)"),
                    FieldAnswer::Error { code } => format!("{field}: not answered ({code:?})"),
                });
            }
        }
        What::Message(message, receipt) => {
            lines.push(("Message (meddelande)", format!("{} ({:?})", message.id, message.kind)));
            lines.push(("Sent by (avsändare)", party(&report.requester)));
            lines.push(("Received by (mottagare)", party(&report.responder)));
            lines.push(("Sent (sänt)", message.sent_at.to_string()));
            lines.push(("Received (mottaget)", receipt.received_at.to_string()));
            lines.push(("Matter (ärende)", message.matter.clone()));
        }
    }
    let contract = &report.contract;
    lines.push(("Purpose (ändamål)", contract.purpose.clone()));
    lines.push((
        "Ground, disclosure (grund för utlämnande)",
        contract.offer.disclosure_ground.clone(),
    ));
    lines.push((
        "Ground, processing (grund för behandling)",
        contract.processing_ground.clone(),
    ));
    lines.push((
        "Contract (avtal)",
        format!(
            "{}, valid {} – {}",
            report.contract_hash, contract.valid_from, contract.valid_to
        ),
    ));
    if let Some(principal) = &contract.on_behalf_of {
        lines.push(("On behalf of (för)", principal.to_string()));
    }
    let side = match report.record.side {
        Side::Provider => "the answering side",
        Side::Consumer => "the asking side",
    };
    lines.push((
        "Sealed log (logg)",
        format!(
            "place {} of {} in {} ({side}), logged {}",
            report.leaf_index + 1,
            report.checkpoint.size,
            report.log_origin,
            report.record.at
        ),
    ));
    lines.push(("Federation", report.federation.clone()));
    lines.push(("Anchor's key (ankarets nyckel)", report.anchor_kid.clone()));

    let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let mut out = String::from("ACCEPTED (håller): every signature, hash and place in this evidence holds.\n\n");
    for (label, value) in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {label:width$}  {value}");
    }
    if !fields.is_empty() {
        out.push_str("\n  Said (svar):\n");
        for field in fields {
            let _ = writeln!(out, "    {field}");
        }
    }
    out.push('\n');
    if !report.anchor_was_pinned {
        out.push_str(
            "  NOTE: everything rests on the anchor's key above. Compare it with the one that the federation's\n  \
             anchor publishes, or run again with --anchor and the key that you know.\n",
        );
    }
    out.push_str(
        "  Not shown by a file: whether a party had ended the contract in between, and whether the log showed\n  \
         others the same head. Ask the parties, or compare heads at {log}/checkpoint\n",
    );
    out.replace("{log}", &report.log_origin)
}

fn party(body: &Body) -> String {
    format!("{}, {} ({})", body.name, body.part_of, body.id)
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::OrgNr(number) => format!("organisationsnummer {number}"),
        Subject::PersonNr(number) => format!("personnummer {number}"),
        Subject::Property(designation) => format!("fastighet {designation}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::evidence::tests::sample;

    fn exit(bytes: &[u8], anchor: Option<&str>) -> anyhow::Result<ExitCode> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("utbyte.json");
        std::fs::write(&file, bytes).unwrap();
        run(&Args {
            file,
            anchor: anchor.map(str::to_owned),
        })
    }

    #[test]
    fn the_exit_code_says_whether_the_evidence_holds() {
        let (file, kid) = sample();
        assert_eq!(exit(&file, Some(&kid)).unwrap(), ExitCode::SUCCESS);
        assert_eq!(exit(&file, None).unwrap(), ExitCode::SUCCESS);
        let another = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(exit(&file, Some(another)).unwrap(), ExitCode::from(1));
        assert_eq!(exit(b"{}", None).unwrap(), ExitCode::from(1));
        assert!(exit(&file, Some("not a key")).is_err());
        let missing = Args {
            file: PathBuf::from("/nonexistent/utbyte.json"),
            anchor: None,
        };
        assert!(run(&missing).is_err());
    }

    #[test]
    fn the_report_reads_as_a_whole() {
        let (file, kid) = sample();
        let report = evidence::verify_file(&file, Some(&Anchor::Thumbprint(kid))).unwrap();
        insta::assert_snapshot!(text(&report));
        let unpinned = evidence::verify_file(&file, None).unwrap();
        assert!(text(&unpinned).contains("Compare it with the one that the federation's"));
    }
}
