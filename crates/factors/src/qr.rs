//! A QR code (ISO/IEC 18004) to be looked at by a camera.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use secret::Secret;

/// The modules of quiet zone on each side.
const QUIET: usize = 4;

/// A text that no QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too long for a QR code")]
pub struct TooLong;

/// The QR code of a text as an inline SVG, dark on light whatever is around it: many cameras read no other. `label` says what
/// it is to whoever can't see it, and is escaped.
///
/// # Errors
/// When the text is longer than 2,331 bytes.
pub fn qr_svg(text: &Secret<String>, label: &str) -> Result<Secret<String>, TooLong> {
    let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M);
    let code = code.map_err(|_| TooLong)?;
    let (width, modules) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (row, modules) in modules.chunks(width).enumerate() {
        for (column, length) in runs(modules) {
            let (x, y) = (column + QUIET, row + QUIET);
            // Writing to a string never fails.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
    }
    let label = escaped(label);
    Ok(Secret::new(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="{label}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>"##
    )))
}

/// Where dark modules begin in a row, and how many follow each other.
fn runs(row: &[Color]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (column, module) in row.iter().enumerate() {
        if *module == Color::Light {
            continue;
        }
        match runs.last_mut() {
            Some((start, length)) if *start + *length == column => *length += 1,
            _ => runs.push((column, 1)),
        }
    }
    runs
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_quiet_zone_and_its_finder_patterns() {
        let svg = qr_svg(&"otpauth://totp/x".into(), "a \"code\" <b> & c").unwrap();
        let svg = svg.expose();
        assert!(
            svg.contains(r#"aria-label="a &quot;code&quot; &lt;b> &amp; c""#),
            "{svg}"
        );
        // Version 2: 25 modules, and four on each side.
        assert!(svg.contains(r#"viewBox="0 0 33 33""#), "{svg}");
        assert!(
            svg.contains("M4 4h7v1h-7z"),
            "the upper edge of the left pattern: {svg}"
        );
        assert!(svg.contains("M22 4h7v1h-7z"), "and of the right one: {svg}");
    }

    #[test]
    fn what_no_code_holds_is_refused() {
        assert!(qr_svg(&"x".repeat(2331).into(), "").is_ok());
        assert_eq!(qr_svg(&"x".repeat(2332).into(), "").unwrap_err(), TooLong);
    }
}
