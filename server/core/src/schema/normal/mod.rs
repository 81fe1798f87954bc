//! What of a desired schema is known to stand already, without asking an engine: an object whose texts are the standing
//! one's, or spelled so that the same engine must print them alike. Types, defaults, expressions, predicates and the
//! queries of views are looked at; "alike" is said only where the text proves it. All else is asked about: a scratch
//! database makes it, with what it refers to, and what refers to it is asked about too.
//!
//! What an engine tells of an object depends on its own description and on the objects that this refers to. So an
//! object that is alike, and refers to none that is not, would be told as it stands.

mod binds;
mod collide;
mod expression;
mod object;
mod reach;
mod spread;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod words;

use super::{Namespace, Schema};
use crate::DialectName;
use crate::operation::Server;
use object::{Item, Object};
use std::collections::{BTreeSet, HashSet};

/// What is known of a desired schema, and what has to be asked.
#[derive(Clone, Debug)]
pub struct Settlement<'a> {
    standing: &'a Schema,
    /// Objects of both that are alike.
    alike: BTreeSet<Id>,
    asked: Option<Schema>,
    dialect: DialectName,
}

/// An object: its kind, and its name among those of its kind.
type Id = (&'static str, String);

/// Looks at a desired schema beside what stands, both in the names of one target.
pub fn settle<'a>(server: &Server, standing: &'a Schema, desired: &Schema) -> Settlement<'a> {
    let own_types = [standing, desired].into_iter().flat_map(own_types).collect();
    let texts =
        Texts { dialect: server.dialect, mariadb: server.mariadb, standing, desired, own_types: &own_types };
    let mut items = object::items(&texts);
    let serials: BTreeSet<Id> = texts.serials(&items).collect();
    let removed: Vec<Object<'_>> = object::objects(standing)
        .filter(|object| {
            let id = object.id();
            !matches!(object, Object::Namespace(_) | Object::Extension(_))
                && !serials.contains(&id)
                && items.binary_search_by(|item| item.id.cmp(&id)).is_err()
        })
        .collect();
    spread::spread(&texts, &mut items, &removed);
    let serials = texts.serials(&items);
    let alike: BTreeSet<Id> =
        items.iter().filter(|item| item.alike).map(|item| item.id.clone()).chain(serials).collect();
    let asked = items.iter().any(|item| !item.alike).then(|| {
        let wanted = spread::supported(&items);
        restricted(desired, &|id| wanted.contains(id))
    });
    Settlement { standing, alike, asked, dialect: server.dialect }
}

impl Settlement<'_> {
    /// What an engine has to be asked about, with what that needs to be made; `None` where nothing is left to ask.
    pub fn asked(&self) -> Option<&Schema> {
        self.asked.as_ref()
    }

    /// The desired schema in the engine's words, from what it told about [`Settlement::asked`]. `None` where names
    /// that it chose by itself could have been others among all objects: then it has to be asked about everything.
    pub fn told(&self, read: Option<Schema>) -> Option<Schema> {
        let mut told = restricted(self.standing, &|id| self.alike.contains(id));
        // A scratch database has the target's extensions, the schemas they are in, and `public` where the target has it.
        told.extensions = self.standing.extensions.clone();
        let furnished = |namespace: &&Namespace| {
            let in_it = |schema: Option<&String>| schema == Some(&namespace.name);
            namespace.name == "public" || told.extensions.iter().any(|one| in_it(one.schema.as_ref()))
        };
        let furnished: Vec<Namespace> = self.standing.schemas.iter().filter(furnished).cloned().collect();
        furnished.into_iter().for_each(|namespace| _ = told.schemas.insert(namespace));
        told.dialect = Some(self.dialect);
        let Some(read) = read else { return Some(told) };
        let mut read = restricted(&read, &|id| !self.alike.contains(id));
        read.extensions.retain(|extension| !told.extensions.contains(&extension.name));
        if collide::collide(self.dialect, &told, &read) {
            return None;
        }
        macro_rules! put {
            ($($field:ident)*) => {$(
                for object in read.$field {
                    told.$field.insert(object);
                }
            )*};
        }
        put!(schemas extensions enums composites domains sequences tables functions views);
        Some(told)
    }
}

/// Both schemas, as their texts are compared.
struct Texts<'a> {
    dialect: DialectName,
    mariadb: bool,
    standing: &'a Schema,
    desired: &'a Schema,
    /// Types that an unqualified name may mean instead of the server's own.
    own_types: &'a HashSet<&'a str>,
}

impl Texts<'_> {
    /// The sequences of `serial` columns of alike tables: no description names them.
    fn serials<'i>(&'i self, items: &'i [Item<'_>]) -> impl Iterator<Item = Id> + 'i {
        let tables = items.iter().filter(|item| item.alike).filter_map(|item| match item.object {
            Object::Table(new) => Some((self.standing.tables.get(&new.name)?, new)),
            _ => None,
        });
        tables.flat_map(|(old, new)| {
            let sequences = new.columns.iter().filter_map(|column| {
                let name = self.serial_sequence(&new.name, old.column(&column.name)?, column)?;
                Some(Object::Sequence(self.standing.sequences.get(&name)?).id())
            });
            sequences.collect::<Vec<Id>>()
        })
    }

    /// Whether a type of that name, as it stands in a column, is an enum.
    fn is_enum(&self, name: &str) -> bool {
        self.standing.enums.iter().any(|one| {
            one.name.name == name
                && one.name.schema.is_none()
                && self.desired.enums.get(&one.name) == Some(one)
        })
    }
}

fn own_types(schema: &Schema) -> impl Iterator<Item = &str> {
    let enums = schema.enums.iter().map(|t| &t.name);
    let composites = schema.composites.iter().map(|t| &t.name);
    let domains = schema.domains.iter().map(|t| &t.name);
    let rows = schema.tables.iter().map(|t| &t.name).chain(schema.views.iter().map(|t| &t.name));
    enums.chain(composites).chain(domains).chain(rows).map(|name| name.name.as_str())
}

/// The objects of a schema for which `keep` says so.
fn restricted(schema: &Schema, keep: &dyn Fn(&Id) -> bool) -> Schema {
    let mut kept = Schema { dialect: schema.dialect, ..Schema::default() };
    for object in object::objects(schema).filter(|object| keep(&object.id())) {
        match object {
            Object::Namespace(one) => drop(kept.schemas.insert(one.clone())),
            Object::Extension(one) => drop(kept.extensions.insert(one.clone())),
            Object::Enum(one) => drop(kept.enums.insert(one.clone())),
            Object::Composite(one) => drop(kept.composites.insert(one.clone())),
            Object::Domain(one) => drop(kept.domains.insert(one.clone())),
            Object::Sequence(one) => drop(kept.sequences.insert(one.clone())),
            Object::Table(one) => drop(kept.tables.insert(one.clone())),
            Object::Function(one) => drop(kept.functions.insert(one.clone())),
            Object::View(one) => drop(kept.views.insert(one.clone())),
        }
    }
    kept
}
