use super::*;
use crate::StoreProblem;
use std::io::Write;

/// What every store must do. Run on each kind.
fn conform(store: &Store) {
    let missing = store.get("a/none").unwrap_err();
    assert_eq!(missing.problem(), StoreProblem::NotFound);
    assert!(missing.to_string().ends_with("a/none, but found nothing there"), "{missing}");
    assert!(store.list("").unwrap().is_empty());

    store.put("a/one", "1").unwrap();
    store.put("a/one", "11").unwrap();
    assert_eq!(store.create("a/one", "x").unwrap(), Created::Exists);
    assert_eq!(store.create("a/b/two", "22222").unwrap(), Created::Created);
    assert_eq!(store.get("a/one").unwrap(), "11");
    assert_eq!(store.head("a/b/two").unwrap().size, 5);
    assert!(store.exists("a/b/two").unwrap() && !store.exists("a/b").unwrap());

    store.put("odd/ü % #x (1)*[2]?.txt", "odd").unwrap();
    let paths: Vec<_> = store.list("").unwrap().into_iter().map(|o| o.path).collect();
    assert_eq!(paths, ["a/b/two", "a/one", "odd/ü % #x (1)*[2]?.txt"]);
    assert_eq!(store.get(&paths[2]).unwrap(), "odd");
    let below: Vec<_> = store.list("a/b").unwrap().into_iter().map(|o| o.path).collect();
    assert_eq!(below, ["a/b/two"]);

    write_large(store);
    store.delete("a/one").unwrap();
    store.delete("a/one").unwrap();
    assert!(!store.exists("a/one").unwrap());
    assert_eq!(store.get("../a").unwrap_err().problem(), StoreProblem::BadLocation);
}

fn write_large(store: &Store) {
    let part: Vec<u8> = (0..=255).cycle().take(7 << 20).collect();
    let mut dropped = store.writer("large/file").unwrap();
    for _ in 0..5 {
        dropped.write_all(&part).unwrap();
    }
    assert!(!store.exists("large/file").unwrap());
    assert!(store.list("large").unwrap().is_empty());
    drop(dropped);
    let mut writer = store.writer("large/file").unwrap();
    for _ in 0..5 {
        writer.write_all(&part).unwrap();
    }
    writer.finish().unwrap();
    let mut back = Vec::new();
    store.reader("large/file").unwrap().read_to_end(&mut back).unwrap();
    assert!(back == part.repeat(5));
    let ranged = RangedObject::new(store.clone(), "large/file".into(), back.len() as u64);
    assert!(ranged.bytes(4_000_000, 9_000_000).unwrap() == back[4_000_000..13_000_000]);
    assert_eq!(ranged.bytes(back.len() as u64 - 3, 10).unwrap().len(), 3);
    store.writer("large/empty").unwrap().finish().unwrap();
    assert_eq!(store.head("large/empty").unwrap().size, 0);
    store.delete("large/empty").unwrap();
}

#[test]
fn memory_conforms() {
    conform(&Store::memory());
}

#[test]
fn a_local_folder_conforms_even_when_it_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("not/yet here%20").to_str().unwrap()).unwrap();
    conform(&store);
    let left: Vec<_> = std::fs::read_dir(store.folder().unwrap().join("large")).unwrap().collect();
    assert_eq!(left.len(), 1, "a dropped writer leaves nothing behind");
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn staging_files_of_killed_writers_are_swept_and_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    let killed = |name: &str| std::fs::write(folder.path().join(name), "half").unwrap();
    let staged = staging::name_for("x.zst");
    killed(&staged);
    killed(&format!("{staged}#1"));
    let other = staging::name_for("xx.zst");
    killed(&other);
    killed("x.zst");
    assert_eq!(store.list("").unwrap().len(), 1, "what is staged is not seen");
    store.sweep("x.zst").unwrap();
    assert_eq!(names(folder.path()), [other.as_str(), "x.zst"]);
    store.sweep("no/such/folder").unwrap();

    std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
    killed(&format!("a/b/{}", staging::name_for("y")));
    store.sweep_below("a").unwrap();
    assert_eq!(names(folder.path()), [other.as_str(), "a", "x.zst"]);
    assert!(names(&folder.path().join("a/b")).is_empty());
}

