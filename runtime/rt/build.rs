//! Builds the stub of compiled executables from these very sources with plain `rustc`: no cargo, no dependencies, so that it
//! works in a fresh clone and under `cargo install` alike.

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

    let abi_lib = out.join("libabi.rlib");
    let rt_lib = out.join("librt.rlib");
    let stub = out.join("stub");
    rustc(&abi.join("lib.rs"), "abi", "rlib", &abi_lib, &[]);
    rustc(&here.join("src/lib.rs"), "rt", "rlib", &rt_lib, &[("abi", &abi_lib)]);
    rustc(&here.join("src/stub.rs"), "stub", "bin", &stub, &[("abi", &abi_lib), ("rt", &rt_lib)]);
    println!("cargo::rustc-env=AURORA_STUB={}", stub.display());
}

fn rustc(root: &Path, name: &str, kind: &str, out: &Path, externs: &[(&str, &Path)]) {
    let mut command = Command::new(env::var_os("RUSTC").expect("cargo sets it"));
    command.arg(root).args(["--edition", "2024", "--crate-name", name, "--crate-type", kind]);
    // Frame pointers stay out: only Aurora frames are walked. One unit, so that the small entry functions are inlined.
    command.args(["-Copt-level=3", "-Cpanic=abort", "-Ccodegen-units=1", "-Cembed-bitcode=no", "--cfg", "aurora_stub"]);
    if kind == "bin" {
        command.arg("-Cstrip=symbols");
    }
    command.arg("--target").arg(env::var_os("TARGET").expect("cargo sets it"));
    command.arg("-o").arg(out);
    for (name, path) in externs {
        command.arg("--extern").arg(format!("{name}={}", path.display()));
    }
    // The sources are checked as a crate of the workspace; warnings would only appear twice.
    command.args(["--cap-lints", "allow"]);
    let status = command.status().unwrap_or_else(|error| panic!("cannot run rustc for {}: {error}", root.display()));
    assert!(status.success(), "rustc failed on {}", root.display());
}
