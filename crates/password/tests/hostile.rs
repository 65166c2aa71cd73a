//! Whatever stands in a row of the database: no panic, no cost beyond the bounds.

#![cfg(feature = "legacy")]

use password::{Kind, Params, PasswordHash, bounds, decoy, verify};
use proptest::prelude::*;

/// One valid hash of every family, none of them costly.
const VALID: &[&str] = &[
    "$argon2id$v=19$m=64,t=1,p=1$ZyGmvFz5rIjMc5EehpBKFA$/oyeYOGCT2PSof6EHF+/OxE6buzEa8j9XGw5vQtwk40",
    "scrypt:1024:8:1$O$84e15ed13ff1aa1d1fbebc34178e537d0f2eeb3b5187dfb52a6f1dff7aba614c5735ea922a9fdd9157ac5e2352642d9026637126b5acaca071a0525b111b8c10",
    "pbkdf2:sha256:1$1nyuAlLLeFxrrSNP$1af8b049e51f04c21c91c800969e8ee573979367626de2e572b18ea2db4ee064",
    "pbkdf2_sha256$1$salt$+NFTRWKYUBs3pDFuoaqNg/Pn7TsUG7zoNAwIHRL3gPA=",
    "scrypt$64$salt$1$1$/BX3m8j+5UW+jAgVyE5+CpWYpkKUYRfPa4OjjK4D/H0m8ju2iP2iFMLHn07mQIrpSympiyiHp7SkccqjD+y4/A==",
    "argon2$argon2id$v=19$m=64,t=1,p=1$ZyGmvFz5rIjMc5EehpBKFA$/oyeYOGCT2PSof6EHF+/OxE6buzEa8j9XGw5vQtwk40",
    "bcrypt$$2b$04$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
    "bcrypt_sha256$$2b$04$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
    "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    "sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "$2b$04$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
    "$wp$2y$04$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
    "$bcrypt-sha256$v=2,t=2b,r=4$Yc3tqW60pEzDclKK.H6oTu$AkCx/TP6Bt26LhG23Z0CBxNoW5cPWLO",
    "$pbkdf2-sha256$1000$n1OKEUKolRI$0evRuH1dv7EPUVRB1kfEqvYKYIEwnf254KcmbWECTn4",
    "$pbkdf2-sha256$i=10,l=32$n1OKEUKolRI$0evRuH1dv7EPUVRB1kfEqvYKYIEwnf254KcmbWECTn4",
    "{PBKDF2-SHA256}10$Wqu1dk4pJYRwDsEY4/xfqw$Uug1h9TAMeAPScXuwdR2FrBVQwrk4fa9CPOAqenCT5E",
    "{PKCS5S2}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$p5k2$2$oX9ZZOcNgYoAsYL-8bqxKg==$AU2JLf2rNxWoZxWxRCluY0u6h6c=",
    "$p5k2$2$KosHgqNo$9mjN8gqjt02hDoP0c2J0ABtLIwtot8cQ",
    "$scrypt$ln=4,r=8,p=1$cE6JsVbK+b+3NmYMwbgXwg$6RneVtkQM5UwdH0tfjSh3SQQIlLPN7S+JVudxL/TKyg",
    "$7$46..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
    "$1$q6WiH7W7$ges5gwUQheA236uOejjVq/",
    "$6$rounds=1000$A4mUXx4ad4OCuUgM$e1x8xsRsPhbn3kesKDa1ZQn8e.L42vjP16ZAXADyhFOtQtcDryE69uEdQIjc3Jq.Yl4UxhP3sG2nPBCDgTZBk1",
    "$5$rounds=1000$test$QmQADEXMG8POI5WDsaeho0P36yK3Tcrgboabng6bkb/",
    "$P$5PN6km5JYXbf6495PHCOMt0/50iXl1/",
    "{SSHA}Ou+7DIQOGvok5CIYpaZ4WfongcZ/L6V0",
    "{CRYPT}$1$q6WiH7W7$ges5gwUQheA236uOejjVq/",
    "sha384$Tzs7dQ5n$648b138d03322a60f22c5a85d00e646853a09add1b6a819e5b05e355dc86c9ba4f0098fd915aebba0c176bc921eb27ed",
    "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc",
    "{scrypt}$40801$8bWJaSu2IKSn9Z9kM+TPXQ==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
    "{SHA-1}{DQVdAbZ3ZcuAMjEfdjLSgw}63444ea6e603cfe311b38596f6f0d84a8065ce2c",
    "{PBKDF2}$1$EX8bY6fk0RUEw7jv$50$5cf9cfcb97286ff328f4fdd46f3e034676a7ed60",
    "{ssha512.HEX}30e6d116f507a94e692c85e37341e47891fe3ca55d110937e284b25e40dfb42c5353a164f6b5a38a5580e79dccb421726b31a100e3e20f23b546fd619dd03de973616c74",
    "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
    "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
    "$S$5abcdefghfac1moXCNYkc6LNHkD328SkJjXyRuwNzAetTDeXKTbN",
    "U$P$5abcdefghaZBFBKM28Z5ZZ.6o8Qlg0.",
    "$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RY=$42xEC+ixf3L2lw==$lSrfV15cpx8=",
    "$y$j./$F5Jx5fExrKuPp53xLKQ..1$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
];

/// Above this a hash is read, but not computed: hundreds of runs must be quick.
fn is_cheap(kind: Kind) -> bool {
    let label = kind.to_string();
    let numbers = label.split(':').filter_map(|part| part.parse::<u64>().ok());
    let work = numbers.fold(1_u64, u64::saturating_mul);
    let log = label.starts_with("bcrypt") || label.starts_with("phpass");
    work <= if log { 8 } else { 20_000 }
}

