//! What a schema version looks like, as text: every type a record reaches, with the names and types of its fields and
//! variants in their order. Nobody writes it by hand. It is what a decoder is asked for when the record's type decodes
//! itself, so it cannot disagree with the types of this build.

use super::version::{Schema, Stored};
use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess, VariantAccess, Visitor};
use serde::de::{Error as _, Unexpected};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// No type lies deeper inside a record; one that holds itself would.
const DEPTH_MAX: usize = 32;
/// Far more variants than all enums together have: one look at a record sees at least one new one.
const LOOKS_MAX: usize = 100_000;

/// A schema version as text: its number, its kinds, the size of a stored record, and every type in it.
pub fn describe<S: Schema>() -> String {
    let mut text = format!("schema version {}\n", S::VERSION);
    let stored = std::alloc::Layout::new::<<S::Record as rkyv::Archive>::Archived>();
    let _ = writeln!(text, "stored record: {} bytes, aligned to {}", stored.size(), stored.align());
    for (number, name) in S::kinds() {
        let _ = writeln!(text, "kind {number} {name}");
    }
    match types_of::<S::Record>() {
        Ok(types) => text.push_str(&types),
        // No released version comes here; one that did would still have a fingerprint of its own.
        Err(e) => text.push_str(&format!("cannot be described: {e}\n")),
    }
    text
}

/// Eight bytes of the BLAKE3 of [`describe`]. Two builds that disagree on a version disagree here.
///
/// It catches what the encoding itself would let pass: two fields of one type that changed places, a variant that was
/// inserted, removed or appended (also where no stored size changes), a field or variant with a new name, a number of
/// another width or sign, a kind with another number. It does not see a type that changes its meaning and keeps its
/// name and width, or how the encoder lays bytes out; the golden bytes do.
pub fn fingerprint_of<S: Schema>() -> u64 {
    let hash = blake3::hash(describe::<S>().as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Version and fingerprint of `S` and of every version before it, newest first.
pub(super) fn lineage<S: Schema>() -> Vec<(u16, u64)> {
    let mut known = vec![(S::VERSION, fingerprint_of::<S>())];
    if S::Previous::VERSION < S::VERSION {
        known.extend(lineage::<S::Previous>());
    }
    known
}

fn types_of<R: Stored>() -> Result<String, Error> {
    let mut book = Book::default();
    for _ in 0..LOOKS_MAX {
        book.unseen = false;
        let mut shape = String::new();
        R::deserialize(Look { book: &mut book, shape: &mut shape, depth: 0 })?;
        if !book.unseen {
            return Ok(book.to_text());
        }
    }
    Err(Error::custom("it has too many variants"))
}

/// The types seen so far, by name.
#[derive(Default)]
struct Book {
    types: BTreeMap<&'static str, Type>,
    /// Some enum on the way has variants that nobody has looked at.
    unseen: bool,
}

/// A struct has one part, an enum one for each variant.
struct Type {
    /// The names in it, to tell two types of one name apart.
    names: &'static [&'static str],
    parts: Vec<String>,
    /// For enums: how many variants have been looked at in full.
    done: usize,
}

impl Book {
    fn enter(&mut self, name: &'static str, names: &'static [&'static str]) -> Result<&mut Type, Error> {
        let entry = self.types.entry(name).or_insert_with(|| Type { names, parts: Vec::new(), done: 0 });
        if entry.names == names { Ok(entry) } else { Err(Error::custom(format!("two types are called {name}"))) }
    }

    /// Notes the one part that a struct has.
    fn note(&mut self, name: &'static str, names: &'static [&'static str], part: String) -> Result<(), Error> {
        let known = &mut self.enter(name, names)?.parts;
        match known.first() {
            None => known.push(part),
            Some(known) if *known == part => {}
            Some(known) => return Err(Error::custom(format!("{name} is both {known} and {part}"))),
        }
        Ok(())
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, ty) in &self.types {
            let _ = writeln!(text, "\n{name}");
            for part in &ty.parts {
                let _ = writeln!(text, "{part}");
            }
        }
        text
    }
}

/// Answers a type that decodes itself with some value, and writes down what it asked for.
struct Look<'b> {
    book: &'b mut Book,
    shape: &'b mut String,
    depth: usize,
}

/// Numbers and texts: the value that is handed out, 1 because 0 is not every number's.
macro_rules! plain {
    ($($ask:ident => $visit:ident($($value:expr)?), $name:literal;)*) => {
        $(
            fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                self.shape.push_str($name);
                visitor.$visit($($value)?)
            }
        )*
    };
}

