//! The proto-JSON rules: how MLflow's messages look as JSON and as query strings.
//!
//! A message is declared once, with [`message!`]; that gives reading, writing, a description of
//! its fields for error messages and query strings, and the check of required fields.
//!
//! Reading (the protobuf JSON mapping, as MLflow 3 uses it): keys in snake_case or lowerCamelCase,
//! but not both of one field; 64-bit integers as numbers or decimal text; doubles also as text,
//! `"NaN"` and `"Infinity"` included; enums by name or number; `null` is absent; unknown keys are
//! ignored. Writing: snake_case, declaration order, absent fields and empty lists left out,
//! integers as numbers, NaN as text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::case::snake_case;
use crate::view::View;

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// A signed integer of 32 or 64 bits.
    Int(u32),
    /// A double.
    Double,
    /// A truth value.
    Bool,
    /// One of some names; numbers are accepted too.
    Enum(&'static [(&'static str, i64)]),
    /// Another message: its name and its fields.
    Message(&'static str, &'static [Field]),
    /// Any JSON.
    Any,
}

/// The description of one field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its snake_case name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// A list of such.
    pub repeated: bool,
    /// A request without it is refused.
    pub required: bool,
}

/// A wire message.
pub trait Message: Sized + Default {
    /// Its fields, in declaration order.
    const FIELDS: &'static [Field];

    /// The first required field that is absent or an empty text.
    fn missing(&self) -> Option<&'static str>;
}

/// A value that a field can hold once.
pub trait Scalar: Sized {
    /// What it is.
    const KIND: Kind;

    /// Reads it from JSON; `null` is not a value.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Writes it as JSON.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Shows it.
    fn view(&self) -> View<'_>;

    /// A required value that is blank counts as missing.
    fn is_blank(&self) -> bool {
        false
    }
}

/// What stands behind a field: one value or none (`Option`), or several (`Vec`).
pub trait Slot: Sized + Default {
    /// What one value is.
    const KIND: Kind;
    /// Whether there may be several.
    const REPEATED: bool;

    /// Reads it from JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    /// Writes it as JSON.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    /// Shows it.
    fn view(&self) -> View<'_>;
    /// Nothing to write.
    fn is_absent(&self) -> bool;
    /// Absent or blank, where a value is required.
    fn is_missing(&self) -> bool;
}

/// Gives a [`Scalar`] serde's traits.
struct One<T>(T);

impl<'de, T: Scalar> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(One)
    }
}

/// Gives a borrowed [`Scalar`] serde's trait.
struct OneRef<'a, T>(&'a T);

impl<T: Scalar> Serialize for OneRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Gives a [`Slot`] serde's traits.
pub struct SlotIn<T>(pub T);

impl<'de, T: Slot> Deserialize<'de> for SlotIn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(SlotIn)
    }
}

/// Gives a borrowed [`Slot`] serde's trait.
pub struct SlotOut<'a, T>(pub &'a T);

impl<T: Slot> Serialize for SlotOut<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl<T: Scalar> Slot for Option<T> {
    const KIND: Kind = T::KIND;
    const REPEATED: bool = false;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<One<T>>::deserialize(deserializer)?.map(|one| one.0))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, Scalar::view)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn is_missing(&self) -> bool {
        self.as_ref().is_none_or(Scalar::is_blank)
    }
}

impl<T: Scalar> Slot for Vec<T> {
    const KIND: Kind = T::KIND;
    const REPEATED: bool = true;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(std::marker::PhantomData<T>);
        impl<'de, T: Scalar> Visitor<'de> for Items<T> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }
            fn visit_none<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(One(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_any(Items(std::marker::PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(OneRef))
    }

    fn view(&self) -> View<'_> {
        View::List(Box::new(self.iter().map(Scalar::view)))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    /// A list is only ever missing when its key is; an empty one is an answer.
    fn is_missing(&self) -> bool {
        false
    }
}

/// A list whose absence is told from an empty one.
impl<T: Scalar> Slot for Option<Vec<T>> {
    const KIND: Kind = T::KIND;
    const REPEATED: bool = true;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<SlotIn<Vec<T>>>::deserialize(deserializer)?.map(|list| list.0))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().flatten().map(OneRef))
    }

    fn view(&self) -> View<'_> {
        View::List(Box::new(self.iter().flatten().map(Scalar::view)))
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

