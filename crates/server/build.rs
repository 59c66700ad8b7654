//! Embeds the web pages, if they were built (`make ui`). Cargo needs no Node: without them, the server shows a page
//! that says how to build them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where the pages are built to. The folder is in the repository, its content is not.
const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={DIST}");
    let list = std::fs::read_to_string(format!("{DIST}/files.txt")).unwrap_or_default();
    let mut code = "static FILES: &[File] = &[\n".to_owned();
    for line in list.lines() {
        let mut parts = line.split('\t');
        let (Some(path), Some(kind), Some(hash)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("{DIST}/files.txt has an odd line: {line}").into());
        };
        let file = Path::new(DIST).join(path);
        let bytes = |file: &Path| format!("include_bytes!({file:?})");
        let packed = |ending: &str| {
            let packed = PathBuf::from(format!("{}.{ending}", file.display()));
            if packed.exists() { format!("Some({})", bytes(&packed)) } else { "None".to_owned() }
        };
        let plain = bytes(&file);
        let (gzip, brotli) = (packed("gz"), packed("br"));
        let _ = writeln!(
            code,
            "File {{ path: {path:?}, kind: {kind:?}, hash: {hash:?}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},",
        );
    }
    code.push_str("];\n");
    #[expect(clippy::disallowed_methods, reason = "this is how cargo says where to write")]
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("pages.rs"), code)?;
    Ok(())
}