fn survives(text: &str, password: &str) {
    let hash = PasswordHash::from(text);
    let Ok(kind) = hash.kind() else {
        // Refused before any work: this returns at once.
        let verdict = verify(&password.into(), &hash, &Params::default());
        assert!(!verdict.is_match());
        return;
    };
    assert!(text.len() <= bounds::MAX_HASH_BYTES);
    assert_eq!(
        kind.to_string().parse(),
        Ok(kind),
        "kinds are within the bounds"
    );
    assert_eq!(decoy(&kind).kind(), Ok(kind), "every kind has a decoy");
    if is_cheap(kind) {
        let _ = verify(&password.into(), &hash, &Params::default());
    }
}

#[test]
fn every_family_is_read() {
    for text in VALID {
        assert!(PasswordHash::from(*text).kind().is_ok(), "{text}");
    }
}

#[test]
fn a_long_text_is_refused_unread() {
    let text = format!("pbkdf2:sha256:1${}$00", "x".repeat(bounds::MAX_HASH_BYTES));
    let kind = PasswordHash::from(text).kind();
    assert_eq!(kind, Err(password::Malformed::TooLong));
}

#[test]
fn a_cost_beyond_the_bounds_is_refused_unrun() {
    for text in [
        "$argon2id$v=19$m=4194304,t=1,p=1$ZyGmvFz5rIjMc5EehpBKFA$/oyeYOGCT2PSof6EHF+/OxE6buzEa8j9XGw5vQtwk40",
        "$argon2id$v=19$m=99999999999999999999,t=1,p=1$ZyGmvFz5rIjMc5EehpBKFA$/oyeYOGCT2PSof6EHF+/OxE6buzEa8j9XGw5vQtwk40",
        "$argon2id$v=19$m=64,t=4294967295,p=1$ZyGmvFz5rIjMc5EehpBKFA$/oyeYOGCT2PSof6EHF+/OxE6buzEa8j9XGw5vQtwk40",
        "pbkdf2:sha256:2147483647$salt$00",
        "pbkdf2_sha256$99999999999999999999$salt$AA==",
        "scrypt:1048576:8:1$salt$00",
        "$scrypt$ln=31,r=8,p=1$AAAA$6RneVtkQM5UwdH0tfjSh3SQQIlLPN7S+JVudxL/TKyg",
        "$2b$31$6PcuhHubkf9rqSNJhNyWneTgGIUJa94uhONff5DdrXdDrAsYkHm/6",
        "$6$rounds=999999999$test$e1x8xsRsPhbn3kesKDa1ZQn8e.L42vjP16ZAXADyhFOtQtcDryE69uEdQIjc3Jq.Yl4UxhP3sG2nPBCDgTZBk1",
        "$P$S.......AAAAAAAAAAAAAAAAAAAAAA",
        "$S$Sabcdefghfac1moXCNYkc6LNHkD328SkJjXyRuwNzAetTDeXKTbN",
        "{scrypt}$180801$8bWJaSu2IKSn9Z9kM+TPXQ==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
        "{PBKDF2}$1$EX8bY6fk0RUEw7jv$4294967295$5cf9cfcb97286ff328f4fdd46f3e034676a7ed60",
        "AQAAAAH/////AAAAEAABAgMEBQYHCAkKCwwNDg/L95GPYXAeCzoDR3zAqF45Y5Hk+OUplRUQgPkryWuljQ==",
        "$fbscrypt$v=1,n=31,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RY=$42xEC+ixf3L2lw==$lSrfV15cpx8=",
        "$y$jKT$F5Jx5fExrKuPp53xLKQ..1$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
    ] {
        let kind = PasswordHash::from(text).kind();
        assert!(
            matches!(
                kind,
                Err(password::Malformed::TooCostly | password::Malformed::Parameters)
            ),
            "{text}: {kind:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_text_is_survived(text in ".{0,200}", password in ".{0,40}") {
        survives(&text, &password);
    }

    #[test]
    fn any_text_after_a_known_beginning_is_survived(
        valid in prop::sample::select(VALID),
        cut in any::<prop::sample::Index>(),
        rest in "[$:,=.{}/+_ 0-9a-zA-Z٣é]{0,100}",
    ) {
        let cut = cut.index(valid.len());
        survives(&format!("{}{rest}", &valid[..cut]), "hunter2");
    }

    #[test]
    fn any_few_changes_are_survived(
        valid in prop::sample::select(VALID),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3_u8), 1..4),
        password in ".{0,80}",
    ) {
        let mut text: Vec<char> = valid.chars().collect();
        for (index, char, change) in changes {
            let index = index.index(text.len());
            match change {
                0 => text[index] = char,
                1 => text.insert(index, char),
                _ => drop(text.remove(index)),
            }
        }
        survives(&text.into_iter().collect::<String>(), &password);
    }

    #[test]
    fn any_number_in_place_of_a_cost_is_survived(
        valid in prop::sample::select(VALID),
        number in prop_oneof![any::<i128>().prop_map(|n| n.to_string()), "[0-9_ +-]{0,12}", "[0-9]{300}"],
        which in any::<prop::sample::Index>(),
    ) {
        let digits: Vec<(usize, &str)> = valid.match_indices(|c: char| c.is_ascii_digit()).collect();
        let (start, _) = digits[which.index(digits.len())];
        survives(&format!("{}{number}{}", &valid[..start], &valid[start + 1..]), "hunter2");
    }
}
