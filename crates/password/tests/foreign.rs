//! Known answers for the hashes that the recorded vectors don't have.

#![cfg(feature = "legacy")]

use password::{
    ForeignSettings, Malformed, Params, PasswordHash, Strength, Verdict, verify, verify_foreign,
};

/// A hash, and the password that gives it.
type Known = (&'static str, &'static str);

/// By `_hash_internal` of Werkzeug 2.3.8, each accepted by its `check_password_hash`.
const WERKZEUG: &[Known] = &[
    (
        "md5$Tzs7dQ5n$87ed63dc05d6f856e73c93847dd421dd",
        "correct horse",
    ),
    (
        "sha1$Tzs7dQ5n$dc656e4855a97bedbd2556c4daa1b45804dc66b5",
        "correct horse",
    ),
    (
        "sha224$Tzs7dQ5n$c8ce0dccdd428423edace3f1e6b2d3a863bdaa60b5faa76bdf9ad909",
        "correct horse",
    ),
    (
        "sha256$Tzs7dQ5n$22bb8bf3f25269495233bb3aca8ef344c1bbee214b36b8ecedeeecaaa42c8f15",
        "correct horse",
    ),
    (
        "sha384$Tzs7dQ5n$648b138d03322a60f22c5a85d00e646853a09add1b6a819e5b05e355dc86c9ba4f0098fd915aebba0c176bc921eb27ed",
        "correct horse",
    ),
    (
        "sha512$Tzs7dQ5n$ef283421b06630af6bbd4f955383c1d34180c736fcf33f0a661f77e74c7395194f89e748b028145b423af121b0d32436cee553146092cfb432e2f93c451298c3",
        "correct horse",
    ),
    (
        "sha3_256$Tzs7dQ5n$766bb4cab9f0ae85d5b509112da5a7fb6dee9a0ccbb3bfe74812e946ffa39364",
        "correct horse",
    ),
    (
        "blake2b$Tzs7dQ5n$869e7107a822d2abdde4f288af2f65aba43342ab8625879c95e1fe0b12090ea9cb29204ba1ea5394e51fdb87567f5f74944180b6c0e3addecf3e3d3e40beec10",
        "correct horse",
    ),
    (
        "ripemd160$Tzs7dQ5n$5c9708bf0c7fc53c04ba689ce894d08a4bee0058",
        "correct horse",
    ),
];

/// By Python's `hashlib`, as Django's `MD5PasswordHasher` and `SHA1PasswordHasher` do: the form is Werkzeug's, too.
const DJANGO: &[Known] = &[
    (
        "md5$Tzs7dQ5n$8e727adbd70573ef6769f15496770972",
        "correct horse",
    ),
    (
        "sha1$Tzs7dQ5n$4a7349d2a9f1bc9c776bdba00d2903ab8cd8140f",
        "correct horse",
    ),
];

/// The first three from Spring Security's reference ("Password Storage"), the others by Python's `hashlib`.
const SPRING: &[Known] = &[
    (
        "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG",
        "password",
    ),
    (
        "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc",
        "password",
    ),
    (
        "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
        "password",
    ),
    (
        "{pbkdf2@SpringSecurity_v5_8}000102030405060708090a0b0c0d0e0fe0f65a4bf6716253d2d10a7a4b18f35cd4baf31ff031a187cd0091674905482d",
        "password",
    ),
    (
        "{scrypt@SpringSecurity_v5_8}$100801$AAECAwQFBgcICQoLDA0ODw==$jWPkcxERY25E9gwism7ggXZkARLbUPyOZiOM5ZQx95s=",
        "password",
    ),
    (
        "$100801$AAECAwQFBgcICQoLDA0ODw==$jWPkcxERY25E9gwism7ggXZkARLbUPyOZiOM5ZQx95s=",
        "password",
    ),
    (
        "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw",
        "correct horse",
    ),
    (
        "{MD5}{DQVdAbZ3ZcuAMjEfdjLSgxvfVNyOQ5N0VYbPCGPVtTk=}5d1321c79b3de42b36053ea3e81b669a",
        "password",
    ),
    (
        "{SHA-1}{DQVdAbZ3ZcuAMjEfdjLSgxvfVNyOQ5N0VYbPCGPVtTk=}63444ea6e603cfe311b38596f6f0d84a8065ce2c",
        "password",
    ),
    (
        "{SHA-256}{DQVdAbZ3ZcuAMjEfdjLSgxvfVNyOQ5N0VYbPCGPVtTk=}2743f5ed2ee21e931f1dcded757c06d151d8446840f9f999d7cbfb63ef8fd048",
        "password",
    ),
    (
        "{ldap}{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
        "correct horse",
    ),
];

/// The first three from `PasswordHasherTest.cs` of ASP.NET Core, the last by Python's `hashlib`.
const ASPNET: &[Known] = &[
    (
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
        "my password",
    ),
    (
        "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
        "my password",
    ),
    (
        "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=",
        "my password",
    ),
    (
        "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/L95GPYXAeCzoDR3zAqF45Y5Hk+OUplRUQgPkryWuljQ==",
        "p\u{e4}ssword",
    ),
];

