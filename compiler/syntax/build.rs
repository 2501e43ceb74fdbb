//! Turns `grammar.lalrpop` into the tables of the parser.

fn main() {
    lalrpop::Configuration::new()
        .emit_rerun_directives(true)
        .use_cargo_dir_conventions()
        .process()
        .expect("the grammar is free of conflicts");
}
