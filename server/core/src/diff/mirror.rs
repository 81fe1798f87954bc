//! Filters, tolerances and the rule for drops all say of some objects that they stay as they are: then what is there
//! takes the place of what is desired, and the comparison finds nothing.

use super::filter::{Kind, ObjectId, Seen};
use super::rules::Aspect;
use crate::schema::{
    Check, Column, Composite, Domain, Enum, Exclude, Extension, ForeignKey, Function, Index, Name, Named,
    Namespace, Objects, Policy, PrimaryKey, Schema, Sequence, Table, Trigger, Unique, View,
};

/// What the rules say of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts.
    Counts,
    /// The object stays as it is, for a reason.
    Stays(LeftOutBecause),
    /// It stays as it is in these respects.
    StaysIn(Vec<Aspect>),
}

/// Why a difference is no operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutBecause {
    /// Filters say which objects of its kind are compared, and none fits it.
    NotIncluded,
    /// A filter leaves it out.
    Excluded,
    /// It is tolerated.
    Tolerated,
    /// Nothing may be dropped, or not this, which the history did not create.
    NotDropped,
    /// It is a partition, or inherits from another table.
    Partition,
    /// A table cannot become one with partitions, or get others, without being made anew.
    Partitioning,
}

/// A difference that is no operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The object.
    pub object: ObjectId,
    /// Why.
    pub because: LeftOutBecause,
}

/// Something that can stay as it is.
trait Mirrored: Clone + PartialEq {
    const KIND: Kind;
    fn label(&self) -> String;
    fn place(&self) -> Option<&str> {
        None
    }
    fn keep(&mut self, old: &Self, aspect: Aspect);
}

macro_rules! mirrored {
    ($type:ty, $kind:ident, $name:expr, $place:expr) => {
        impl Mirrored for $type {
            const KIND: Kind = Kind::$kind;
            fn label(&self) -> String {
                let name: fn(&$type) -> String = $name;
                name(self)
            }
            fn place(&self) -> Option<&str> {
                let place: fn(&$type) -> Option<&str> = $place;
                place(self)
            }
            fn keep(&mut self, old: &Self, aspect: Aspect) {
                if aspect == Aspect::Comment {
                    self.comment.clone_from(&old.comment);
                }
            }
        }
    };
}

mirrored!(Namespace, Schema, |o| o.name.clone(), |_| None);
mirrored!(Enum, Enum, |o| o.name.name.clone(), |o| o.name.schema.as_deref());
mirrored!(Composite, Composite, |o| o.name.name.clone(), |o| o.name.schema.as_deref());
mirrored!(Domain, Domain, |o| o.name.name.clone(), |o| o.name.schema.as_deref());
mirrored!(Sequence, Sequence, |o| o.name.name.clone(), |o| o.name.schema.as_deref());
mirrored!(Function, Function, |o| format!("{}({})", o.name.name, o.arguments), |o| o.name.schema.as_deref());
mirrored!(View, View, |o| o.name.name.clone(), |o| o.name.schema.as_deref());
mirrored!(PrimaryKey, PrimaryKey, |o| o.name.clone().unwrap_or_default(), |_| None);
mirrored!(Unique, Unique, |o| o.name.clone().unwrap_or_default(), |_| None);
mirrored!(Check, Check, |o| o.name.clone().unwrap_or_default(), |_| None);
mirrored!(ForeignKey, ForeignKey, |o| o.name.clone().unwrap_or_default(), |_| None);
mirrored!(Exclude, Exclude, |o| o.name.clone().unwrap_or_default(), |_| None);
mirrored!(Index, Index, |o| o.name.clone(), |_| None);
mirrored!(Trigger, Trigger, |o| o.name.clone(), |_| None);
mirrored!(Policy, Policy, |o| o.name.clone(), |_| None);

impl Mirrored for Extension {
    const KIND: Kind = Kind::Extension;
    fn label(&self) -> String {
        self.name.clone()
    }
    fn keep(&mut self, _: &Self, _: Aspect) {}
}

impl Mirrored for Table {
    const KIND: Kind = Kind::Table;
    fn label(&self) -> String {
        self.name.name.clone()
    }
    fn place(&self) -> Option<&str> {
        self.name.schema.as_deref()
    }
    fn keep(&mut self, old: &Self, aspect: Aspect) {
        match aspect {
            Aspect::Comment => self.comment.clone_from(&old.comment),
            Aspect::Options => self.options.clone_from(&old.options),
            _ => {}
        }
    }
}

