//! `pull`.

use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::manifest::{Hash, Locations, Manifest};
use crate::output::count;
use clap::Args;
use migrated_proto::v1::{PullRevisionsRequest, PullRevisionsResponse};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

/// Arguments of `pull`.
#[derive(Args, Debug)]
pub struct Pull {
    /// Replace local files that differ from the published ones
    #[arg(long)]
    pub overwrite: bool,
}

/// Runs the verb. Files that only the folder has stay.
///
/// # Errors
/// LOCAL_FILE where a local file differs and `--overwrite` is missing, or a file cannot be written; the daemon's.
pub async fn run(context: &mut Context, args: &Pull) -> Result<Exit> {
    let locations = context.locations();
    for (folder, _) in &locations.list {
        std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make", &e))?;
    }
    let local = context.manifest()?;
    let have = local.entries.iter().map(|e| e.sha256.to_vec()).collect();
    let request = PullRevisionsRequest { project: context.config.project(), have };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.revisions().pull_revisions(request).await }
    });
    let mut stream = answer.await?;
    let mut folder = Folder::new(locations, &local, args.overwrite);
    while let Some(part) = stream.message().await? {
        folder.take(&part)?;
    }
    let written = folder.finish()?;
    context.forget_folder();
    context.out.result(&json!({ "written": written }), |out| {
        written.iter().for_each(|path| out.line(path));
        out.note(&format!("{} written", count(written.len() as u64, "file")));
    });
    Ok(Exit::Done)
}

/// A folder that files are put into.
struct Folder<'a> {
    locations: Locations,
    overwrite: bool,
    by_hash: HashMap<&'a [u8], PathBuf>,
    by_path: HashMap<&'a str, &'a [u8]>,
    open: Option<Incoming>,
    written: Vec<String>,
}

/// A file that is on its way: it stands beside its place until it is whole.
struct Incoming {
    path: String,
    place: PathBuf,
    temporary: PathBuf,
    file: File,
    hash: Sha256,
    sha256: Vec<u8>,
    at: u64,
    size: u64,
}

