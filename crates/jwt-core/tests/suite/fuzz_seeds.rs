//! The targets of `fuzz/` on their seeds. So they compile, and an input that once broke one, kept
//! as a seed, does not again.

#[path = "../../../../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 9] = [
    ("token", targets::token),
    ("claims", targets::claims),
    ("key_set", targets::key_set),
    ("pem", targets::pem),
    ("der", targets::der),
    ("path", targets::path),
    ("operator", targets::operator),
    ("revocation", targets::revocation),
    ("discovery", targets::discovery),
];

fn folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    root.join(name)
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path())
}

#[test]
fn nothing_breaks_on_the_seeds() {
    for (name, target) in TARGETS {
        let mut seeds = 0;
        for seed in files(&folder("seeds").join(name)) {
            println!("{}", seed.display()); // shown when it fails
            target(&fs::read(seed).unwrap());
            seeds += 1;
        }
        assert!(seeds > 2, "{name} has {seeds} seeds");
    }
}

#[test]
fn every_target_has_its_program_and_its_seeds() {
    let names = |folder: &Path| -> BTreeSet<String> {
        files(folder)
            .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("seeds")), targets);
    assert_eq!(names(&folder("fuzz_targets")), targets);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in targets {
        let path = format!("fuzz_targets/{name}.rs");
        let program = fs::read_to_string(folder(&path)).unwrap();
        assert!(program.contains(&format!("jwt_fuzz::{name}(data)")));
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{path}\"")));
    }
}
