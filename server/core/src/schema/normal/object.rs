//! Objects of all kinds, one like the other.

use super::reach::{self, Reach};
use super::{Id, Texts};
use crate::schema::{
    Composite, CompositeField, Domain, DomainCheck, Enum, Extension, Function, Name, Named as _, Namespace,
    Schema, Sequence, Table, View,
};

/// An object of a schema.
#[derive(Clone, Copy, Debug)]
pub(super) enum Object<'a> {
    Namespace(&'a Namespace),
    Extension(&'a Extension),
    Enum(&'a Enum),
    Composite(&'a Composite),
    Domain(&'a Domain),
    Sequence(&'a Sequence),
    Table(&'a Table),
    Function(&'a Function),
    View(&'a View),
}

/// A desired object.
pub(super) struct Item<'a> {
    pub(super) id: Id,
    pub(super) object: Object<'a>,
    /// Whether it is known to be told as it stands.
    pub(super) alike: bool,
}

/// All objects of a schema.
pub(super) fn objects(schema: &Schema) -> impl Iterator<Item = Object<'_>> {
    let types = schema.enums.iter().map(Object::Enum);
    let types = types.chain(schema.composites.iter().map(Object::Composite));
    let types = types.chain(schema.domains.iter().map(Object::Domain));
    let beside =
        schema.schemas.iter().map(Object::Namespace).chain(schema.extensions.iter().map(Object::Extension));
    let rest = schema.sequences.iter().map(Object::Sequence).chain(schema.tables.iter().map(Object::Table));
    let rest = rest
        .chain(schema.functions.iter().map(Object::Function))
        .chain(schema.views.iter().map(Object::View));
    beside.chain(types).chain(rest)
}

/// The desired objects by their identity, each looked at beside the standing one of its name.
pub(super) fn items<'a>(texts: &Texts<'a>) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'a>> = objects(texts.desired)
        .map(|object| Item { id: object.id(), object, alike: object.stands(texts) })
        .collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    items
}

impl Object<'_> {
    pub(super) fn id(&self) -> Id {
        match self {
            Object::Namespace(one) => ("schema", one.key()),
            Object::Extension(one) => ("extension", one.key()),
            Object::Enum(one) => ("enum", identity(&one.name)),
            Object::Composite(one) => ("composite", identity(&one.name)),
            Object::Domain(one) => ("domain", identity(&one.name)),
            Object::Sequence(one) => ("sequence", identity(&one.name)),
            Object::Table(one) => ("table", identity(&one.name)),
            Object::Function(one) => ("function", one.key()),
            Object::View(one) => ("view", identity(&one.name)),
        }
    }

    /// What texts call it.
    pub(super) fn called(&self) -> &str {
        match self {
            Object::Namespace(one) => &one.name,
            Object::Extension(one) => &one.name,
            Object::Enum(one) => &one.name.name,
            Object::Composite(one) => &one.name.name,
            Object::Domain(one) => &one.name.name,
            Object::Sequence(one) => &one.name.name,
            Object::Table(one) => &one.name.name,
            Object::Function(one) => &one.name.name,
            Object::View(one) => &one.name.name,
        }
    }

    /// What its texts may refer to, foreign keys apart.
    pub(super) fn reach(&self) -> Reach {
        let mut words = Reach::new();
        match self {
            Object::Namespace(Namespace { name: _, comment: _ }) => {}
            Object::Extension(Extension { name: _, schema, version: _ }) => {
                schema.iter().for_each(|schema| reach::add(&mut words, schema));
            }
            Object::Enum(Enum { name, values: _, comment: _ }) => reach::place(&mut words, name),
            Object::Composite(Composite { name, fields, comment: _ }) => {
                reach::place(&mut words, name);
                for CompositeField { name: _, data_type, collation } in fields {
                    reach::add(&mut words, data_type);
                    collation.iter().for_each(|collation| reach::add(&mut words, collation));
                }
            }
            Object::Domain(one) => reach::domain(&mut words, one),
            Object::Sequence(one) => reach::sequence(&mut words, one),
            Object::Table(one) => reach::table(&mut words, one),
            Object::Function(one) => reach::function(&mut words, one),
            Object::View(one) => reach::view(&mut words, one),
        }
        words
    }

    /// Whether the standing object of its name is the one that an engine would tell for it, as far as its own
    /// description goes.
    fn stands(&self, texts: &Texts<'_>) -> bool {
        let standing = texts.standing;
        match *self {
            Object::Namespace(one) => standing.schemas.get(&one.name) == Some(one),
            // A scratch database has the target's extensions before anything is made in it.
            Object::Extension(one) => standing.extensions.contains(&one.name),
            Object::Enum(one) => standing.enums.get(&one.name) == Some(one),
            Object::Composite(one) => {
                standing.composites.get(&one.name).is_some_and(|old| same_fields(texts, old, one))
            }
            Object::Domain(one) => {
                standing.domains.get(&one.name).is_some_and(|old| same_domain(texts, old, one))
            }
            Object::Sequence(one) => standing.sequences.get(&one.name) == Some(one),
            Object::Table(one) => {
                standing.tables.get(&one.name).is_some_and(|old| old == one || texts.same_table(old, one))
            }
            Object::Function(one) => {
                standing.functions.get(&one.key()).is_some_and(|old| same_function(texts, old, one))
            }
            Object::View(one) => standing.views.get(&one.name).is_some_and(|old| texts.same_view(old, one)),
        }
    }
}

/// A dot in a name must not make one name of two.
fn identity(name: &Name) -> String {
    format!("{}\0{}", name.schema.as_deref().unwrap_or_default(), name.name)
}

fn same_fields(texts: &Texts<'_>, old: &Composite, new: &Composite) -> bool {
    let told = Composite { fields: old.fields.clone(), ..new.clone() };
    let same = |old: &CompositeField, new: &CompositeField| {
        (&old.name, &old.collation) == (&new.name, &new.collation)
            && texts.same_type(&old.data_type, &new.data_type)
    };
    *old == told
        && old.fields.len() == new.fields.len()
        && old.fields.iter().zip(&new.fields).all(|(old, new)| same(old, new))
}

fn same_domain(texts: &Texts<'_>, old: &Domain, new: &Domain) -> bool {
    let told = Domain {
        data_type: old.data_type.clone(),
        default: old.default.clone(),
        checks: old.checks.clone(),
        ..new.clone()
    };
    let check = |old: &DomainCheck, new: &DomainCheck| {
        let told = DomainCheck { expr: old.expr.clone(), ..new.clone() };
        *old == told && texts.same_expression(&old.expr, &new.expr)
    };
    *old == told
        && texts.same_type(&old.data_type, &new.data_type)
        && match (&old.default, &new.default) {
            (None, None) => true,
            (Some(old), Some(new)) => texts.same_expression(old, new),
            _ => false,
        }
        && old.checks.len() == new.checks.len()
        && new.checks.iter().all(|new| old.checks.iter().any(|old| check(old, new)))
}

fn same_function(texts: &Texts<'_>, old: &Function, new: &Function) -> bool {
    let told = Function { definition: old.definition.clone(), returns: old.returns.clone(), ..new.clone() };
    *old == told
        && (new.returns.is_empty() || new.returns == old.returns)
        && texts.same_words(&old.definition, &new.definition)
}
