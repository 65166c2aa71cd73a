//! What is printed, for people and for programs.

use std::io;

use super::Answer;

/// Prints an answer on standard output.
pub(super) fn out(answer: &Answer, json: bool) -> io::Result<()> {
    let text = if json {
        format!("{:#}\n", answer.json)
    } else {
        answer.text.clone()
    };
    crate::commands::out(&text)
}

/// Says something beside the answer, on standard error.
#[expect(clippy::print_stderr, reason = "this is what it is for")]
pub(super) fn remark(text: &str) {
    eprintln!("{text}");
}

/// Rows whose columns stand below one another.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| row.each_ref().map(|it| shown(it)))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    });
    lines.collect()
}

/// A text as a terminal may show it: an imported name can hold anything, also what moves the cursor or turns the
/// direction of what follows.
pub(in crate::commands) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_one_another() {
        let rows = [["ID", "NAME"], ["1", "ä"], ["1234", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "ID    NAME\n1     ä\n1234\n");
    }

    #[test]
    fn no_name_moves_the_cursor_or_turns_what_follows() {
        let text = shown("a\u{1b}[2J\n\u{202e}b");
        assert_eq!(text, r"a\u{1b}[2J\u{a}\u{202e}b");
    }
}
