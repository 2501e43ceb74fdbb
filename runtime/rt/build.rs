//! Builds the stub of compiled executables, and the library for those who link themselves, from these very sources with plain
//! `rustc`: no cargo, no dependencies, so that it works in a fresh clone and under `cargo install` alike.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let abi = here.join("../abi/src");
    println!("cargo::rerun-if-changed={}", here.join("src").display());
    println!("cargo::rerun-if-changed={}", abi.display());
    println!("cargo::rustc-check-cfg=cfg(aurora_stub)");
    println!("cargo::rustc-check-cfg=cfg(aurora_tsan)");

    let abi_lib = out.join("libabi.rlib");
    let rt_lib = out.join("librt.rlib");
    let stub = out.join("stub");
    let library = out.join("libaurora.a");
    // Bit code is what whole-program optimisation reads: the library shrinks to what it needs of Rust's, which takes a while.
    let is_whole = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let bitcode = if is_whole { "-Cembed-bitcode=yes" } else { "-Cembed-bitcode=no" };
    let both = [("abi", abi_lib.as_path()), ("rt", rt_lib.as_path())];
    rustc(&abi.join("lib.rs"), "abi", "rlib", &abi_lib, &[], &[bitcode]);
    rustc(&here.join("src/lib.rs"), "rt", "rlib", &rt_lib, &both[..1], &[bitcode]);
    rustc(&here.join("src/stub.rs"), "stub", "bin", &stub, &both, &["-Cembed-bitcode=no", "-Cstrip=symbols"]);
    let whole: &[&str] = if is_whole { &["-Clto=fat"] } else { &[bitcode] };
    rustc(&here.join("src/archive.rs"), "aurora", "staticlib", &library, &both, whole);
    // Only to make it smaller: Rust's own library brings its lines for debuggers. Who has no `strip` has a large one.
    let _ = Command::new("strip").arg("-g").arg(&library).status();
    println!("cargo::rustc-env=AURORA_STUB={}", stub.display());
    println!("cargo::rustc-env=AURORA_LIBRARY={}", library.display());
}

fn rustc(root: &Path, name: &str, kind: &str, out: &Path, externs: &[(&str, &Path)], more: &[&str]) {
    let mut command = Command::new(env::var_os("RUSTC").expect("cargo sets it"));
    command.arg(root).args(["--edition", "2024", "--crate-name", name, "--crate-type", kind]);
    // Frame pointers stay out: only Aurora frames are walked. One unit, so that the small entry functions are inlined.
    command.args(["-Copt-level=3", "-Cpanic=abort", "-Ccodegen-units=1", "--cfg", "aurora_stub"]).args(more);
    command.arg("--target").arg(env::var_os("TARGET").expect("cargo sets it"));
    command.arg("-o").arg(out);
    // The library finds what the runtime stands on.
    command.arg("-L").arg(out.parent().expect("a file lies in a folder"));
    for (name, path) in externs {
        command.arg("--extern").arg(format!("{name}={}", path.display()));
    }
    // The sources are checked as a crate of the workspace; warnings would only appear twice.
    command.args(["--cap-lints", "allow"]);
    let status = command.status().unwrap_or_else(|error| panic!("cannot run rustc for {}: {error}", root.display()));
    assert!(status.success(), "rustc failed on {}", root.display());
}