/// The first of hashcat's examples (mode 7900), the others by Python's `hashlib`.
const DRUPAL: &[Known] = &[
    (
        "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf",
        "hashcat",
    ),
    (
        "$S$9abcdefghfac1moXCNYkc6LNHkD328SkJjXyRuwNzAetTDeXKTbN",
        "correct horse",
    ),
    (
        "U$S$9abcdefghbuSeq0SHyLCDo68hz9HZ87PH3pAF9WDcB2xJhSARO3W",
        "correct horse",
    ),
    ("U$P$9abcdefghaZBFBKM28Z5ZZ.6o8Qlg0.", "correct horse"),
];

/// The first from Firebase's own scrypt repository, the second from Supabase Auth's tests.
const FIREBASE: &[Known] = &[
    (
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "user1password",
    ),
    (
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0_c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y_w7IS5p6Ut2-CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84-hfTw==",
        "mytestpassword",
    ),
];

/// By Python's `hashlib`, and what is of crypt(3) by libxcrypt.
const DOVECOT: &[Known] = &[
    (
        "{PBKDF2}$1$EX8bY6fk0RUEw7jv$5000$5cf9cfcb97286ff328f4fdd46f3e034676a7ed60",
        "correct horse",
    ),
    (
        "{BLF-CRYPT}$2y$04$6PcuhHubkf9rqSNJhNyWnegBz5dEsJDdoNHOICcRnfcYQNR.ZZ8TG",
        "correct horse",
    ),
    (
        "{SHA512-CRYPT}$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpGqwA1",
        "correct horse",
    ),
    (
        "{sha256-crypt}$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
        "correct horse",
    ),
    (
        "{MD5-CRYPT}$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
        "correct horse",
    ),
    ("{MD5}$1$saltsalt$NuzA7WTAelpl95xgBGWN60", "correct horse"),
    (
        "{CRYPT}$y$j75$F5Jx5fExrKuPp53xLKQ..1$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
        "correct horse",
    ),
    (
        "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Jc5SM8weTTfpvKMb/vQXEOQERs0ctXWTJ5HF/TeAvTw",
        "correct horse",
    ),
    (
        "{SHA256}QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE=",
        "correct horse",
    ),
    (
        "{SHA256.hex}4104D36F8DA2C254349F85836793EBE029E0C957063A34C91C2E9203187B5631",
        "correct horse",
    ),
    (
        "{SSHA512.b64}MObRFvUHqU5pLIXjc0HkeJH+PKVdEQk34oSyXkDftCxTU6Fk9rWjilWA553MtCFyazGhAOPiDyO1Rv1hndA96XNhbHQ=",
        "correct horse",
    ),
    (
        "{ssha512.HEX}30e6d116f507a94e692c85e37341e47891fe3ca55d110937e284b25e40dfb42c5353a164f6b5a38a5580e79dccb421726b31a100e3e20f23b546fd619dd03de973616c74",
        "correct horse",
    ),
    (
        "{PLAIN-MD5}3cb4e732631f47e6eb961f34554b7cde",
        "correct horse",
    ),
    ("{LDAP-MD5}PLTnMmMfR+brlh80VUt83g==", "correct horse"),
];

/// By libxcrypt: 4 MiB, the default of 16 MiB, and two lanes.
const YESCRYPT: &[Known] = &[
    (
        "$y$j75$F5Jx5fExrKuPp53xLKQ..1$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
        "correct horse",
    ),
    (
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79",
        "correct horse",
    ),
    (
        "$y$j75.0$F5Jx5fExrKuPp53xLKQ..1$6pNnp3zY2CNo5rGypcV.Grqk005norh4KQJSkwAtCU6",
        "correct horse",
    ),
];

const ALL: &[&[Known]] = &[
    WERKZEUG, DJANGO, SPRING, ASPNET, DRUPAL, FIREBASE, DOVECOT, YESCRYPT,
];

fn check(hash: &str, password: &str) -> Verdict {
    verify(
        &password.into(),
        &PasswordHash::from(hash),
        &Params::default(),
    )
}

#[test]
fn the_password_matches_another_does_not_and_the_hash_is_to_be_upgraded() {
    for (hash, password) in ALL.iter().copied().flatten() {
        assert_eq!(
            check(hash, password),
            Verdict::Match(Strength::Outdated),
            "{hash}"
        );
        assert_eq!(check(hash, "incorrect horse"), Verdict::NoMatch, "{hash}");
    }
}