/// What has no place in an event.
macro_rules! refused {
    ($($ask:ident: $what:literal;)*) => {
        $(
            fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                Err(Error::invalid_type(Unexpected::Other($what), &visitor))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Look<'_> {
    type Error = Error;

    plain! {
        deserialize_bool => visit_bool(false), "bool";
        deserialize_i8 => visit_i8(1), "i8";
        deserialize_i16 => visit_i16(1), "i16";
        deserialize_i32 => visit_i32(1), "i32";
        deserialize_i64 => visit_i64(1), "i64";
        deserialize_i128 => visit_i128(1), "i128";
        deserialize_u8 => visit_u8(1), "u8";
        deserialize_u16 => visit_u16(1), "u16";
        deserialize_u32 => visit_u32(1), "u32";
        deserialize_u64 => visit_u64(1), "u64";
        deserialize_u128 => visit_u128(1), "u128";
        deserialize_char => visit_char('1'), "char";
        deserialize_str => visit_str("1"), "text";
        deserialize_string => visit_str("1"), "text";
        deserialize_bytes => visit_bytes(&[1]), "bytes";
        deserialize_byte_buf => visit_bytes(&[1]), "bytes";
        deserialize_unit => visit_unit(), "()";
    }

    refused! {
        deserialize_f32: "a float";
        deserialize_f64: "a float";
        deserialize_map: "a map";
        deserialize_any: "a type that says no more than its value";
        deserialize_ignored_any: "a value that is skipped";
        deserialize_identifier: "a name on its own";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.shape.push('?');
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.inside(None, 1, visitor, |parts| format!("[{}]", parts.join(", ")))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.inside(None, len, visitor, |parts| match parts {
            [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|p| p == first) => {
                format!("[{first}; {}]", parts.len())
            }
            _ => format!("({})", parts.join(", ")),
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.book.note(name, &[], "  ()".to_owned())?;
        self.shape.push_str(name);
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let value =
            visitor.visit_newtype_struct(Look { book: self.book, shape: &mut inner, depth: deeper(self.depth)? })?;
        self.book.note(name, &[], format!("  {inner}"))?;
        self.shape.push_str(name);
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let look = Look { book: self.book, shape: &mut inner, depth: self.depth };
        let value = look.deserialize_tuple(len, visitor)?;
        self.book.note(name, &[], format!("  {inner}"))?;
        self.shape.push_str(name);
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let look = Look { book: self.book, shape: &mut inner, depth: self.depth };
        let value = look.inside(Some(fields), fields.len(), visitor, |parts| format!("  {}", parts.join("\n  ")))?;
        self.book.note(name, fields, inner)?;
        self.shape.push_str(name);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.shape.push_str(name);
        let last = variants.len().checked_sub(1).ok_or_else(|| Error::custom(format!("{name} has no variants")))?;
        let index = self.book.enter(name, variants)?.done.min(last);
        let outer = std::mem::take(&mut self.book.unseen);
        let mut part = format!("  {index} {}", variants.get(index).copied().unwrap_or_default());
        let look = Look { book: self.book, shape: &mut part, depth: deeper(self.depth)? };
        let value = visitor.visit_enum(Chosen { look, index })?;
        let inner = self.book.unseen;
        let ty = self.book.enter(name, variants)?;
        if !inner && ty.done == index {
            ty.parts.push(part);
            ty.done += 1;
        }
        self.book.unseen = outer || inner || self.book.enter(name, variants)?.done <= last;
        Ok(value)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

fn deeper(depth: usize) -> Result<usize, Error> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(Error::custom("a type holds itself")) }
}

impl<'b> Look<'b> {
    /// Looks at `len` things in a row, and writes down what `show` makes of them.
    fn inside<'de, V: Visitor<'de>>(
        self,
        names: Option<&'static [&'static str]>,
        len: usize,
        visitor: V,
        show: impl FnOnce(&[String]) -> String,
    ) -> Result<V::Value, Error> {
        let mut row = Row { book: self.book, depth: deeper(self.depth)?, names, left: len, parts: Vec::new() };
        let value = visitor.visit_seq(&mut row)?;
        self.shape.push_str(&show(&row.parts));
        Ok(value)
    }
}

/// Fields or elements, one after the other.
struct Row<'b> {
    book: &'b mut Book,
    depth: usize,
    names: Option<&'static [&'static str]>,
    left: usize,
    parts: Vec<String>,
}

impl<'de> SeqAccess<'de> for &mut Row<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut part = String::new();
        if let Some(name) = self.names.and_then(|names| names.get(self.parts.len())) {
            part = format!("{name}: ");
        }
        let value = seed.deserialize(Look { book: self.book, shape: &mut part, depth: self.depth })?;
        self.parts.push(part);
        Ok(Some(value))
    }
}