#[test]
fn a_sweep_costs_a_living_put_another_try_and_a_living_writer_an_error_but_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    let mut slow = store.writer("large").unwrap();
    slow.write_all(&vec![b'x'; 40 << 20]).unwrap();
    std::thread::scope(|scope| {
        let swept = scope.spawn(|| {
            for _ in 0..100 {
                store.sweep_below("").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        for i in 0..200 {
            store.put("run.json", format!("{i}")).unwrap();
            assert_eq!(store.get("run.json").unwrap(), format!("{i}"));
            store.delete("new").unwrap();
            // Where the sweep came between its two steps, it is already there the second time.
            store.create("new", format!("{i}")).unwrap();
            assert_eq!(store.get("new").unwrap(), format!("{i}"));
        }
        swept.join().unwrap();
    });
    let mut quick = store.writer("large").unwrap();
    quick.write_all(b"quick").unwrap();
    quick.finish().unwrap();
    let error = slow.finish().unwrap_err().to_string();
    assert!(error.contains("another process write it too"), "{error}");
    assert_eq!(store.get("large").unwrap(), "quick");
    assert_eq!(names(folder.path()), ["large", "new", "run.json"]);
}

#[test]
fn two_writers_of_one_path_each_publish_only_what_they_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    let mut one = store.writer("x").unwrap();
    one.write_all(&vec![b'1'; 20 << 20]).unwrap();
    let mut two = store.writer("x").unwrap();
    two.write_all(&vec![b'2'; 20 << 20]).unwrap();
    one.finish().unwrap();
    assert!(store.get("x").unwrap().iter().all(|&byte| byte == b'1'));
    two.finish().unwrap();
    assert!(store.get("x").unwrap().iter().all(|&byte| byte == b'2'));
    assert_eq!(names(folder.path()), ["x"]);
}

#[test]
fn of_many_creators_exactly_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    let wins: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                scope.spawn({
                    let store = &store;
                    move || store.create("run.json", format!("{i}"))
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap().unwrap()).collect()
    });
    assert_eq!(wins.iter().filter(|&&w| w == Created::Created).count(), 1);
}

#[test]
fn a_folder_that_denies_writing_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    // The superuser may write anywhere, so there is nothing to see then.
    if let Err(error) = store.put("x", "1") {
        assert_eq!(error.problem(), StoreProblem::Denied, "{error}");
        assert!(error.to_string().contains("permission is denied"));
    }
}

#[test]
fn an_unknown_scheme_is_a_bad_location() {
    let error = Store::open("ftp://host/dir").unwrap_err();
    assert_eq!(error.problem(), StoreProblem::BadLocation);
    assert!(error.to_string().contains("ftp://host"), "{error}");
}

#[test]
fn locations_are_taken_apart() {
    let url = Location::parse("s3://bucket/a/b*.gz");
    assert_eq!(url, Location::Url { root: "s3://bucket".into(), key: "a/b*.gz".into() });
    assert_eq!(Location::parse("file:///tmp/x"), Location::Local("/tmp/x".into()));
    assert_eq!(Location::parse("data/x"), Location::Local("data/x".into()));
}

#[cfg(feature = "cloud")]
#[test]
fn stores_of_clouds_are_built_in() {
    for location in ["s3://bucket/some/prefix", "gs://bucket/prefix"] {
        // No credentials are asked for before the first access.
        let store = Store::open(location).unwrap();
        assert_eq!(store.place("x"), format!("{location}/x"));
        assert!(store.folder().is_none());
    }
}
