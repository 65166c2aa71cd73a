//! Whether a secret could be guessed.

/// How to come by a good secret; the end of a message.
pub(crate) const HOW_TO_MAKE: &str = "make one with `openssl rand -hex 32`";

/// The fewest different bytes in a secret: 64 random hexadecimal digits have fewer than eight
/// different ones once in 10^19 times.
const MIN_DISTINCT: usize = 8;

/// Words that people write where a secret belongs, in lower case and without punctuation. A random
/// secret holds one by a chance of one in millions.
const WORDS: &[&str] = &[
    "secret",
    "password",
    "passphrase",
    "changeme",
    "changethis",
    "changeit",
    "pleasechange",
    "replaceme",
    "replacethis",
    "placeholder",
    "example",
    "insecure",
    "yourkey",
    "yourjwt",
    "keyhere",
    "valuehere",
    "jwtkey",
    "devkey",
    "testkey",
    "development",
    "production",
    "donotuse",
    "default",
    "qwerty",
    "asdfgh",
    "letmein",
    "youwillneverguess",
];

/// Whole values that are too short to look for inside others.
const SHORT_WORDS: &[&str] = &[
    "dev", "test", "key", "todo", "none", "null", "admin", "foobar", "changed", "string",
];

/// Secrets of good length that are printed in documentation, and so in many applications: those of
/// Flask, `FastAPI`, RFC 7515 appendix A.1, and a much copied Spring tutorial.
const PUBLISHED: &[&str] = &[
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "aym1sysppbydfgzld3umj1qzkobwvmkoqqestjqlrt1qs0gzh75aktmn3yj0ips4hcguutwjazzr1z9caow",
    "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
];

/// Refuses a secret that could be guessed: short, a placeholder, published, or regular. The error is a
/// sentence that follows the name of the setting and tells nothing of the secret.
pub(crate) fn check(secret: &str, min_length: usize) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("{what}: {HOW_TO_MAKE}"));
    let plain: String = secret
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();

    if SHORT_WORDS.contains(&plain.as_str()) || WORDS.iter().any(|word| plain.contains(word)) {
        return refuse("is a placeholder, or made of words");
    }
    if PUBLISHED.iter().any(|published| plain.contains(published)) {
        return refuse("is printed in public documentation");
    }
    if secret.len() < min_length {
        return refuse(&format!(
            "has {} bytes of at least {min_length}",
            secret.len()
        ));
    }
    if distinct(secret.as_bytes()) < MIN_DISTINCT
        || repeats(secret.as_bytes())
        || is_sequence(secret.as_bytes())
    {
        return refuse("is too regular to be random");
    }
    Ok(())
}

/// The number of different bytes.
fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// Whether the bytes are one part, over and over.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes[period..] == bytes[..bytes.len() - period])
}

/// Whether most bytes are the one after, or before, the byte to their left: `abcdef…`, `987654…`.
fn is_sequence(bytes: &[u8]) -> bool {
    let steps = bytes
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) == 1)
        .count();
    steps * 2 > bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_in_place_of_a_secret_is_refused() {
        for weak in [
            "",
            "changeme",
            "CHANGE-ME",
            "secret",
            "your-secret-key",
            "dev",
            "hunter2",
            "admin",
            "please-change-me-please-change-me-please",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "your-256-bit-secret-your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "django-insecure-8&3jv1l5x!2m0q9w7e6r4t5y6u7i8o9p0",
            "<your JWT key goes here, at least 32 bytes>",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz012345",
            "zyxwvutsrqponmlkjihgfedcba987654",
            "12345678901234567890123456789012",
            "9f1c0e7ab25d48369f1c0e7ab25d4836",
            "qwertyuiopasdfghjklzxcvbnm123456",
            "0000000000000000000000000000000000000001",
            "abababcabababdabababeabababcababaab",
            "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
            "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            "5f0c6e1b9a7d4c3e8f2a1b0c9d8e7f6",
        ] {
            let error = check(weak, 32).expect_err(weak);
            assert!(error.contains("openssl rand -hex 32"), "{error}");
            assert!(weak.len() < 8 || !error.contains(weak), "{error}");
        }
    }

    #[test]
    fn the_length_counts_in_bytes_and_follows_the_algorithm() {
        let hex = "9f1c0e7ab25d4836f0a1c2e3d4b5968778695a4b3c2d1e0fa9b8c7d6e5f40312";
        assert_eq!(check(hex, 64), Ok(()));
        assert_eq!(
            check(&hex[..63], 64).unwrap_err().split(':').next(),
            Some("has 63 bytes of at least 64")
        );
    }

    proptest! {
        #[test]
        fn random_secrets_are_accepted(bytes in proptest::array::uniform32(any::<u8>())) {
            let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            // proptest likes zeros; a generator of secrets doesn't
            prop_assume!(distinct(&bytes) > 24);
            prop_assert_eq!(check(&hex, 32), Ok(()));
        }
    }
}
