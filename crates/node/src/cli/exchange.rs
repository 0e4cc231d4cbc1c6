//! `samverk exchange`: contracts of a node's bodies, and evidence of what was exchanged. The node may be running.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, MessageKind, Offered, Side, SignedContract};
use samverk_domain::words::law::Lagrum;
use samverk_store::{StoreError, terms};

use crate::config::Config;
use crate::ctx::{Actor, Basis, Ctx, Ground, TraceId};
use crate::exchange::contracts::{self, NotAgreed, Wanted, Wish};
use crate::exchange::export;
use crate::node::{Node, Surroundings};
use crate::trust::{current, evidence};

/// Contracts with other bodies, and evidence of what was exchanged
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Agree(Agree),
    Contracts(Contracts),
    End(End),
    Export(Export),
}

/// Whose node and which of its bodies
#[derive(Debug, clap::Args)]
struct Whose {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// The body; may be left out when the node has one body only
    #[arg(long)]
    body: Option<String>,
}

/// Make a contract within an offer that the provider publishes; the provider signs at once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk exchange agree --dir . --with skatteregistret --register skatt --fields f-skatt,moms \\
      --purpose starta-restaurang --ground \"2006:804 22 §\"
  samverk exchange agree --dir . --with polisdistriktet --messages referral --purpose starta-restaurang \\
      --ground \"2017:900 26 §\"")]
struct Agree {
    #[command(flatten)]
    whose: Whose,
    /// The body that discloses or receives
    #[arg(long)]
    with: String,
    /// The service that it is for
    #[arg(long)]
    purpose: String,
    /// Lagrum for the processing
    #[arg(long)]
    ground: String,
    /// The register to ask
    #[arg(long, requires = "fields", conflicts_with = "messages")]
    register: Option<String>,
    /// Its fields, separated by commas
    #[arg(long, value_delimiter = ',')]
    fields: Vec<String>,
    /// Kinds of messages to send, separated by commas: application, status, referral …
    #[arg(long, value_delimiter = ',')]
    messages: Vec<String>,
}

/// List the body's contracts
#[derive(Debug, clap::Args)]
struct Contracts {
    #[command(flatten)]
    whose: Whose,
}

/// End a contract (återkalla); it counts at once, and the other body is told
#[derive(Debug, clap::Args)]
struct End {
    #[command(flatten)]
    whose: Whose,
    /// The contract's hash
    hash: String,
    /// Why, in words that the other body reads
    #[arg(long)]
    reason: String,
}

/// Write the evidence of one exchange to a file that anyone can check with `samverk verify`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  samverk exchange export 018f… --dir . --out utbyte.json && samverk verify utbyte.json