impl Mirrored for Column {
    const KIND: Kind = Kind::Column;
    fn label(&self) -> String {
        self.name.clone()
    }
    fn keep(&mut self, old: &Self, aspect: Aspect) {
        match aspect {
            Aspect::Type => self.data_type.clone_from(&old.data_type),
            Aspect::ServerDefault => {
                self.default.clone_from(&old.default);
                self.on_update.clone_from(&old.on_update);
            }
            Aspect::Nullable => self.nullable = old.nullable,
            Aspect::Comment => self.comment.clone_from(&old.comment),
            Aspect::Collation => {
                self.collation.clone_from(&old.collation);
                self.charset.clone_from(&old.charset);
            }
            Aspect::Identity => {
                self.identity.clone_from(&old.identity);
                self.autoincrement = old.autoincrement;
            }
            Aspect::Computed => self.computed.clone_from(&old.computed),
            Aspect::Options => {}
        }
    }
}

/// Asks `judge` about every object that is there, desired or both; what stays as it is takes its place in `to`.
pub(super) fn mirror(
    from: &Schema,
    to: &mut Schema,
    left_out: &mut Vec<LeftOut>,
    judge: &dyn Fn(&Seen<'_>, bool, bool) -> Verdict,
) {
    let mut pass = Pass { judge, left_out, table: None };
    pass.objects(&from.schemas, &mut to.schemas);
    pass.objects(&from.extensions, &mut to.extensions);
    pass.objects(&from.enums, &mut to.enums);
    pass.objects(&from.composites, &mut to.composites);
    pass.objects(&from.domains, &mut to.domains);
    pass.objects(&from.sequences, &mut to.sequences);
    pass.objects(&from.functions, &mut to.functions);
    pass.objects(&from.views, &mut to.views);
    pass.objects(&from.tables, &mut to.tables);
    for new in to.tables.iter_mut() {
        let Some(old) = from.tables.get(&new.name).filter(|old| *old != new) else { continue };
        pass.table = Some(new.name.clone());
        pass.list(&old.columns, &mut new.columns);
        let mut key: Vec<PrimaryKey> = new.primary_key.take().into_iter().collect();
        let old_key: Vec<PrimaryKey> = old.primary_key.iter().cloned().collect();
        pass.list(&old_key, &mut key);
        new.primary_key = key.pop();
        pass.list(&old.uniques, &mut new.uniques);
        pass.list(&old.checks, &mut new.checks);
        pass.list(&old.foreign_keys, &mut new.foreign_keys);
        pass.list(&old.excludes, &mut new.excludes);
        pass.objects(&old.indexes, &mut new.indexes);
        pass.objects(&old.triggers, &mut new.triggers);
        pass.objects(&old.policies, &mut new.policies);
    }
}

struct Pass<'a> {
    judge: &'a dyn Fn(&Seen<'_>, bool, bool) -> Verdict,
    left_out: &'a mut Vec<LeftOut>,
    table: Option<Name>,
}

impl Pass<'_> {
    /// What takes the place of `new`: nothing, what is there, or something between them.
    fn settled<T: Mirrored>(&mut self, old: Option<&T>, new: Option<T>) -> Option<T> {
        let object = old.or(new.as_ref())?;
        if old == new.as_ref() {
            return new;
        }
        let name = object.label();
        let schema = match &self.table {
            Some(table) => table.schema.as_deref(),
            None => object.place(),
        };
        let table = self.table.as_ref().map(|table| table.name.as_str());
        let seen = Seen { kind: T::KIND, schema, table, name: &name };
        let because = match (self.judge)(&seen, old.is_some(), new.is_some()) {
            Verdict::Counts => return new,
            Verdict::Stays(because) => because,
            Verdict::StaysIn(aspects) => {
                let (Some(old), Some(mut kept)) = (old, new.clone()) else { return new };
                aspects.into_iter().for_each(|aspect| kept.keep(old, aspect));
                if Some(&kept) != new.as_ref() {
                    self.left_out.push(LeftOut { object: seen.id(), because: LeftOutBecause::Tolerated });
                }
                return Some(kept);
            }
        };
        self.left_out.push(LeftOut { object: seen.id(), because });
        old.cloned()
    }

    fn objects<T: Mirrored + Named>(&mut self, old: &Objects<T>, new: &mut Objects<T>) {
        let gone: Vec<&T> = old.iter().filter(|object| !new.contains(&object.key())).collect();
        let kept: Vec<T> = gone.into_iter().filter_map(|object| self.settled(Some(object), None)).collect();
        let all = std::mem::take(new);
        *new = all
            .into_iter()
            .filter_map(|object| {
                let before = old.get(&object.key());
                self.settled(before, Some(object))
            })
            .collect();
        kept.into_iter().for_each(|object| _ = new.insert(object));
    }

    fn list<T: Mirrored>(&mut self, old: &[T], new: &mut Vec<T>) {
        let find = |list: &[T], object: &T| list.iter().position(|other| other.label() == object.label());
        let gone: Vec<&T> = old.iter().filter(|object| find(new, object).is_none()).collect();
        let kept: Vec<T> = gone.into_iter().filter_map(|object| self.settled(Some(object), None)).collect();
        let all = std::mem::take(new);
        for object in all {
            let before = find(old, &object).map(|at| &old[at]);
            new.extend(self.settled(before, Some(object)));
        }
        new.extend(kept);
    }
}
