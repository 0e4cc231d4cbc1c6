//! The language server driven by a real editor: Neovim, headless, with its built-in client.
//!
//! `cargo xtask test` installs Neovim and sets `SAMVERK_EDITOR=required`; without Neovim and without that the test says so and
//! stops, so that `cargo test` works on any machine.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::path::{Path, PathBuf};
use std::process::Command;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
}

/// The author's commands alone. Cargo builds examples beside only some kinds of test runs, so it is asked to.
fn server() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "samverk-author",
            "--example",
            "forfattare",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).unwrap();
    folder.join("examples/forfattare")
}

#[test]
fn neovim_opens_a_service_sees_a_fault_explains_renames_and_formats() {
    let has_neovim = Command::new("nvim")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_neovim {
        assert!(
            std::env::var_os("SAMVERK_EDITOR").is_none_or(|wanted| wanted != "required"),
            "nvim is missing; Debian package neovim"
        );
        eprintln!("no nvim on the PATH, so this was not tried; Debian package neovim");
        return;
    }
    let server = server();
    assert!(
        server.is_file(),
        "{} is missing; cargo test builds it",
        server.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("starta-restaurang");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang"),
        &pack,
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/neovim.lua");
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-n", "-u", "NONE", "-i", "NONE", "-c"])
        .arg(format!("luafile {}", script.display()))
        .env("SAMVERK", &server)
        .env("XDG_STATE_HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .current_dir(&pack)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("editor: all steps done"), "{said}");

    // What the editor saved: the rename, in every file, and the formatting.
    let read = |file: &str| std::fs::read_to_string(pack.join(file)).unwrap();
    for file in [
        "tjanst.md",
        "texter.sv.md",
        "texter.en.md",
        "exempel.md",
        "brev/bifall-gasol.md",
    ] {
        let text = read(file);
        assert!(text.contains("gas.inomhus") && !text.contains("gas.inne"), "{file}");
    }
    let files = samverk_author::folder::read(&pack).unwrap();
    let formatted = samverk_author::format::service(&files).unwrap();
    let main = files.iter().position(|file| file.path == "tjanst.md").unwrap();
    assert_eq!(files[main], formatted[main]);
}