The file holds what was asked and answered, so also personal data.")]
struct Export {
    #[command(flatten)]
    whose: Whose,
    /// The exchange's id
    id: String,
    /// Which side the body was on; may be left out when it was on one only
    #[arg(long, value_enum)]
    side: Option<SideArg>,
    /// The file; without it the evidence goes to standard output
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SideArg {
    /// The body answered or received
    Provider,
    /// The body asked or sent
    Consumer,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::on_runtime(async {
        match &args.command {
            Command::Agree(args) => agree(args).await,
            Command::Contracts(args) => list(args).await,
            Command::End(args) => end(args).await,
            Command::Export(args) => export(args).await,
        }
    })
}

/// Opens the node with a federation that is as fresh as can be had.
async fn open(whose: &Whose) -> anyhow::Result<(Arc<Node>, BodyId)> {
    let config = Config::read(&whose.dir)?;
    let body = match &whose.body {
        Some(text) => BodyId::parse(text).context("--body")?,
        None if config.bodies.len() == 1 => config.bodies[0].id.clone(),
        None => bail!("this node has several bodies; say which with --body"),
    };
    if config.body(&body).is_none() {
        bail!("{body} is not a body of this node");
    }
    let node = Node::open(&whose.dir, config, Surroundings::default())?;
    if let Err(why) = current::refresh(&node).await {
        node.federation
            .view(node.clock.now())
            .with_context(|| format!("no fresh statement: {why}"))?;
    }
    Ok((node, body))
}

fn ctx(node: &Node, body: &BodyId, purpose: &str, basis: Basis) -> Ctx {
    Ctx {
        who: Actor::System,
        body: body.clone(),
        ground: Ground {
            basis,
            purpose: purpose.to_owned(),
        },
        at: node.clock.moment(),
        trace: TraceId::new(&node.chance),
    }
}

async fn agree(args: &Agree) -> anyhow::Result<ExitCode> {
    let ground = Lagrum::parse(&args.ground).context("--ground")?;
    let what = match &args.register {
        Some(register) => Wanted::Fields {
            register: Name::parse(register).context("--register")?,
            fields: args
                .fields
                .iter()
                .map(|field| Name::parse(field))
                .collect::<Result<_, _>>()
                .context("--fields")?,
        },
        None if args.messages.is_empty() => bail!("say what it is about: --register with --fields, or --messages"),
        None => Wanted::Reception(
            args.messages
                .iter()
                .map(|kind| serde_json::from_value::<MessageKind>(kind.as_str().into()))
                .collect::<Result<_, _>>()
                .context("--messages")?,
        ),
    };
    let (node, body) = open(&args.whose).await?;
    let wish = Wish {
        provider: BodyId::parse(&args.with).context("--with")?,
        what,
        purpose: args.purpose.clone(),
        processing_ground: args.ground.clone(),
    };
    let contract = contracts::agree(&ctx(&node, &body, &args.purpose, Basis::Law(ground)), &node, &wish).await?;
    println!("{}", contract.hash());
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &Contracts) -> anyhow::Result<ExitCode> {
    let (node, body) = open(&args.whose).await?;
    let now = node.clock.now();
    let own = body.clone();
    let all: Result<Vec<_>, StoreError> = node
        .store
        .read("cli.contracts", move |tx| {
            terms::contracts_of(tx, &own)?
                .into_iter()
                .map(|signed| Ok((terms::revocation(tx, &signed.hash)?, signed)))
                .collect()
        })
        .await;
    for (ended, SignedContract { contract, hash, .. }) in all? {
        let state = match ended {
            Some(end) => format!("ended by {} {}: {}", end.by, end.at, end.reason),
            None if now < contract.valid_from => format!("holds from {}", contract.valid_from),
            None if now > contract.valid_to => format!("its time was out {}", contract.valid_to),
            None => format!("holds to {}", contract.valid_to),
        };
        let what = match &contract.offer.what {
            Offered::Register { register, .. } => {
                let fields: Vec<&str> = contract.fields.iter().map(Name::as_str).collect();
                format!("{register}: {}", fields.join(", "))
            }
            Offered::Reception { messages } => {
                let kinds: Vec<String> = messages
                    .iter()
                    .map(|kind| crate::exchange::message::kind_text(*kind))
                    .collect();
                kinds.join(", ")
            }
        };
        println!("{hash}");
        println!(
            "  {} → {}   {}   {what}",
            contract.consumer, contract.offer.provider, contract.purpose
        );
        println!("  {state}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn end(args: &End) -> anyhow::Result<ExitCode> {
    let (node, body) = open(&args.whose).await?;
    let federation = node.federation.view(node.clock.now())?;
    let ctx = ctx(&node, &body, "", Basis::Operation);
    let (own, hash, reason) = (Arc::clone(&node), args.hash.clone(), args.reason.clone());
    let ended = node
        .store
        .run("cli.end_contract", move |tx| -> Result<_, NotAgreed> {
            contracts::end(&ctx, tx, &own, &federation, &hash, &reason)
        })
        .await?;
    println!("ended {}; the running node tells the other body", ended.at);
    Ok(ExitCode::SUCCESS)
}

async fn export(args: &Export) -> anyhow::Result<ExitCode> {
    let (node, body) = open(&args.whose).await?;
    let sides = match args.side {
        Some(SideArg::Provider) => vec![Side::Provider],
        Some(SideArg::Consumer) => vec![Side::Consumer],
        None => vec![Side::Provider, Side::Consumer],
    };
    let mut found = None;
    for side in sides {
        match export::evidence(&node, &body, side, &args.id).await {
            Err(export::NoEvidence::Unknown(_)) => {}
            other => {
                found = Some(other?);
                break;
            }
        }
    }
    let Some(proof) = found else {
        bail!(export::NoEvidence::Unknown(body));
    };
    let file = evidence::to_file(&proof)?;
    match &args.out {
        Some(path) => {
            std::fs::write(path, file).with_context(|| format!("{} could not be written", path.display()))?;
            println!("{}", path.display());
        }
        None => std::io::Write::write_all(&mut std::io::stdout(), &file)?,
    }
    Ok(ExitCode::SUCCESS)
}
