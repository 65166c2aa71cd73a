//! The forms of the hosted pages.

use std::time::Duration;

use crate::{
    env_vars::forms::WTF_CSRF_TIME_LIMIT,
    reader::{Reader, parse_number},
};

/// How the forms of the hosted pages are protected.
#[derive(Clone, Debug)]
pub struct Forms {
    /// How long a form may be sent after it was loaded.
    pub time_limit: Duration,
}

impl Forms {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let seconds = reader.required(&WTF_CSRF_TIME_LIMIT, |text| {
            if text.eq_ignore_ascii_case("none") {
                return Err(
                    "forms that never run out are not made: give a number of seconds".into(),
                );
            }
            parse_number(WTF_CSRF_TIME_LIMIT.kind, text)
        });
        Self {
            time_limit: Duration::from_secs(seconds),
        }
    }
}
