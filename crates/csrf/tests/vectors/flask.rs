//! Flask's session cookie, as the application of the recording saw it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Flask's `permanent_session_lifetime`, in seconds.
const LIFETIME: u64 = 31 * 24 * 3600;

/// What Flask-WTF binds to, which the session has under the name of the form's field, unless the cookie
/// is junk, from the future or too old at `now`. Its signature isn't checked.
pub(crate) fn session_of(cookie: &str, field: &str, now: u64) -> Option<String> {
    let mut parts = cookie.split('.');
    let (content, time) = (parts.next()?, parts.next()?);
    let time = URL_SAFE_NO_PAD.decode(time).ok()?;
    let issued = time
        .iter()
        .fold(0, |time, byte| time << 8 | u64::from(*byte));
    if issued > now || now - issued > LIFETIME {
        return None;
    }
    let content: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
    content[field].as_str().map(str::to_owned)
}
