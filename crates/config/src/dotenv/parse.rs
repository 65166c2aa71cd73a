//! The statements of a `.env` file: names, quotes, escapes and comments.

use secret::Secret;

/// A name and its value, before `${NAME}` is resolved.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) value: Option<Secret<String>>,
    pub(super) line: usize,
}

/// A statement that makes no sense, such as one with an unclosed quote.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The line on which it starts, from 1.
    pub(crate) line: usize,
    /// The name that it begins with, if that could be read. Never more of the line: it may hold a
    /// secret.
    pub(crate) name: Option<String>,
}

/// Takes a file apart. Line ends are `\n`, `\r\n` or `\r`; a byte order mark is skipped.
pub(super) fn statements(text: &str) -> (Vec<Statement>, Vec<Unreadable>) {
    let text = Secret::new(text.replace("\r\n", "\n").replace('\r', "\n"));
    let text = text.expose();
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        line: 1,
    };

    let (mut statements, mut unreadable) = (Vec::new(), Vec::new());
    loop {
        reader.skip_while(is_space);
        if reader.rest.is_empty() {
            return (statements, unreadable);
        }
        let line = reader.line;
        let mut name = None;
        if let Ok(value) = reader.statement(&mut name) {
            statements.extend(name.map(|name| Statement { name, value, line }));
        } else {
            reader.skip_while(|c| c != '\n');
            unreadable.push(Unreadable { line, name });
        }
    }
}

/// The statement makes no sense.
struct Nonsense;

/// The part of a file that hasn't been read.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    /// Reads one statement or comment: its name, which stays `None` for a comment, and its value.
    /// Where it makes no sense, `name` may be known even so.
    fn statement(&mut self, name: &mut Option<String>) -> Result<Option<Secret<String>>, Nonsense> {
        self.export();
        if !self.rest.starts_with('#') {
            *name = Some(self.name()?.to_owned());
        }
        self.blanks();
        let value = self.value()?;
        self.end_of_statement()?;
        Ok(value)
    }

    /// `export`, when blanks follow it; else it is a name like any other.
    fn export(&mut self) {
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with(is_blank)
        {
            self.take("export".len());
            self.blanks();
        }
    }

    fn name(&mut self) -> Result<&'a str, Nonsense> {
        let Some(quoted) = self.rest.strip_prefix('\'') else {
            let name = self.skip_while(|c| !is_space(c) && c != '=' && c != '#');
            return Some(name).filter(|name| !name.is_empty()).ok_or(Nonsense);
        };
        let end = quoted.find('\'').filter(|&end| end > 0).ok_or(Nonsense)?;
        self.take(end + 2);
        Ok(&quoted[..end])
    }

    /// The value after `=`; `None` where there is no `=`.
    fn value(&mut self) -> Result<Option<Secret<String>>, Nonsense> {
        if !self.rest.starts_with('=') {
            return Ok(None);
        }
        self.take(1);
        let blanks = self.blanks();
        let value = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            // `NAME= # comment`, where `NAME=#text` has a value
            Some('#') if !blanks.is_empty() => String::new(),
            _ => without_comment(self.skip_while(|c| c != '\n')).to_owned(),
        };
        Ok(Some(Secret::new(value)))
    }

    /// A quoted value, which may span lines.
    fn quoted(&mut self, quote: char) -> Result<String, Nonsense> {
        let mut value = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    self.take(at + 2);
                    return Ok(value);
                }
                '\\' => {
                    let (_, escaped) = chars.next().ok_or(Nonsense)?;
                    match unescape(quote, escaped) {
                        Some(meant) => value.push(meant),
                        None => value.extend(['\\', escaped]),
                    }
                }
                _ => value.push(c),
            }
        }
        Err(Nonsense)
    }

    /// Blanks and a comment, up to the end of the line.
    fn end_of_statement(&mut self) -> Result<(), Nonsense> {
        self.blanks();
        if self.rest.starts_with('#') {
            self.skip_while(|c| c != '\n');
        }
        if self.rest.is_empty() || self.rest.starts_with('\n') {
            Ok(())
        } else {
            Err(Nonsense)
        }
    }

    fn blanks(&mut self) -> &'a str {
        self.skip_while(is_blank)
    }

    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        self.take(length)
    }

    /// Moves over the next `length` bytes, which must end at a character.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

/// What `\` and `escaped` stand for between `quote`s, if it is more than themselves.
fn unescape(quote: char, escaped: char) -> Option<char> {
    match (quote, escaped) {
        (_, '\\' | '\'') => Some(escaped),
        ('"', '"') => Some('"'),
        ('"', 'a') => Some('\x07'),
        ('"', 'b') => Some('\x08'),
        ('"', 'f') => Some('\x0c'),
        ('"', 'n') => Some('\n'),
        ('"', 'r') => Some('\r'),
        ('"', 't') => Some('\t'),
        ('"', 'v') => Some('\x0b'),
        _ => None,
    }
}

/// An unquoted value ends at the first `#` that has a blank before it.
fn without_comment(value: &str) -> &str {
    let mut previous = None;
    let end = value.char_indices().find_map(|(at, c)| {
        let comment = c == '#' && previous.is_some_and(is_space);
        previous = Some(c);
        comment.then_some(at)
    });
    value[..end.unwrap_or(value.len())].trim_end_matches(is_space)
}

/// White space as Python's `\s` has it: four separators more than Unicode's.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// White space within a line.
fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
}
