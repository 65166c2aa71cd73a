//! The text of every known setting, and where it came from.

use std::collections::{BTreeMap, BTreeSet};

use secret::Secret;

use crate::{Fault, Notice, Origin};

/// The text of a setting, before it is understood.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) text: Secret<String>,
    pub(crate) origin: Origin,
}

/// Everything that was set, by name.
pub(crate) type Raw = BTreeMap<String, Value>;

/// What the sources say.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// By the name of the setting. One that isn't there has its default.
    pub(crate) known: BTreeMap<&'static str, Value>,
    /// The settings that have a fault already, and whose absence isn't another.
    pub(crate) faulty: BTreeSet<&'static str>,
    /// What holds for settings that were not set, and why: shown in place of the default.
    pub(crate) derived: BTreeMap<&'static str, (String, Origin)>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) notices: Vec<Notice>,
}