impl<'a> Folder<'a> {
    fn new(locations: Locations, local: &'a Manifest, overwrite: bool) -> Folder<'a> {
        let entries = &local.entries;
        Folder {
            locations,
            overwrite,
            by_hash: entries.iter().map(|e| (e.sha256.as_slice(), local.file(e))).collect(),
            by_path: entries.iter().map(|e| (e.path.as_str(), e.sha256.as_slice())).collect(),
            open: None,
            written: Vec::new(),
        }
    }

    fn take(&mut self, part: &PullRevisionsResponse) -> Result<()> {
        if part.offset == 0 {
            self.close()?;
            if self.by_path.get(part.path.as_str()) == Some(&part.sha256.as_slice()) {
                return Ok(());
            }
            self.open = Some(self.begin(part)?);
            if part.data.is_empty() && part.size > 0 {
                return self.copy(part);
            }
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.path != part.path || open.at != part.offset {
            return Err(damaged(&part.path, "its parts are out of order"));
        }
        open.add(&part.data)
    }

    fn begin(&self, part: &PullRevisionsResponse) -> Result<Incoming> {
        let place = self.locations.file_of(&part.path).ok_or_else(|| {
            Own::LocalFile
                .error(format!("{} lies in none of the version locations", part.path))
                .next("add its folder with `--dir`, or to `dirs` in migratectl.toml")
        })?;
        if place.exists() && !self.overwrite {
            return Err(Own::LocalFile
                .error(format!("{} differs from the published file", place.display()))
                .state("the file is as it was; files before it are written")
                .next("keep your file under another name, or add `--overwrite`"));
        }
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make", &e))?;
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let temporary = place.with_file_name(format!(".{name}.{}", std::process::id()));
        let file = File::create(&temporary).map_err(|e| Error::file(&temporary, "create", &e))?;
        let (path, sha256, size) = (part.path.clone(), part.sha256.clone(), part.size);
        Ok(Incoming { path, place, temporary, file, hash: Sha256::new(), sha256, at: 0, size })
    }

    /// The folder has the file under another name.
    fn copy(&mut self, part: &PullRevisionsResponse) -> Result<()> {
        let from =
            self.by_hash.get(part.sha256.as_slice()).ok_or_else(|| damaged(&part.path, "it has no bytes"))?;
        let wrong = |e: std::io::Error| Error::file(from, "read", &e);
        let mut source = File::open(from).map_err(wrong)?;
        let mut piece = vec![0; 64 * 1024];
        let Some(open) = &mut self.open else { return Ok(()) };
        loop {
            match source.read(&mut piece).map_err(wrong)? {
                0 => return Ok(()),
                n => open.add(&piece[..n])?,
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.written.push(open.path.clone());
        open.put()
    }

    fn finish(mut self) -> Result<Vec<String>> {
        self.close()?;
        Ok(std::mem::take(&mut self.written))
    }
}

impl Incoming {
    fn add(&mut self, data: &[u8]) -> Result<()> {
        self.hash.update(data);
        self.at += data.len() as u64;
        self.file.write_all(data).map_err(|e| Error::file(&self.temporary, "write", &e))
    }

    fn put(mut self) -> Result<()> {
        let hash: Hash = std::mem::take(&mut self.hash).finalize().into();
        if self.at != self.size || self.sha256 != hash {
            return Err(damaged(&self.path, "its bytes are not those that its hash names"));
        }
        std::fs::rename(&self.temporary, &self.place).map_err(|e| Error::file(&self.place, "write", &e))
    }
}

impl Drop for Incoming {
    /// After a rename there is nothing left to remove.
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.temporary));
    }
}

fn damaged(path: &str, why: &str) -> Box<Error> {
    let mut error = Own::LocalFile.error(format!("{path} did not arrive whole: {why}"));
    (error.code, error.reason) = ("MG3010".into(), "BODY_MISMATCH".into());
    error.state("the file is as it was").next("run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    struct Case {
        dir: tempfile::TempDir,
        locations: Locations,
        local: Manifest,
    }

    fn case(files: &[(&str, &str)]) -> Case {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = dir.path().join("m");
        std::fs::create_dir(&folder).expect("a folder");
        files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).expect("a file"));
        let locations = Locations::new(dir.path(), &[folder], false);
        let local = manifest::read(&locations, &dir.path().join("index")).expect("a manifest");
        Case { dir, locations, local }
    }

    fn part(path: &str, whole: &str, offset: usize, data: &str) -> PullRevisionsResponse {
        PullRevisionsResponse {
            path: path.into(),
            sha256: Sha256::digest(whole).to_vec(),
            size: whole.len() as u64,
            offset: offset as u64,
            data: data.into(),
        }
    }

    impl Case {
        fn pull(&self, overwrite: bool, parts: &[PullRevisionsResponse]) -> Result<Vec<String>> {
            let mut folder = Folder::new(self.locations.clone(), &self.local, overwrite);
            parts.iter().try_for_each(|p| folder.take(p))?;
            folder.finish()
        }

        fn text(&self, name: &str) -> Option<String> {
            std::fs::read_to_string(self.dir.path().join("m").join(name)).ok()
        }
    }

    #[test]
    fn parts_become_files_and_known_bodies_are_copied() {
        let case = case(&[("a.sql", "one"), ("same.sql", "same")]);
        let parts = [
            part("m/b.sql", "abcdef", 0, "abc"),
            part("m/b.sql", "abcdef", 3, "def"),
            part("m/copy.sql", "one", 0, ""),
            part("m/same.sql", "same", 0, ""),
            part("m/empty.sql", "", 0, ""),
        ];
        assert_eq!(case.pull(false, &parts).expect("they arrive"), ["m/b.sql", "m/copy.sql", "m/empty.sql"]);
        assert_eq!(case.text("b.sql").as_deref(), Some("abcdef"));
        assert_eq!(case.text("copy.sql").as_deref(), Some("one"));
        assert_eq!(case.text("empty.sql").as_deref(), Some(""));
    }

    #[test]
    fn a_file_that_differs_is_kept_unless_told_otherwise() {
        let case = case(&[("a.sql", "mine")]);
        let parts = [part("m/a.sql", "theirs", 0, "theirs")];
        let error = case.pull(false, &parts).expect_err("it is refused");
        assert!(error.next.contains("--overwrite"), "{}", error.next);
        assert_eq!(case.text("a.sql").as_deref(), Some("mine"));
        case.pull(true, &parts).expect("it is replaced");
        assert_eq!(case.text("a.sql").as_deref(), Some("theirs"));
    }

    #[test]
    fn damaged_cut_and_foreign_files_are_refused_and_leave_nothing() {
        let case = case(&[]);
        for parts in [
            vec![part("m/a.sql", "abc", 0, "abd")],
            vec![part("m/a.sql", "abcdef", 0, "abc")],
            vec![part("m/a.sql", "abcdef", 0, "abc"), part("m/a.sql", "abcdef", 4, "ef")],
            vec![part("m/../../a.sql", "abc", 0, "abc")],
            vec![part("/etc/a.sql", "abc", 0, "abc")],
        ] {
            case.pull(true, &parts).expect_err("it is refused");
            let left = std::fs::read_dir(case.dir.path().join("m")).expect("the folder").count();
            assert_eq!(left, 0, "{parts:?}");
        }
    }
}
