//! Which of two kinds of hash costs more.

use std::cmp::Ordering;
use std::mem;

use crate::Kind;
use crate::kind::Work;

impl Kind {
    /// Whether checking takes less or more work than for `other`. `None` where the algorithms differ: then only a
    /// clock can say.
    pub fn compare_work(&self, other: &Self) -> Option<Ordering> {
        let (algorithm, amount) = algorithm_and_amount(self.0);
        let (other_algorithm, other_amount) = algorithm_and_amount(other.0);
        (algorithm == other_algorithm).then(|| amount.cmp(&other_amount))
    }
}

/// The algorithm, its costs set to 0, and how much of it: more is more work, though not by the same factor.
fn algorithm_and_amount(work: Work) -> (Work, u64) {
    let mut algorithm = work;
    let amount = match &mut algorithm {
        Work::Argon2 {
            memory_kib, passes, ..
        } => take(memory_kib) * take(passes),
        Work::Digest(_) | Work::Hmac(_) | Work::Md5Crypt => 1,
        Work::Bcrypt { cost: log }
        | Work::Phpass { log_rounds: log }
        | Work::PhpassSha512 { log_rounds: log } => mem::take(log).into(),
        Work::Pbkdf2 {
            iterations: rounds, ..
        }
        | Work::Sha256Crypt { rounds }
        | Work::Sha512Crypt { rounds } => take(rounds),
        Work::Scrypt { log_n, r, p } | Work::Yescrypt { log_n, r, p } => {
            // Within the bounds that every kind keeps, so that nothing overflows.
            (1 << mem::take(log_n)) * take(r) * take(p)
        }
    };
    (algorithm, amount)
}

fn take(cost: &mut u32) -> u64 {
    mem::take(cost).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(one: &str, other: &str) -> Option<Ordering> {
        let kind = |label: &str| label.parse::<Kind>().unwrap();
        kind(one).compare_work(&kind(other))
    }

    #[test]
    fn of_one_algorithm_more_of_any_cost_is_more_work() {
        for (less, more) in [
            ("argon2id:64:1:1", "argon2id:64:2:1"),
            ("argon2id:64:1:1", "argon2id:65:1:1"),
            ("bcrypt:9", "bcrypt:12"),
            ("pbkdf2:sha256:9000", "pbkdf2:sha256:10000"),
            ("phpass:8", "phpass:13"),
            ("phpass-sha512:8", "phpass-sha512:15"),
            ("scrypt:1024:8:1", "scrypt:2048:8:1"),
            ("scrypt:1024:8:1", "scrypt:1024:9:1"),
            ("sha256crypt:5000", "sha256crypt:10000"),
            ("sha512crypt:5000", "sha512crypt:656000"),
            ("yescrypt:1024:8:1", "yescrypt:4096:8:1"),
        ] {
            assert_eq!(compare(less, more), Some(Ordering::Less), "{more}");
            assert_eq!(compare(more, less), Some(Ordering::Greater), "{more}");
            assert_eq!(compare(more, more), Some(Ordering::Equal), "{more}");
        }
        assert_eq!(compare("md5crypt", "md5crypt"), Some(Ordering::Equal));
    }

    #[test]
    fn different_algorithms_are_not_compared() {
        for (one, other) in [
            ("pbkdf2:sha256:1000", "pbkdf2:sha512:1000"),
            ("sha256crypt:5000", "sha512crypt:5000"),
            ("scrypt:1024:8:1", "yescrypt:1024:8:1"),
            ("argon2id:64:1:1", "argon2i:64:1:1"),
            ("digest:md5", "digest:sha1"),
            ("digest:md5", "hmac:md5"),
        ] {
            assert_eq!(compare(one, other), None, "{one} and {other}");
        }
    }
}
