//! `samverk adopt`: a body adopts a published version by reference and sets its own parameters. The node may be running.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use samverk_domain::fact::{Name, Value};
use samverk_domain::terms::adopting;
use samverk_domain::terms::{Adoption, Body, BodyId};

use crate::config::Config;
use crate::library::Known;
use crate::node::{Node, Surroundings};
use crate::publishing::adopt::{self, Proposed, Wish};
use crate::publishing::fetch;
use crate::publishing::version::{VERSION_BYTES_MAX, VerifiedVersion};
use crate::trust::current;
use crate::trust::federation::FederationView;

/// Adopt a published version of a service for a body's own steps, and set the body's parameters
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk adopt starta-restaurang 2 --dir . --body raddningsforbundet --from foretagsporten \\
      --set \"taxa.gasol=3 900 från 2026-06-01 (fullmäktige 2026-05-20, § 31)\" \\
      --delegation \"delegation.gasol=Direktionen; 2026-05-28; § 20; Bifall till ansökan; Tillsynsingenjör\" \\
      --decision \"Direktionen, 2026-05-28, § 19\"
  samverk adopt starta-restaurang 2 --dir . --from starta-restaurang-2.json --decision \"…\" --yes

Without --yes it only shows what would be adopted. What was set in the version before is carried over where the
document still allows it. Exit code: 0 adopted and published (or shown), 1 adopted but the anchor did not answer,
2 nothing was done.")]
pub struct Args {
    /// The service
    pub slug: String,
    /// Its version
    pub version: u32,
    /// The node's folder
    #[arg(long)]
    pub dir: PathBuf,
    /// The body that adopts; may be left out when the node has one body only
    #[arg(long)]
    pub body: Option<String>,
    /// Where the version is: its publisher, or a file with the version as its publisher serves it
    #[arg(long, value_name = "BODY|FILE")]
    pub from: Option<String>,
    /// A step to adopt (may be repeated); without it those whose task the federation gives the body
    #[arg(long = "step", value_name = "STEP")]
    pub steps: Vec<String>,
    /// A parameter: name=value, with "från DAY" and "(decision)" if needed (may be repeated)
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A delegation: name=decided by; day; paragraph; scope; to (may be repeated)
    #[arg(long = "delegation", value_name = "NAME=…")]
    pub delegations: Vec<String>,
    /// A host that is the body's reception (may be repeated); without it as in the version before
    #[arg(long = "reception", value_name = "BODY")]
    pub receptions: Vec<String>,
    /// The decision to adopt: nämnd, datum, §
    #[arg(long)]
    pub decision: String,
    /// Do it: sign, keep and publish
    #[arg(long)]
    pub yes: bool,
    /// Leave out the comparison with the version before
    #[arg(long)]
    pub brief: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::on_runtime(adopt(args))
}

/// Shows the adoption, and does it if that was asked for.
pub async fn adopt(args: &Args) -> anyhow::Result<ExitCode> {
    let slug = Name::parse(&args.slug).context("the service's name")?;
    let (node, body) = open(args).await?;
    let view = node.federation.view(node.clock.now())?;
    let body = view
        .body(&body)
        .cloned()
        .with_context(|| format!("{body} is not in the federation; hand in its keys to the anchor first"))?;
    let found = find(args, &node, &view, &body, &slug).await?;
    let (known, publisher) = match &found {
        Found::Here(known, publisher) => (&**known, publisher.clone()),
        Found::Read(read) => (read.known(), read.signed().version.publisher.clone()),
    };
    let wish = Wish {
        steps: names(&args.steps)?,
        set: args.set.clone(),
        delegations: args.delegations.clone(),
        receptions: args
            .receptions
            .iter()
            .map(|text| BodyId::parse(text))
            .collect::<Result<_, _>>()
            .context("--reception")?,
        decided: args.decision.clone(),
    };
    let proposed = adopt::propose(&view, known, &publisher, &body, &wish, node.clock.now())?;
    super::print(&in_words(known, &body, &proposed))?;
    if let Some(before) = &proposed.before
        && before.publisher != publisher
    {
        super::print(&format!(
            "Obs: version {} gavs ut av {}, den här av {publisher}.\n",
            before.version, before.publisher
        ))?;
    }
    if let Some(before) = &proposed.before
        && let Some(old) = node.library.version(&slug, before.version)
        && before.version != args.version
        && !args.brief
    {
        let compared = samverk_author::against::compare(&old.pack, &known.pack, &[], None);
        super::print(&format!("\n{}\n", samverk_author::against::in_words(&compared)))?;
    }
    if !args.yes {
        super::print("Inget är gjort. Kör igen med --yes för att anta.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Found::Read(read) = found {
        fetch::keep(&node, *read).await?;
    }
    let jws = adopt::sign_and_keep(&node, &proposed.adoption).await?;
    match adopt::hand_in(&node, &view, &jws).await {
        Ok(()) => {
            super::print("Antaget, och publicerat i federationen.\n")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            super::print(&format!(
                "Antaget och undertecknat, men inte publicerat: {why}\nLämna raden nedan till ankaret, eller kör igen när det svarar.\n{jws}\n"
            ))?;
            Ok(ExitCode::from(1))
        }
    }
}

async fn open(args: &Args) -> anyhow::Result<(Arc<Node>, BodyId)> {
    let config = Config::read(&args.dir)?;
    let body = match &args.body {
        Some(text) => BodyId::parse(text).context("--body")?,
        None if config.bodies.len() == 1 => config.bodies[0].id.clone(),
        None => bail!("this node has several bodies; say which with --body"),
    };
    if config.body(&body).is_none() {
        bail!("{body} is not a body of this node");
    }
    let dir = args.dir.clone();
    let node = Node::open(&dir, config, Surroundings::default())?;
    if let Err(why) = current::refresh(&node).await {
        node.federation
            .view(node.clock.now())
            .with_context(|| format!("no fresh statement: {why}"))?;
    }
    Ok((node, body))
}

/// The version that is to be adopted.
enum Found {
    /// On this node already.
    Here(Arc<Known>, BodyId),
    /// Read now and not kept yet.
    Read(Box<VerifiedVersion>),
}

async fn find(args: &Args, node: &Node, view: &FederationView, body: &Body, slug: &Name) -> anyhow::Result<Found> {
    let wanted = |read: VerifiedVersion| {
        let said = &read.signed().version;
        if said.pack != *slug || said.version != args.version {
            bail!(
                "the file holds {} {}, not {slug} {}",
                said.pack,
                said.version,
                args.version
            );
        }
        Ok(Found::Read(Box::new(read)))
    };
    if let Some(from) = &args.from {
        let file = Path::new(from);
        if file.is_file() {
            return wanted(VerifiedVersion::read(&read_file(file)?, view).with_context(|| from.clone())?);
        }
        let publisher = BodyId::parse(from).context("--from is neither a file nor a body")?;
        let read = fetch::from_publisher(node, view, &publisher, (slug, args.version)).await?;
        return Ok(Found::Read(Box::new(read)));
    }
    if let Some(known) = node.library.version(slug, args.version)
        && let Some(signed) = &known.signed
    {
        let publisher = signed.version.publisher.clone();
        return Ok(Found::Here(known, publisher));
    }
    match view.newest_adoption(&body.id, slug) {
        Some(before) => {
            let publisher = &before.it.publisher;
            let read = fetch::from_publisher(node, view, publisher, (slug, args.version)).await?;
            Ok(Found::Read(Box::new(read)))
        }
        None => bail!("say who gives {slug} out, or where the file is: --from BODY or --from FILE"),
    }
}

fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let limit = 2 * VERSION_BYTES_MAX as u64 + 1;
    std::fs::File::open(file)
        .and_then(|opened| opened.take(limit).read_to_end(&mut bytes))
        .with_context(|| file.display().to_string())?;
    Ok(bytes)
}

