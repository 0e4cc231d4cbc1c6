//! Fuzz targets: libFuzzer with coverage, on the stable compiler's own sanitizer-coverage pass.

use crate::root;

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let dir = root().join("fuzz");
    let Some(name) = arguments.first() else {
        for name in targets()? {
            println!("{name}");
        }
        return Ok(());
    };
    anyhow::ensure!(
        targets()?.contains(name),
        "there is no fuzz target `{name}`; `cargo xtask fuzz` lists them"
    );
    let seconds = arguments.get(1).map_or("60", String::as_str);
    seconds
        .parse::<u32>()
        .map_err(|_| anyhow::anyhow!("`{seconds}` is not a number of seconds"))?;
    let corpus = dir.join("corpus").join(name);
    std::fs::create_dir_all(&corpus)?;
    // What a target learns starts from committed inputs, if it has some.
    let seeds = Some(dir.join("seeds").join(name)).filter(|seeds| seeds.is_dir());
    let flags = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                 --cfg fuzzing -Cdebug-assertions -Coverflow-checks";
    let status = std::process::Command::new("cargo")
        .args(["run", "--release", "--target", host()?.as_str(), "--bin", name, "--"])
        .arg(&corpus)
        .args(seeds)
        .arg(format!("-max_total_time={seconds}"))
        .arg("-max_len=65536")
        .env("RUSTFLAGS", flags)
        .current_dir(&dir)
        .status()?;
    anyhow::ensure!(
        status.success(),
        "the fuzz target {name} did not come to its end ({status}): what it found stands above, its input in fuzz/"
    );
    Ok(())
}

/// Every target has a file of its own.
fn targets() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        names.push(
            entry?
                .path()
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

/// The host triple; naming it keeps the coverage flags away from build scripts.
fn host() -> anyhow::Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .ok_or_else(|| anyhow::anyhow!("`rustc -vV` names no host"))
}