impl Scalar for String {
    const KIND: Kind = Kind::Text;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn view(&self) -> View<'_> {
        View::Text(self)
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl Scalar for bool {
    const KIND: Kind = Kind::Bool;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bool::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn view(&self) -> View<'_> {
        View::Bool(*self)
    }
}

impl Scalar for serde_json::Value {
    const KIND: Kind = Kind::Any;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn view(&self) -> View<'_> {
        View::Any(self)
    }
}

/// Reads numbers as protobuf does: JSON numbers, and text that spells one.
struct Number;

/// A number of the input, before its type is known.
enum Numeric {
    Int(i64),
    Double(f64),
    /// A double in quotes, which is no integer even if it is whole.
    Spelled(f64),
    Bool(bool),
}

impl Visitor<'_> for Number {
    type Value = Numeric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }
    fn visit_i64<E>(self, value: i64) -> Result<Numeric, E> {
        Ok(Numeric::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Numeric, E> {
        Ok(i64::try_from(value).map_or(Numeric::Double(value as f64), Numeric::Int))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Numeric, E> {
        Ok(Numeric::Double(value))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Numeric, E> {
        Ok(Numeric::Bool(value))
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Numeric, E> {
        if let Ok(value) = text.parse::<i64>() {
            return Ok(Numeric::Int(value));
        }
        match text {
            "NaN" => Ok(Numeric::Spelled(f64::NAN)),
            "Infinity" | "inf" => Ok(Numeric::Spelled(f64::INFINITY)),
            "-Infinity" | "-inf" => Ok(Numeric::Spelled(f64::NEG_INFINITY)),
            _ => match text.parse::<f64>() {
                // Rust reads "infinity" and friends; the protocol knows only the words above.
                Ok(value) if value.is_finite() => Ok(Numeric::Spelled(value)),
                _ => Err(E::custom("not a number")),
            },
        }
    }
}

fn read_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match deserializer.deserialize_any(Number)? {
        Numeric::Int(value) => Ok(value),
        // 2.0 is the integer 2; 2.5 is none. Both ends are out: an integer below -2^63 has become
        // that double, and -2^63 itself came as an integer.
        Numeric::Double(value) if value.fract() == 0.0 && value.abs() < 2f64.powi(63) => {
            Ok(value as i64)
        }
        Numeric::Double(_) | Numeric::Spelled(_) | Numeric::Bool(_) => {
            Err(D::Error::custom("not a 64-bit integer"))
        }
    }
}

impl Scalar for i64 {
    const KIND: Kind = Kind::Int(64);

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_int(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }

    fn view(&self) -> View<'_> {
        View::Int(*self)
    }
}

impl Scalar for i32 {
    const KIND: Kind = Kind::Int(32);

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i32::try_from(read_int(deserializer)?).map_err(D::Error::custom)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*self)
    }

    fn view(&self) -> View<'_> {
        View::Int((*self).into())
    }
}

impl Scalar for f64 {
    const KIND: Kind = Kind::Double;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Number)? {
            Numeric::Int(value) => value as f64,
            Numeric::Double(value) | Numeric::Spelled(value) => value,
            // Python takes a truth value for a number here, and so do clients.
            Numeric::Bool(value) => f64::from(u8::from(value)),
        })
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_nan() {
            serializer.serialize_str("NaN")
        } else if self.is_infinite() {
            serializer.serialize_str(if *self > 0.0 { "Infinity" } else { "-Infinity" })
        } else {
            serializer.serialize_f64(*self)
        }
    }

    fn view(&self) -> View<'_> {
        View::Double(*self)
    }
}

/// Reads the members of an object into the fields of a message.
///
/// `set` is given each known field's index with the map to read its value from, and says whether
/// it took it.
pub fn read_members<'de, A: MapAccess<'de>>(
    mut map: A,
    fields: &'static [Field],
    mut set: impl FnMut(usize, &mut A) -> Result<(), A::Error>,
) -> Result<(), A::Error> {
    // Bit sets of the fields that were spelled in snake_case and in lowerCamelCase.
    let (mut snake_seen, mut camel_seen) = (0u64, 0u64);
    while let Some(key) = map.next_key::<Key<'de>>()? {
        let name = snake_case(&key.0);
        let Some(index) = fields.iter().position(|field| field.name == name) else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        let camel = matches!(name, Cow::Owned(_));
        *(if camel { &mut camel_seen } else { &mut snake_seen }) |= 1 << index;
        if snake_seen & camel_seen & (1 << index) != 0 {
            return Err(A::Error::custom(BOTH_SPELLINGS));
        }
        set(index, &mut map)?;
    }
    Ok(())
}