/// The variant that is looked at this time.
struct Chosen<'b> {
    look: Look<'b>,
    index: usize,
}

impl<'de, 'b> EnumAccess<'de> for Chosen<'b> {
    type Error = Error;
    type Variant = Look<'b>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Look<'b>), Error> {
        let chosen = seed.deserialize((self.index as u64).into_deserializer())?;
        Ok((chosen, self.look))
    }
}

impl<'de> VariantAccess<'de> for Look<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.shape.push(' ');
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.inside(None, len, visitor, |parts| format!(" ({})", parts.join(", ")))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.inside(Some(fields), fields.len(), visitor, |parts| format!(" {{ {} }}", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    fn seen<T: DeserializeOwned>() -> Result<String, String> {
        let mut book = Book::default();
        for _ in 0..100 {
            book.unseen = false;
            let mut shape = String::new();
            T::deserialize(Look { book: &mut book, shape: &mut shape, depth: 0 }).map_err(|e| e.to_string())?;
            if !book.unseen {
                return Ok(format!("{shape}{}", book.to_text()));
            }
        }
        Err("never done".to_owned())
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum Inner {
        Empty,
        One(u8),
        Two(u16, i128),
        Named { a: Option<String>, b: [u8; 4] },
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Outer {
        first: Vec<Inner>,
        second: Inner,
        pair: (bool, Inner),
        wrapped: Wrapped,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Wrapped(Box<Choice>);

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum Choice {
        Left(Inner),
        Right(Last),
    }

    #[derive(Deserialize)]
    enum Last {
        Only,
    }

    #[test]
    fn every_variant_is_seen_wherever_it_is_first_met() {
        let expected = "Outer
Choice
  0 Left Inner
  1 Right Last

Inner
  0 Empty
  1 One u8
  2 Two (u16, i128)
  3 Named { a: ?text, b: [u8; 4] }

Last
  0 Only

Outer
  first: [Inner]
  second: Inner
  pair: (bool, Inner)
  wrapped: Wrapped

Wrapped
  Choice
";
        assert_eq!(seen::<Outer>().unwrap(), expected);
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Endless {
        again: Option<Box<Endless>>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum EndlessEnum {
        Again(Vec<EndlessEnum>),
        Leaf,
    }

    mod other {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its shape is looked at")]
        pub struct Wrapped(u64);

        #[derive(serde::Deserialize)]
        pub enum Inner {
            Empty,
        }
    }

    #[test]
    fn what_has_no_shape_is_refused() {
        let refused = |shape: Result<String, String>| shape.unwrap_err();
        assert_eq!(refused(seen::<Endless>()), "a type holds itself");
        assert_eq!(refused(seen::<EndlessEnum>()), "a type holds itself");
        assert_eq!(refused(seen::<(Inner, other::Inner)>()), "two types are called Inner");
        assert_eq!(refused(seen::<(Wrapped, other::Wrapped)>()), "Wrapped is both   Choice and   u64");
        assert!(refused(seen::<(u8, f64)>()).contains("a float"));
        assert!(refused(seen::<BTreeMap<u8, u8>>()).contains("a map"));
    }
}