fn names(texts: &[String]) -> anyhow::Result<Vec<Name>> {
    texts
        .iter()
        .map(|text| Name::parse(text).with_context(|| format!("--step {text}")))
        .collect()
}

fn in_words(known: &Known, body: &Body, proposed: &Proposed) -> String {
    let adoption = &proposed.adoption;
    let mut out = String::new();
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format!("{}, version {}", known.pack.title.it, adoption.version));
    line(format!("  utgivare   {}", adoption.publisher));
    line(format!("  hash       {}", adoption.pack_sha256));
    line(format!("  antas av   {}, {} ({})", body.name, body.part_of, body.id));
    line(format!("  beslut     {}", adoption.decided));
    let steps: Vec<&str> = adoption.steps.iter().map(Name::as_str).collect();
    line(format!("  steg       {}", steps.join(", ")));
    let hosts: Vec<&str> = adoption.receptions.iter().map(BodyId::as_str).collect();
    line(format!(
        "  mottagning {}",
        if hosts.is_empty() {
            "ingen: de sökande får en utskrift".to_owned()
        } else {
            hosts.join(", ")
        }
    ));
    let before = proposed.before.as_ref();
    let was = |name: &Name| match before {
        Some(before) if proposed.carried.contains(name) => format!("   (som i version {})", before.version),
        _ => String::new(),
    };
    for (name, values) in &adoption.parameters {
        line(format!("  {name} = {}{}", dated(values), was(name)));
        if let Some(decision) = adoption.parameter_decisions.get(name) {
            line(format!("      beslutat: {decision}"));
        }
    }
    for (name, it) in &adoption.delegations {
        line(format!(
            "  {name}: {}, {}, {}: {}; till {}{}",
            it.decided_by,
            it.decided_on,
            it.paragraph,
            it.scope,
            it.to,
            was(name)
        ));
    }
    for name in &proposed.dropped {
        line(format!(
            "  {name} faller bort: dokumentet tillåter det inte längre för de egna stegen"
        ));
    }
    if let Some(before) = before {
        line(changed_settings(before, adoption));
    }
    let free = adopting::allowed(&known.pack, &known.settable, &adoption.steps);
    let unset: Vec<&String> = free
        .iter()
        .filter(|one| {
            let name = one.split(':').next().unwrap_or_default();
            let is = |known: &Name| known.as_str() == name;
            !adoption.parameters.keys().any(is) && !adoption.delegations.keys().any(is)
        })
        .collect();
    if !unset.is_empty() {
        line("  Får också sättas, annars gäller dokumentets standard:".to_owned());
        for one in unset {
            line(format!("    {one}"));
        }
    }
    out
}

fn changed_settings(before: &Adoption, now: &Adoption) -> String {
    match before.version == now.version {
        true => format!("  Ersätter antagandet av samma version ({}).", before.decided),
        false => format!(
            "  Version {} är antagen sedan tidigare ({}) och gäller vidare för ärenden som började i den.",
            before.version, before.decided
        ),
    }
}

fn dated(values: &[(Option<Date>, Value)]) -> String {
    let values = values.iter().map(|(from, value)| match from {
        Some(day) => format!("{value} från {day}"),
        None => value.to_string(),
    });
    values.collect::<Vec<_>>().join("; ")
}
