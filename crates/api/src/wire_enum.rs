//! Wire enums: one of some names, with protobuf's numbers.

use std::fmt;

use serde::de::{Deserializer, Visitor};

/// Declares a wire enum: names with protobuf numbers.
#[macro_export]
macro_rules! wire_enum {
    ($(
        $(#[$meta:meta])*
        pub enum $Name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $number:literal => $word:literal ),* $(,)? }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Name { $( $(#[$variant_meta])* $variant ),* }

        impl $Name {
            const WORDS: &'static [(&'static str, i64)] = &[$(($word, $number)),*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $( $Name::$variant => $word ),* }
            }
        }

        impl $crate::message::Scalar for $Name {
            const KIND: $crate::message::Kind = $crate::message::Kind::Enum(Self::WORDS);

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match $crate::wire_enum::read_enum(deserializer, Self::WORDS)? {
                    $( $number => Ok($Name::$variant), )*
                    _ => Err(serde::de::Error::custom("unknown enum value")),
                }
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            fn view(&self) -> $crate::view::View<'_> {
                $crate::view::View::Text(self.as_str())
            }
        }
    )*};
}

/// Reads the number of an enum value, given by name, number or decimal text.
pub fn read_enum<'de, D: Deserializer<'de>>(
    deserializer: D,
    words: &'static [(&'static str, i64)],
) -> Result<i64, D::Error> {
    struct Word(&'static [(&'static str, i64)]);
    impl Visitor<'_> for Word {
        type Value = i64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of an enum value")
        }
        fn visit_i64<E>(self, value: i64) -> Result<i64, E> {
            Ok(value)
        }
        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<i64, E> {
            i64::try_from(value).map_err(E::custom)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
            let word = self.0.iter().find(|(word, _)| *word == text).map(|(_, number)| *number);
            word.or_else(|| text.parse().ok()).ok_or_else(|| E::custom("unknown enum value"))
        }
    }
    deserializer.deserialize_any(Word(words))
}
