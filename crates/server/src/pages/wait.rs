//! How long to wait, in words.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// `90 seconds`, `3 minutes`, `24 hours`: rounded up, so that whoever waits so long has waited long enough.
pub(super) fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match seconds {
        0 | 1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        HOUR => "1 hour".to_owned(),
        120..7_200 => format!("{} minutes", seconds.div_ceil(MINUTE)),
        _ => format!("{} hours", seconds.div_ceil(HOUR)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_the_unit_that_fits_and_never_too_short() {
        for (millis, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (1_001, "2 seconds"),
            (119_000, "119 seconds"),
            (119_001, "2 minutes"),
            (180_000, "3 minutes"),
            (180_001, "4 minutes"),
            (3_599_000, "60 minutes"),
            (3_600_000, "1 hour"),
            (3_601_000, "61 minutes"),
            (7_199_000, "120 minutes"),
            (7_200_000, "2 hours"),
            (86_400_000, "24 hours"),
            (86_400_001, "25 hours"),
        ] {
            assert_eq!(
                in_words(Duration::from_millis(millis)),
                words,
                "{millis} ms"
            );
        }
    }
}
