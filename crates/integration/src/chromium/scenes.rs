//! Scenes that are declared in a table: what each is, what its files are called, where it is played, with which status.

/// An enum of scenes, of which each has a stage.
macro_rules! scenes {
    (
        $(#[doc = $about:literal])+
        pub enum $scenes:ident {
            $($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $stage:ident, $status:literal;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $scenes {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $scenes {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Its name, as a file may have it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The status that its page comes with.
            pub(super) fn status(self) -> u64 {
                match self { $(Self::$variant => $status),+ }
            }

            pub(super) fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage),+ }
            }
        }
    };
}

pub(super) use scenes;
