use std::fmt::Write as _;
use std::fs;

use super::*;

const SOME: &[&str] = &["password", "correct horse", "hunter2", "Å", ""];

fn hash_of(password: &str) -> String {
    let mut text = String::new();
    for byte in Sha1::digest(password) {
        write!(text, "{byte:02X}").unwrap();
    }
    text
}

/// Builds a list from this text, and opens it.
fn built(text: &str, min_count: u64) -> Result<(tempfile::TempDir, BreachedList), BuildListError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let mut progress = |_| {};
    let mut builder = ListBuilder::new(&path, min_count, &mut progress)?;
    builder.add_lines(text.as_bytes(), "(text)", "")?;
    let count = builder.finish()?;
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
    let list = BreachedList::open(&path).unwrap();
    assert_eq!(list.count(), count);
    Ok((folder, list))
}

fn has(list: &BreachedList, password: &str) -> bool {
    list.contains(&password.into()).unwrap()
}

#[test]
fn what_is_on_it_is_found_and_nothing_else() {
    let lines = SOME.iter().map(|it| format!("{}:7\r\n", hash_of(it)));
    let (_folder, list) = built(&lines.collect::<String>(), 1).unwrap();
    assert_eq!(list.count(), 5);
    for password in SOME {
        assert!(has(&list, password), "{password}");
    }
    for other in ["Password", "password ", "hunter3", "å"] {
        assert!(!has(&list, other), "{other}");
    }
    assert!(has(&list, "A\u{30a}"), "however it is composed");
}

#[test]
fn order_case_and_repetition_do_not_matter() {
    let mut text = String::new();
    for number in (0..3000).rev() {
        writeln!(text, "{}:1", hash_of(&number.to_string())).unwrap();
        writeln!(text, "{}:2", hash_of(&number.to_string()).to_lowercase()).unwrap();
    }
    text.truncate(text.len() - 1); // the last line needs no end
    let (_folder, list) = built(&text, 1).unwrap();
    assert_eq!(list.count(), 3000);
    for number in 0..3000 {
        assert!(has(&list, &number.to_string()), "{number}");
    }
    assert!(!has(&list, "3000"));
}

#[test]
fn what_is_rarer_than_asked_for_is_left_out() {
    let line = |password: &str, count: &str| format!("{}:{count}\n", hash_of(password));
    let text = [
        line("often", "10"),
        line("seldom", "9"),
        line("padding", "0"),
    ]
    .concat();
    let (_folder, list) = built(&text, 10).unwrap();
    assert!(has(&list, "often") && !has(&list, "seldom"));
    let (_folder, list) = built(&text, 0).unwrap();
    assert!(has(&list, "seldom") && !has(&list, "padding"));
    assert!(matches!(built(&text, 11), Err(BuildListError::Empty)));
}

#[test]
fn lines_that_are_none_are_counted_and_refused() {
    let good = format!("{}:7\n", hash_of("x"));
    let long = format!("{}:{}\n", hash_of("x"), "0".repeat(5000));
    for (text, first, count) in [
        (format!("{good}\n{}\n{good}", hash_of("x")), 3, 1),
        (format!("{good}{}7\n", hash_of("x")), 2, 1),
        (format!("{good}{}:\n", hash_of("x")), 2, 1),
        (
            format!("{good}{}:-1\n{}:+1\n", hash_of("x"), hash_of("x")),
            2,
            2,
        ),
        (format!("{good}{}:1x\n", hash_of("x")), 2, 1),
        (format!("{}g:1\n{good}", &hash_of("x")[1..]), 1, 1),
        (format!("{}:1\n{good}", &hash_of("x")[1..]), 1, 1),
        (format!("{long}{long}{good}"), 1, 2),
        (
            format!("{good}{}:99999999999999999999\n", hash_of("x")),
            2,
            1,
        ),
        ("é".repeat(40), 1, 1),
    ] {
        let Err(BuildListError::Malformed {
            first: at,
            count: found,
            ..
        }) = built(&text, 1)
        else {
            panic!("{text}");
        };
        assert_eq!((at, found), (first, count), "{text}");
    }
    let error = built("x\n".repeat(5).as_str(), 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "(text): line 1 is not a SHA-1 hash in hexadecimal, a colon and a count, nor are 4 others"
    );
}

