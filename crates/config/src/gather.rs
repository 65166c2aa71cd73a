//! From the sources, one over the other, to the text of every known setting.

use std::collections::{BTreeMap, HashMap};

use secret::Secret;

use crate::{
    Fault, Flags, Notice, Origin, Sources,
    dotenv::{self, Assignment, DotEnv},
    env_vars::{self, EnvVar},
    files,
    leftovers::{self, Leftover},
    planned, unknown,
    values::{Raw, Value, Values},
};

impl Values {
    /// Gathers the settings: `.env`, over it the environment, over that the flags.
    ///
    /// An empty text counts as not set, as when a compose file passes on a variable that nobody set:
    /// the source below applies.
    pub(crate) fn gather(sources: &Sources) -> Self {
        let mut values = Self::default();
        let raw = values.gather_some(sources, env_vars::all());
        values.faults.extend(unknown::faults(&raw));
        values.notices.extend(unknown::notices(&raw));
        planned::report(&mut values, &raw);
        values
    }

    /// Gathers these settings, reads no file of any other, and gives back what else was set.
    pub(crate) fn gather_some(
        &mut self,
        sources: &Sources,
        wanted: impl Iterator<Item = &'static EnvVar>,
    ) -> Raw {
        let values = self;
        let environment = values.environment(sources);
        let mut raw = values.dotenv(sources, &environment);
        for (name, text) in environment {
            let origin = Origin::Environment;
            if !text.expose().is_empty() {
                raw.insert(name, Value { text, origin });
            }
        }

        for var in wanted {
            if let Some(value) = values.take(var, &mut raw, sources) {
                values.keep(var, value);
            }
        }
        values.flags(&sources.flags);
        raw
    }

    /// Keeps a value, unless something is in it that can't be meant.
    fn keep(&mut self, var: &'static EnvVar, value: Value) {
        match leftovers::look(var, &value) {
            Some(Leftover::Fault(message)) => {
                self.faulty.insert(var.name);
                self.faults.push(Fault {
                    name: var.name.to_owned(),
                    source: Some(value.origin),
                    message: message.to_owned(),
                });
                return;
            }
            Some(Leftover::Notice(message)) => self.notices.push(Notice {
                name: format!("{} ({})", var.name, value.origin),
                message: message.to_owned(),
            }),
            None => {}
        }
        self.known.insert(var.name, value);
    }

    /// The environment as text. Only the value of a name of ours must be Unicode.
    fn environment(&mut self, sources: &Sources) -> HashMap<String, Secret<String>> {
        let mut environment = HashMap::new();
        for (name, text) in &sources.env {
            let Some(name) = name.to_str() else { continue };
            if let Some(text) = text.to_str() {
                environment.insert(name.to_owned(), Secret::from(text));
            } else if unknown::is_ours(name) {
                self.faulty.extend(unknown::known(name).map(|var| var.name));
                self.faults.push(Fault {
                    name: name.to_owned(),
                    source: Some(Origin::Environment),
                    message: "is not valid UTF-8".to_owned(),
                });
            }
        }
        environment
    }

    fn dotenv(&mut self, sources: &Sources, environment: &HashMap<String, Secret<String>>) -> Raw {
        let text = match files::read_dotenv(&sources.working_dir) {
            Ok(text) => text,
            Err(message) => {
                let (name, source) = (".env".to_owned(), None);
                self.faults.push(Fault {
                    name,
                    source,
                    message,
                });
                return Raw::new();
            }
        };
        let DotEnv {
            assignments,
            unreadable,
        } = dotenv::read(text.expose(), |name| {
            environment.get(name).map(|text| text.expose().clone())
        });
        for statement in unreadable {
            self.unreadable(statement);
        }
        self.repeated(&assignments);
        let mut raw = Raw::new();
        for assignment in assignments {
            if let Some(text) = assignment.value {
                let origin = Origin::DotEnv {
                    line: assignment.line,
                };
                raw.insert(assignment.name, Value { text, origin });
            }
        }
        raw.retain(|_, value| !value.text.expose().is_empty());
        raw
    }

    /// Of two assignments to one name the last counts, which is easily overlooked.
    fn repeated(&mut self, assignments: &[Assignment]) {
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for assignment in assignments.iter().filter(|a| unknown::is_ours(&a.name)) {
            let lines = lines.entry(&assignment.name).or_default();
            lines.push(assignment.line.to_string());
        }
        for (name, lines) in lines.iter().filter(|(_, lines)| lines.len() > 1) {
            self.notices.push(Notice {
                name: (*name).to_owned(),
                message: format!(
                    "stands in .env more than once (lines {}): the last one counts",
                    lines.join(", ")
                ),
            });
        }
    }

    /// python-dotenv skips such a line with a warning; where a setting of ours would be lost by that,
    /// the start is refused.
    fn unreadable(&mut self, statement: dotenv::Unreadable) {
        let source = Origin::DotEnv {
            line: statement.line,
        };
        match statement.name {
            Some(name) if unknown::is_ours(&name) => {
                self.faulty
                    .extend(unknown::known(&name).map(|var| var.name));
                self.faults.push(Fault {
                    name,
                    source: Some(source),
                    message: "can't be read: write NAME=value, and close every quote".to_owned(),
                });
            }
            _ => self.notices.push(Notice {
                name: source.to_string(),
                message: "can't be read and was skipped".to_owned(),
            }),
        }
    }

    /// Takes a setting out of `raw`, from the file that `NAME_FILE` names where it does.
    fn take(&mut self, var: &'static EnvVar, raw: &mut Raw, sources: &Sources) -> Option<Value> {
        let value = raw.remove(var.name);
        let file = var
            .file_variable()
            .and_then(|variable| raw.remove_entry(&variable));
        let Some((variable, named)) = file else {
            return value;
        };

        let read = match value {
            Some(value) => Err(format!(
                "{} is set too ({}): unset one of the two",
                var.name, value.origin
            )),
            None => files::read_secret(&sources.working_dir.join(named.text.expose())),
        };
        match read {
            Ok((text, exposed)) => {
                if let Some(exposed) = exposed.filter(|_| var.kind.holds_secrets()) {
                    self.notices.push(Notice {
                        name: variable.clone(),
                        message: format!("{} {exposed}", named.text.expose()),
                    });
                }
                let path = named.text.expose().into();
                let origin = Origin::File { variable, path };
                Some(Value { text, origin })
            }
            Err(message) => {
                self.faulty.insert(var.name);
                self.faults.push(Fault {
                    name: variable,
                    source: Some(named.origin),
                    message,
                });
                None
            }
        }
    }

    fn flags(&mut self, flags: &Flags) {
        let listen = flags.listen.clone().map(Ok);
        let data_dir = flags
            .data_dir
            .clone()
            .map(|path| path.into_os_string().into_string());
        for (var, given) in [
            (&env_vars::server::LISTEN, listen),
            (&env_vars::operation::DATA_DIR, data_dir),
        ] {
            let (Some(flag), Some(given)) = (var.flag, given) else {
                continue;
            };
            let origin = Origin::Flag(flag);
            if let Ok(text) = given {
                let text = Secret::new(text);
                self.known.insert(var.name, Value { text, origin });
            } else {
                self.faulty.insert(var.name);
                self.faults.push(Fault {
                    name: var.name.to_owned(),
                    source: Some(origin),
                    message: "is not valid UTF-8".to_owned(),
                });
            }
        }
    }
}
