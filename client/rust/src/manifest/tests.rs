use super::*;
use std::fs;

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder { dir };
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        fs::write(path, text).expect("the file");
    }

    fn locations(&self, names: &[&str], recursive: bool) -> Locations {
        let paths: Vec<PathBuf> = names.iter().map(|n| self.dir.path().join(n)).collect();
        Locations::new(self.dir.path(), &paths, recursive)
    }

    fn read(&self, names: &[&str], recursive: bool) -> Manifest {
        read(&self.locations(names, recursive), &self.dir.path().join("index")).expect("it is read")
    }
}

fn paths(manifest: &Manifest) -> Vec<&str> {
    manifest.entries.iter().map(|e| e.path.as_str()).collect()
}

#[test]
fn revision_files_come_by_location_and_name_and_nothing_else_does() {
    let folder = Folder::new(&[
        ("m/b.sql", ""),
        ("m/a.yaml", ""),
        ("m/c.yml", ""),
        ("m/.hidden.sql", ""),
        ("m/#a.sql", ""),
        ("m/a.sql~", ""),
        ("m/README.md", ""),
        ("m/.sql", ""),
        ("m/inner/d.sql", ""),
        ("l/z.sql", ""),
    ]);
    fs::create_dir(folder.dir.path().join("m/folder.sql")).expect("a folder that looks like a file");
    assert_eq!(paths(&folder.read(&["m", "l"], false)), ["m/a.yaml", "m/b.sql", "m/c.yml", "l/z.sql"]);
    assert_eq!(paths(&folder.read(&["m"], true)), ["m/a.yaml", "m/b.sql", "m/c.yml", "m/inner/d.sql"]);
}

#[test]
fn the_digest_is_that_of_the_protocol() {
    let folder = Folder::new(&[("m/a.sql", "one"), ("m/b.sql", "two")]);
    let manifest = folder.read(&["m"], false);
    let mut all = Vec::new();
    for (path, text) in [("m/a.sql", "one"), ("m/b.sql", "two")] {
        all.extend_from_slice(path.as_bytes());
        all.push(0);
        all.extend_from_slice(&Sha256::digest(text));
    }
    assert_eq!(manifest.digest, Hash::from(Sha256::digest(&all)));
}

#[test]
fn a_changed_file_of_the_same_size_is_seen_at_once() {
    let folder = Folder::new(&[("m/a.sql", "one")]);
    let before = folder.read(&["m"], false);
    folder.write("m/a.sql", "two");
    assert_ne!(folder.read(&["m"], false).digest, before.digest);
}

#[test]
fn a_changed_file_with_its_old_time_is_seen_even_long_after() {
    let folder = Folder::new(&[("m/a.sql", "one")]);
    let path = folder.dir.path().join("m/a.sql");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    let set = |path: &Path| fs::File::options().write(true).open(path).and_then(|f| f.set_modified(old));
    set(&path).expect("the time is set");
    let before = folder.read(&["m"], false);
    folder.write("m/a.sql", "two");
    set(&path).expect("the time is set");
    assert_ne!(folder.read(&["m"], false).digest, before.digest);
}

#[test]
fn the_index_is_used_and_a_damaged_one_is_not() {
    let folder = Folder::new(&[("m/a.sql", "one"), ("m/b.sql", "two")]);
    let locations = folder.locations(&["m"], false);
    let index = folder.dir.path().join("index");
    let whole = folder.read(&["m"], false);
    // An index that lies proves by its answer that it was asked.
    let files = walk::walk(&locations).expect("it is read");
    let lies: Vec<(Found, Hash)> = files.into_iter().map(|f| (f, [7; 32])).collect();
    index::store(&index, i64::MAX, &[8; 32], &lies);
    let read_back = read(&locations, &index).expect("it is read");
    assert_eq!((read_back.digest, read_back.entries[0].sha256), ([8; 32], [7; 32]));
    fs::write(&index, b"MGINDEX1 and then nothing of use").expect("it is damaged");
    assert_eq!(read(&locations, &index).expect("it is read"), whole);
}

#[test]
fn a_new_and_a_removed_file_are_seen_beside_cached_ones() {
    let folder = Folder::new(&[("m/a.sql", "one"), ("m/c.sql", "three")]);
    folder.read(&["m"], false);
    folder.write("m/b.sql", "two");
    assert_eq!(paths(&folder.read(&["m"], false)), ["m/a.sql", "m/b.sql", "m/c.sql"]);
    fs::remove_file(folder.dir.path().join("m/a.sql")).expect("it is removed");
    let manifest = folder.read(&["m"], false);
    assert_eq!(paths(&manifest), ["m/b.sql", "m/c.sql"]);
    let expected = digest(manifest.entries.iter().map(|e| (e.path.as_str(), &e.sha256)));
    assert_eq!(manifest.digest, expected);
}

#[test]
fn many_files_are_hashed_on_all_processors_with_the_same_result() {
    let files: Vec<(String, String)> =
        (0..200).map(|i| (format!("m/{i:03}.sql"), format!("-- {i}"))).collect();
    let folder = Folder::new(&[]);
    files.iter().for_each(|(path, text)| folder.write(path, text));
    let manifest = folder.read(&["m"], false);
    for (entry, (path, text)) in manifest.entries.iter().zip(&files) {
        assert_eq!((&entry.path, entry.sha256.as_slice()), (path, &Sha256::digest(text)[..]));
    }
    assert_eq!(manifest.entries.len(), 200);
    assert_eq!(manifest.file(&manifest.entries[7]), folder.dir.path().join("m/007.sql"));
}

#[test]
fn locations_are_named_relative_to_the_project() {
    let name = |path: &str| relative_name(Path::new("/p/x"), Path::new(path));
    assert_eq!(name("/p/x/migrations"), "migrations");
    assert_eq!(name("/p/x/./db/../m"), "m");
    assert_eq!(name("/p/shared/m"), "../shared/m");
    assert_eq!(name("/p/x"), ".");
}

#[test]
fn only_paths_inside_of_a_location_have_a_local_file() {
    let list = [PathBuf::from("/p/x/m"), PathBuf::from("/p/s")];
    let locations = Locations::new(Path::new("/p/x"), &list, false);
    assert_eq!(locations.file_of("m/a.sql"), Some("/p/x/m/a.sql".into()));
    assert_eq!(locations.file_of("m/in/a.sql"), Some("/p/x/m/in/a.sql".into()));
    assert_eq!(locations.file_of("../s/a.sql"), Some("/p/s/a.sql".into()));
    for bad in ["m/../a.sql", "m//a.sql", "mm/a.sql", "/etc/a.sql", "m/./a.sql", "../../a.sql", "m"] {
        assert_eq!(locations.file_of(bad), None, "{bad}");
    }
}

#[test]
fn a_missing_folder_is_told_with_the_way_on() {
    let folder = Folder::new(&[]);
    let locations = folder.locations(&["none"], false);
    let error = read(&locations, &folder.dir.path().join("index")).expect_err("there is none");
    assert_eq!(error.code, "MG7004");
    assert!(error.next.contains("migratectl init"), "{}", error.next);
}

#[test]
fn a_folder_that_is_looked_at_by_several_threads_comes_in_order() {
    let folder = Folder::new(&[]);
    let names: Vec<String> = (0..3_000).map(|i| format!("{i:04}.sql")).collect();
    names.iter().for_each(|name| folder.write(name, name));
    let manifest = folder.read(&["."], false);
    assert_eq!(paths(&manifest), names);
    assert!(manifest.entries.iter().all(|e| e.size == 8));
}