/// Whoever signs in is not told that the password is wrong when no password could be right: the operator is told.
#[test]
fn what_an_export_adds_before_or_behind_a_hash_damages_it() {
    for (hash, password) in ALL.iter().copied().flatten() {
        for damaged in [
            format!("{hash}\n"),
            format!("{hash}\r\n"),
            format!("{hash} "),
            format!("{hash}\0"),
            format!(" {hash}"),
            format!("\u{feff}{hash}"),
            format!("\"{hash}\""),
            hash[..hash.len() - 1].to_owned(),
        ] {
            let verdict = check(&damaged, password);
            let is_salted = ["{ldap}", "{SSHA512.b64}"].map(|label| hash.starts_with(label));
            if is_salted.contains(&true) && damaged.ends_with('\n') && verdict.is_match() {
                continue; // passlib takes one newline behind a salted digest
            }
            assert!(
                matches!(verdict, Verdict::Malformed(_)),
                "{damaged:?}: {verdict:?}"
            );
        }
    }
}

#[test]
fn what_is_not_hashed_or_not_read_is_refused_by_name() {
    for (stored, reason) in [
        ("{noop}password", Malformed::PlainText),
        ("{PLAIN}password", Malformed::PlainText),
        ("{CLEARTEXT}password", Malformed::PlainText),
        ("{plain.b64}cGFzc3dvcmQ=", Malformed::PlainText),
        ("{noop}", Malformed::PlainText),
        (
            "{sha256}97cde38028ad898ebc02e690819fa220e88c62e0699403e94fff291cfffaf8410849f27605abcbc0",
            Malformed::Unsupported,
        ),
        (
            "{CRAM-MD5}9186d855e11eba527a7a52ca82b313e180d62234f0acc9051b527243d41e2740",
            Malformed::Unsupported,
        ),
        (
            "{SCRAM-SHA-256}4096,aGVsbG8=,AAAA,AAAA",
            Malformed::Unsupported,
        ),
        ("{DES-CRYPT}JQMuyS6H.AGMo", Malformed::Unsupported),
        ("{CRYPT}*", Malformed::Unusable),
        ("{password}", Malformed::UnknownFormat),
        ("{SHA.rot13}abc", Malformed::UnknownFormat),
        (
            "sha256$$22bb8bf3f25269495233bb3aca8ef344c1bbee214b36b8ecedeeecaaa42c8f15",
            Malformed::Unsupported,
        ),
        ("plain$$password", Malformed::UnknownFormat),
        (
            "A password of eleven words that somebody has written here, alas",
            Malformed::UnknownFormat,
        ),
        (
            "U$2b$04$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
            Malformed::UnknownFormat,
        ),
        (
            "$y$j953/2$saltsaltsalt$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
            Malformed::Unsupported,
        ),
        (
            "$y$/75$saltsaltsalt$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
            Malformed::Unsupported,
        ),
    ] {
        assert_eq!(
            check(stored, "password"),
            Verdict::Malformed(reason),
            "{stored}"
        );
    }
}

fn check_with(hash: &str, password: &str, settings: &ForeignSettings) -> Verdict {
    let hash = PasswordHash::from(hash);
    verify_foreign(&password.into(), &hash, &Params::default(), settings)
}

/// By Python's bcrypt 3.2.2, of 80 bytes.
const CUT: &str = "$2b$04$6PcuhHubkf9rqSNJhNyWnee.mXj86uAh8227adyC64mKedrG/AZ.W";

#[test]
fn a_password_beyond_72_bytes_is_cut_for_bcrypt_where_that_is_set() {
    let password = "0123456789".repeat(8);
    let cutting = ForeignSettings {
        truncate_bcrypt: true,
        ..ForeignSettings::default()
    };
    for hash in [
        CUT.to_owned(),
        format!("bcrypt${CUT}"),
        format!("{{BLF-CRYPT}}{CUT}"),
    ] {
        let before = check_with(&hash, &password, &ForeignSettings::default());
        assert_eq!(before, Verdict::NoMatch);
        assert!(check_with(&hash, &password, &cutting).is_match());
        assert!(check_with(&hash, &password[..72], &cutting).is_match());
        assert_eq!(
            check_with(&hash, &password[..71], &cutting),
            Verdict::NoMatch
        );
        assert_eq!(
            check_with(&hash, &password[1..], &cutting),
            Verdict::NoMatch
        );
    }
}

#[test]
fn devises_pepper_stands_behind_the_password_and_is_cut_with_it() {
    // By Python's bcrypt 3.2.2, of the password and the pepper, as `Devise::Encryptor` puts them together.
    const PEPPERED: &str = "$2a$04$6PcuhHubkf9rqSNJhNyWnep0.psH9iemvddZxXEVlbR1obvKJms26";
    let devise = ForeignSettings {
        bcrypt_pepper: Some(
            "9f1c0e7ab25d4836f0a1c2e3d4b5968778695a4b3c2d1e0fa9b8c7d6e5f4031267ab".into(),
        ),
        ..ForeignSettings::default()
    };
    assert!(check_with(PEPPERED, "correct horse", &devise).is_match());
    assert_eq!(
        check_with(PEPPERED, "correct horses", &devise),
        Verdict::NoMatch
    );
    let bare = check_with(PEPPERED, "correct horse", &ForeignSettings::default());
    assert_eq!(bare, Verdict::NoMatch);

    // A hash under another system's label is that system's.
    let labelled = "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG";
    assert!(check_with(labelled, "password", &devise).is_match());
}