#[test]
fn a_folder_of_ranges_is_a_source_too() {
    let folder = tempfile::tempdir().unwrap();
    let ranges = folder.path().join("ranges");
    fs::create_dir(&ranges).unwrap();
    for (number, password) in SOME.iter().enumerate() {
        let hash = hash_of(password);
        let (digits, suffix) = hash.split_at(5);
        let name = if number == 0 {
            format!("{digits}.txt")
        } else {
            digits.to_lowercase()
        };
        fs::write(
            ranges.join(name),
            format!("{suffix}:3\r\n{}:0", "0".repeat(35)),
        )
        .unwrap();
    }
    let path = folder.path().join("list");
    let mut progress = |_| {};
    let mut builder = ListBuilder::new(&path, 1, &mut progress).unwrap();
    builder.add(&ranges).unwrap();
    assert_eq!(builder.finish().unwrap(), 5);
    let list = BreachedList::open(&path).unwrap();
    assert!(SOME.iter().all(|password| has(&list, password)));

    fs::write(ranges.join("README"), "").unwrap();
    let mut builder = ListBuilder::new(&path, 1, &mut progress).unwrap();
    let refused = builder.add(&ranges);
    assert!(matches!(refused, Err(BuildListError::NoRange(_))));
    drop(builder);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(BreachedList::open(&path).is_ok(), "the one before is there");
}

#[test]
fn any_other_file_is_refused() {
    let (folder, list) = built(&format!("{}:1\n", hash_of("x")), 1).unwrap();
    drop(list);
    let path = folder.path().join("list");
    let whole = fs::read(&path).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        BreachedList::open(&path).unwrap_err()
    };
    let foreign = |error: OpenListError| matches!(error, OpenListError::Foreign);
    assert!(foreign(with(&|bytes| bytes.clear())));
    assert!(foreign(with(&|bytes| bytes.truncate(20))));
    assert!(foreign(with(&|bytes| bytes[0] = b'x')));
    assert!(foreign(with(&|bytes| bytes[16] = 2)));
    assert!(foreign(with(&|bytes| bytes[4000] ^= 1)));
    assert!(foreign(with(&|bytes| bytes[START_BYTES - 1] ^= 1)));
    let truncated = |error: OpenListError| matches!(error, OpenListError::Truncated);
    assert!(truncated(with(&|bytes| bytes.truncate(4000))));
    assert!(truncated(with(&|bytes| bytes.truncate(bytes.len() - 1))));
    assert!(truncated(with(&|bytes| bytes.push(0))));
    let newer = with(&|bytes| bytes[8] = 2);
    assert!(matches!(newer, OpenListError::Version(2)));
    // Sums that add up, over an index that leads beyond the entries.
    assert!(foreign(with(&|bytes| {
        bytes[HEAD_BYTES..HEAD_BYTES + 8].copy_from_slice(&7_u64.to_le_bytes());
        let sum = Sha256::digest(&bytes[..START_BYTES - CHECKSUM_BYTES]);
        bytes[START_BYTES - CHECKSUM_BYTES..START_BYTES].copy_from_slice(&sum);
    })));
    assert!(foreign(BreachedList::open(folder.path()).unwrap_err()));
    let missing = BreachedList::open(folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, OpenListError::Io(_)));
}

#[test]
fn of_a_file_that_was_cut_off_since_nothing_is_known() {
    let (folder, list) = built(&format!("{}:1\n", hash_of("x")), 1).unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("list"));
    file.unwrap().set_len(START_BYTES as u64).unwrap();
    assert!(list.contains(&"x".into()).is_err());
}
