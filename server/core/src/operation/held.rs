//! Objects that a schema holds, made, taken out and changed by name.

use super::OperationError;
use crate::DialectName;
use crate::schema::{Name, Named, Objects, Schema, Table};

/// Puts an object in; `tolerant` leaves one that is there as it is.
pub(super) fn make<T: Named + Clone>(
    objects: &mut Objects<T>,
    object: &T,
    tolerant: bool,
    kind: &str,
) -> Result<(), OperationError> {
    if objects.contains(&object.key()) {
        return if tolerant { Ok(()) } else { Err(exists(kind, object.key())) };
    }
    objects.insert(object.clone());
    Ok(())
}

/// Takes an object out; `tolerant` accepts that there is none.
pub(super) fn take<T: Named>(
    objects: &mut Objects<T>,
    key: &T::Key,
    tolerant: bool,
    kind: &str,
) -> Result<(), OperationError> {
    match objects.remove(key) {
        None if !tolerant => Err(missing(kind, key)),
        _ => Ok(()),
    }
}

/// Puts `to` in the place of the object called `from`.
pub(super) fn put<T: Named + Clone>(
    objects: &mut Objects<T>,
    from: &T::Key,
    to: &T,
    kind: &str,
) -> Result<(), OperationError> {
    let key = to.key();
    if !objects.contains(from) {
        return Err(missing(kind, from));
    }
    if key != *from && objects.contains(&key) {
        return Err(exists(kind, key));
    }
    objects.remove(from);
    objects.insert(to.clone());
    Ok(())
}

/// The table of that name.
pub(super) fn table<'s>(
    tables: &'s mut Objects<Table>,
    name: &Name,
) -> Result<&'s mut Table, OperationError> {
    tables.get_mut(name).ok_or_else(|| missing("table", name))
}

/// The dialect whose rules decide where the engines differ.
pub(super) fn dialect(schema: &Schema) -> DialectName {
    schema.dialect.unwrap_or(DialectName::Postgres)
}

pub(super) fn missing(kind: &str, name: impl std::fmt::Display) -> OperationError {
    OperationError::Missing { what: format!("{kind} {name}") }
}

pub(super) fn exists(kind: &str, name: impl std::fmt::Display) -> OperationError {
    OperationError::Exists { what: format!("{kind} {name}") }
}