/// What [`read_members`] fails with when a field is spelled in two ways; the message for the user
/// is made where the whole body is at hand.
const BOTH_SPELLINGS: &str = "both spellings of one field";

/// A key of an object, borrowed where JSON allows it.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The name of a field on the wire: `r#type` is `type`.
pub const fn field_name(spelled: &'static str) -> &'static str {
    match spelled.as_bytes() {
        [b'r', b'#', ..] => spelled.split_at(2).1,
        _ => spelled,
    }
}

/// Declares wire messages: `field: Type` is optional or repeated; `[required] field: Type` must be
/// there, and `[required or other] field: Type` that field or the other one.
///
/// A type is `Option<T>` or `Vec<T>` of text, integers, doubles, truth values, enums and messages.
#[macro_export]
macro_rules! message {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident {
            $( $(#[$field_meta:meta])* $([$($rule:ident)+])? $field:ident : $ty:ty ),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[allow(missing_docs, clippy::allow_attributes, reason = "fields are the protocol's names")]
        $vis struct $Name { $( $(#[$field_meta])* pub $field: $ty, )* }

        impl $crate::message::Message for $Name {
            const FIELDS: &'static [$crate::message::Field] = &[$(
                $crate::message::Field {
                    name: $crate::message::field_name(stringify!($field)),
                    kind: <$ty as $crate::message::Slot>::KIND,
                    repeated: <$ty as $crate::message::Slot>::REPEATED,
                    required: $crate::message!(@required $($($rule)+)?),
                },
            )*];

            fn missing(&self) -> Option<&'static str> {
                $( $crate::message!(@missing self $field $($($rule)+)?); )*
                None
            }
        }

        impl $crate::message::Scalar for $Name {
            const KIND: $crate::message::Kind =
                $crate::message::Kind::Message(
                    stringify!($Name),
                    <$Name as $crate::message::Message>::FIELDS,
                );

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $Name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    #[allow(unused_mut, unused_variables, unused_assignments,
                        clippy::allow_attributes,
                        reason = "a message may have no fields")]
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<$Name, A::Error> {
                        let mut out = $Name::default();
                        $crate::message::read_members(
                            map,
                            <$Name as $crate::message::Message>::FIELDS,
                            |index, map| {
                                let mut at = 0;
                                $(
                                    if index == at {
                                        out.$field = map
                                            .next_value::<$crate::message::SlotIn<$ty>>()?.0;
                                        return Ok(());
                                    }
                                    at += 1;
                                )*
                                Ok(())
                            },
                        )?;
                        Ok(out)
                    }
                }
                deserializer.deserialize_map(Members)
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                #[allow(unused_mut, clippy::allow_attributes, reason = "a message may have no fields")]
                let mut map = serializer.serialize_map(None)?;
                $(
                    if !$crate::message::Slot::is_absent(&self.$field) {
                        map.serialize_entry(
                            $crate::message::field_name(stringify!($field)),
                            &$crate::message::SlotOut(&self.$field),
                        )?;
                    }
                )*
                map.end()
            }

            fn view(&self) -> $crate::view::View<'_> {
                $crate::view::View::Message(self)
            }
        }

        impl $crate::view::Fields for $Name {
            #[allow(unused_variables, clippy::allow_attributes, reason = "a message may have no fields")]
            fn get(&self, name: &str) -> $crate::view::View<'_> {
                $(
                    if name == $crate::message::field_name(stringify!($field)) {
                        return $crate::message::Slot::view(&self.$field);
                    }
                )*
                $crate::view::View::Absent
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::message::Scalar::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::message::Scalar::read(deserializer)
            }
        }
    )*};
    (@required) => { false };
    (@required required) => { true };
    (@required required or $other:ident) => { false };
    (@missing $self:ident $field:ident) => {};
    (@missing $self:ident $field:ident required) => {
        if $crate::message::Slot::is_missing(&$self.$field) {
            return Some($crate::message::field_name(stringify!($field)));
        }
    };
    (@missing $self:ident $field:ident required or $other:ident) => {
        if $crate::message::Slot::is_missing(&$self.$field)
            && $crate::message::Slot::is_missing(&$self.$other)
        {
            return Some($crate::message::field_name(stringify!($field)));
        }
    };
}
