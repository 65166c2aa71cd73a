//! Names and addresses hold for any text whatever.

use model::{EmailAddress, Username, UsernameKey};
use proptest::prelude::*;

/// Text in which the interesting characters are not rare.
fn text() -> impl Strategy<Value = String> {
    let interesting = prop::sample::select(vec![
        'a', 'A', 'z', '0', '1', 'i', 'I', 'm', '@', '.', '-', '_', '\'', ':', ' ', '\0', 'é', 'ß',
        'ẞ', 'ς', 'σ', 'Σ', 'ı', 'İ', 'а', 'е', 'о', 'א', 'ب', '٣', '۳', '漢', 'カ', 'ｶ', 'ﾞ', '・',
        '·', 'l', '한', '\u{1112}', '\u{301}', '\u{338}', '\u{200d}', '\u{202e}', '\u{feff}', '＠',
        '．', '。', '😀',
    ]);
    prop::collection::vec(prop_oneof![4 => interesting, 1 => any::<char>()], 0..80)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn a_stored_name_reads_as_itself_and_has_one_key(text in text()) {
        if let Ok(name) = Username::parse(&text) {
            let again = Username::parse(name.as_str()).expect("a stored form is a name");
            prop_assert_eq!(again.as_str(), name.as_str());
            prop_assert_eq!(UsernameKey::of_login(&text), Some(name.key()));
            prop_assert!((1..=64).contains(&name.as_str().chars().count()));
            prop_assert!(!name.as_str().contains('@'));
        }
    }

    #[test]
    fn case_makes_no_other_name(text in text()) {
        if let (Ok(name), Ok(upper)) = (Username::parse(&text), Username::parse(&text.to_uppercase())) {
            prop_assert_eq!(name.key(), upper.key());
        }
    }

    #[test]
    fn plain_names_clash_only_by_the_three_rules(one in "[a-z0-9._-]{1,6}", other in "[a-zA-Z0-9._-]{1,6}") {
        let plain = |name: &str| name.to_lowercase().replace('0', "o").replace(['1', 'i'], "l");
        prop_assert_eq!(UsernameKey::of_login(&one) == UsernameKey::of_login(&other), plain(&one) == plain(&other));
    }

    #[test]
    fn a_normal_form_reads_as_itself(local in text(), domain in "[a-zA-Zäßσ0-9א．。漢.-]{1,20}", top in "(com|org|рф)") {
        for text in [format!("{local}@{domain}.{top}"), local] {
            if let Ok(address) = EmailAddress::parse(&text) {
                let again = EmailAddress::parse(address.as_str()).expect("a normal form is an address");
                prop_assert_eq!(again.as_str(), address.as_str());
                prop_assert!(address.as_str().len() <= 254);
            }
        }
    }

    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        let _ = (Username::parse(&text), EmailAddress::parse(&text), UsernameKey::of_login(&text));
    }
}
