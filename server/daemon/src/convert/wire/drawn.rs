//! Messages to test with, drawn from the descriptors, so that no field of any message is forgotten.

use super::shape::{Field, Kind, Message};
use prost::encoding::encode_varint;

/// Draws messages. With `whole` every field is set, and to nothing that could go without saying; else each is set or
/// not, as it comes.
pub(super) struct Draw {
    state: u64,
    whole: bool,
    texts: u64,
}

impl Draw {
    pub(super) fn new(seed: u64, whole: bool) -> Draw {
        Draw { state: seed, whole, texts: 0 }
    }

    /// A number below `n`, by the generator SplitMix64.
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    /// A message in the wire format; of a choice the field at `chosen`, where that is said.
    pub(super) fn message(&mut self, shape: &'static Message, chosen: Option<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        if shape.is_choice {
            let at = chosen.unwrap_or_else(|| self.below(shape.fields.len() as u64) as usize);
            self.value(&shape.fields[at], &mut out);
            return out;
        }
        for field in &shape.fields {
            // A list does not hold two objects without a name.
            let is_set = self.whole || field.name == "name" || self.below(3) > 0;
            let times = match field.repeated || field.kind == Kind::Map {
                // A list that is a set in the model holds no value twice.
                true if self.whole && matches!(field.kind, Kind::Enum(_)) => 1,
                true if self.whole => 2,
                true => self.below(3),
                false => u64::from(is_set),
            };
            for _ in 0..times {
                self.value(field, &mut out);
            }
        }
        out
    }

    fn value(&mut self, field: &'static Field, out: &mut Vec<u8>) {
        let wire = if matches!(field.kind, Kind::Bool | Kind::Int | Kind::Enum(_)) { 0 } else { 2 };
        encode_varint(u64::from(field.number) << 3 | wire, out);
        match field.kind {
            Kind::Bool => {
                // What may be left out, and is true then.
                let is_true = ["nullable", "permissive"].contains(&field.name.as_str())
                    || field.name.starts_with("compare_");
                out.push(if self.whole { u8::from(!is_true) } else { self.below(2) as u8 });
            }
            Kind::Int => encode_varint(1 + self.below(0x7fff_ffff), out),
            Kind::Text => {
                let text = self.text();
                bytes(text.as_bytes(), out);
            }
            Kind::Map => {
                let (mut entry, key, value) = (Vec::new(), self.text(), self.text());
                entry.push(1 << 3 | 2);
                bytes(key.as_bytes(), &mut entry);
                entry.push(2 << 3 | 2);
                bytes(value.as_bytes(), &mut entry);
                bytes(&entry, out);
            }
            Kind::Enum(_) => {
                // The first is what goes without saying.
                let values = field.choices().expect("an enum").words.len() as u64;
                encode_varint(if self.whole { values } else { 1 + self.below(values) }, out);
            }
            Kind::Message(_) => {
                let shape = field.message().expect("a message");
                // A value of a row may be NULL.
                let null = shape.name == "migrated.v1.Literal" && field.repeated && self.below(3) == 0;
                let inner = if null { Vec::new() } else { self.message(shape, None) };
                bytes(&inner, out);
            }
            Kind::Other => panic!("{} is no part of the model", field.name),
        }
    }

    /// A text that was not drawn before; later ones stand behind earlier ones.
    fn text(&mut self) -> String {
        const TAILS: [&str; 6] = ["", "'", "\" ; --", " ünïcode 漢字", ".dot", "true"];
        self.texts += 1;
        let tail = TAILS[self.below(TAILS.len() as u64) as usize];
        format!("t{:06}{tail}", self.texts)
    }
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}
