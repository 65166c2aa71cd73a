//! The declaration of an input.

/// Declares an input: a struct that is read from a JSON object (or a form, or a query) with all its
/// faults found at once.
///
/// - A field is read by its type ([`Field`](crate::Field)), or by a function
///   `fn(&str) -> Result<T, Fault>` after `=`: the way to use a type of another crate.
/// - `Option<T>`: may be absent. Anything else is required. `null` is refused, see
///   [`Nullable`](crate::Nullable).
/// - `check = function;` after the struct names a `fn(&Self, &mut Faults)` for rules that concern
///   several fields. It runs when each field is good by itself.
/// - `parts = Name;` in its place declares a second input, `Name`, for handlers with rules that take time
///   (is this password known?): it has each field as an `Option`, `None` where it is at fault, and all
///   `faults` so far; `whole` makes the struct of it. The handler adds to the faults what it finds.
/// - Attributes go to the struct and its fields, such as `#[derive(utoipa::ToSchema)]`.
/// - The name of the member is that of the field (`r#type` is `type`).
///
/// ```
/// use problem::{Fault, Faults, Text, input};
/// use secret::Secret;
///
/// # mod model { pub struct Username(pub String); }
/// # use model::Username;
/// fn username(text: &str) -> Result<Username, Fault> {
///     if text.contains('@') {
///         return Err(Fault::new("contains_at", "Leave out the @."));
///     }
///     Ok(Username(text.to_owned()))
/// }
///
/// input! {
///     /// What a new account needs.
///     pub struct Register {
///         /// The name to sign in with.
///         pub username: Username = username,
///         pub password: Secret<String>,
///         pub repeated: Secret<String>,
///         pub note: Option<Text<0, 200>>,
///     }
///     check = Register::passwords_agree;
/// }
///
/// impl Register {
///     fn passwords_agree(&self, faults: &mut Faults) {
///         if !secret::same(self.password.expose().as_bytes(), self.repeated.expose().as_bytes()) {
///             faults.push(Fault::new("differs", "Repeat the password.").at("repeated"));
///         }
///     }
/// }
///
/// let sent = br#"{"username": "a@b", "repeated": 5, "admin": true}"#;
/// let faults = problem::read::<Register>(sent).err().map(|rejection| rejection.to_string());
/// assert_eq!(
///     faults.as_deref(),
///     Some("/username contains_at, /password required, /repeated invalid_type, /admin unknown_field")
/// );
/// ```
#[macro_export]
macro_rules! input {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field_visibility:vis $field:ident : $type:ty $(= $parse:expr)?
            ),* $(,)?
        }
        $(check = $check:expr;)?
        $(parts = $parts:ident;)?
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
        }

        impl $crate::Input for $name {
            fn from_object(mut object: $crate::Object) -> ::core::result::Result<Self, $crate::Faults> {
                let mut faults = $crate::Faults::new();
                // One expression for all: a field may have the name of the function that reads another.
                let fields = ($($crate::input!(@read object, $field, faults $(, $parse)?),)*);
                faults.push_unknown(&object);
                let input = match fields {
                    ($(::core::option::Option::Some($field),)*) if faults.is_empty() => {
                        Self { $($field,)* }
                    }
                    _ => return ::core::result::Result::Err(faults),
                };
                $($check(&input, &mut faults);)?
                faults.or(input)
            }
        }

        impl $crate::Field for $name {
            fn from_value(value: $crate::Value) -> ::core::result::Result<Self, $crate::Faults> {
                $crate::from_value(value)
            }
        }

        $crate::input!(@parts $visibility $name ($($parts)?) {$($field: $type $(= $parse)?,)*} ($($check)?));
    };
    (@parts $visibility:vis $name:ident () $fields:tt $check:tt) => {};
    (
        @parts $visibility:vis $name:ident ($parts:ident)
        {$($field:ident : $type:ty $(= $parse:expr)?,)*}
        ()
    ) => {
        #[doc = ::core::concat!("The fields of [`", ::core::stringify!($name), "`] that are good by themselves.")]
        $visibility struct $parts {
            $(#[doc = "Nothing where it is at fault."] $visibility $field: ::core::option::Option<$type>,)*
            /// All faults so far.
            $visibility faults: $crate::Faults,
        }

        impl $parts {
            /// The whole, if nothing is at fault.
            $visibility fn whole(self) -> ::core::result::Result<$name, Self> {
                match self {
                    Self { faults, $($field: ::core::option::Option::Some($field),)* } if faults.is_empty() => {
                        ::core::result::Result::Ok($name { $($field,)* })
                    }
                    parts => ::core::result::Result::Err(parts),
                }
            }
        }

        impl $crate::Input for $parts {
            fn from_object(mut object: $crate::Object) -> ::core::result::Result<Self, $crate::Faults> {
                let mut faults = $crate::Faults::new();
                let ($($field,)*) = ($($crate::input!(@read object, $field, faults $(, $parse)?),)*);
                faults.push_unknown(&object);
                ::core::result::Result::Ok(Self { $($field,)* faults })
            }
        }
    };
    (@read $object:ident, $field:ident, $faults:ident) => {
        $crate::__private::field(&mut $object, $crate::__private::name(stringify!($field)), &mut $faults)
    };
    (@read $object:ident, $field:ident, $faults:ident, $parse:expr) => {
        $crate::__private::field_with(
            &mut $object,
            $crate::__private::name(stringify!($field)),
            &mut $faults,
            $parse,
        )
    };
}
