//! Constraints and indexes of a table that is there before and after: which stay, change their names, go and come.

use crate::DialectName;
use crate::schema::{Constraint, Index, Table};
use std::collections::BTreeSet;

/// What becomes of a set of things that have names.
pub(super) struct Matched<T> {
    /// Those that go; what changes goes and comes.
    pub(super) drop: Vec<T>,
    /// Those that only have another name.
    pub(super) rename: Vec<(T, T)>,
    /// Those of which only the comment differs.
    pub(super) comment: Vec<(T, T)>,
    /// Those that come.
    pub(super) add: Vec<T>,
    /// Those that stay, under their new name.
    pub(super) keep: Vec<T>,
}

/// Something with a name, a comment and the rest.
pub(super) trait Part: Clone + PartialEq {
    /// Its name, where the engine keeps one.
    fn label(&self) -> Option<&str>;
    /// It without its name and comment.
    fn bare(&self) -> Self;
    /// Its comment.
    fn remark(&self) -> Option<&String>;
}

impl Part for Constraint {
    fn label(&self) -> Option<&str> {
        self.name()
    }

    fn bare(&self) -> Constraint {
        let mut bare = self.clone();
        let (name, comment) = match &mut bare {
            Constraint::PrimaryKey(c) => (&mut c.name, &mut c.comment),
            Constraint::Unique(c) => (&mut c.name, &mut c.comment),
            Constraint::Check(c) => (&mut c.name, &mut c.comment),
            Constraint::ForeignKey(c) => (&mut c.name, &mut c.comment),
            Constraint::Exclude(c) => (&mut c.name, &mut c.comment),
        };
        (*name, *comment) = (None, None);
        bare
    }

    fn remark(&self) -> Option<&String> {
        match self {
            Constraint::PrimaryKey(c) => c.comment.as_ref(),
            Constraint::Unique(c) => c.comment.as_ref(),
            Constraint::Check(c) => c.comment.as_ref(),
            Constraint::ForeignKey(c) => c.comment.as_ref(),
            Constraint::Exclude(c) => c.comment.as_ref(),
        }
    }
}

impl Part for Index {
    fn label(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn bare(&self) -> Index {
        Index { name: String::new(), comment: None, ..self.clone() }
    }

    fn remark(&self) -> Option<&String> {
        self.comment.as_ref()
    }
}

/// What an engine can do to a part without making it anew.
#[derive(Clone, Copy)]
pub(super) struct Able {
    /// Give it another name.
    pub(super) rename: bool,
    /// Give it another comment.
    pub(super) comment: bool,
}

impl Able {
    pub(super) fn constraints(dialect: DialectName) -> Able {
        let postgres = dialect == DialectName::Postgres;
        Able { rename: postgres, comment: postgres }
    }

    pub(super) fn indexes(dialect: DialectName) -> Able {
        Able { rename: dialect != DialectName::Sqlite, comment: dialect == DialectName::Postgres }
    }
}

/// Matches what was with what is to be: by name, then by content. What `remade` names is dropped and made again.
pub(super) fn matched<T: Part>(old: &[T], new: &[T], able: Able, remade: impl Fn(&T) -> bool) -> Matched<T> {
    let mut result = Matched { drop: vec![], rename: vec![], comment: vec![], add: vec![], keep: vec![] };
    let mut old: Vec<&T> = old.iter().collect();
    let mut new: Vec<&T> = new.iter().collect();
    old.sort_by_key(|part| part.label());
    new.sort_by_key(|part| part.label());
    let mut free: Vec<(&T, T)> = Vec::new();
    for part in old {
        let same = part.label().and_then(|name| new.iter().position(|other| other.label() == Some(name)));
        let Some(at) = same else {
            free.push((part, part.bare()));
            continue;
        };
        let other = new.remove(at);
        if remade(part) || !able.comment && part.remark() != other.remark() || part.bare() != other.bare() {
            result.drop.push(part.clone());
            result.add.push(other.clone());
        } else {
            if part.remark() != other.remark() {
                result.comment.push((part.clone(), other.clone()));
            }
            result.keep.push(other.clone());
        }
    }
    let mut taken: BTreeSet<String> =
        free.iter().filter_map(|(part, _)| part.label().map(str::to_owned)).collect();
    for part in new {
        let bare = part.bare();
        let twin = free.iter().position(|(other, content)| {
            let named = other.label().is_some() && part.label().is_some();
            *content == bare
                && !remade(other)
                && (able.comment || other.remark() == part.remark())
                && (!named || able.rename && part.label().is_none_or(|name| !taken.contains(name)))
        });
        let Some(at) = twin else {
            result.add.push(part.clone());
            continue;
        };
        let (other, _) = free.remove(at);
        match (other.label(), part.label()) {
            (Some(name), Some(_)) => {
                taken.remove(name);
                result.rename.push((other.clone(), part.clone()));
            }
            _ => result.keep.push(part.clone()),
        }
        if other.remark() != part.remark() {
            result.comment.push((other.clone(), part.clone()));
        }
    }
    result.drop.extend(free.into_iter().map(|(part, _)| part.clone()));
    result
}

/// All constraints of a table apart from foreign keys.
pub(super) fn local(table: &Table) -> Vec<Constraint> {
    table.constraints().filter(|constraint| !matches!(constraint, Constraint::ForeignKey(_))).collect()
}

/// The foreign keys of a table.
pub(super) fn foreign(table: &Table) -> Vec<Constraint> {
    table.foreign_keys.iter().cloned().map(Constraint::ForeignKey).collect()
}

/// The columns that a constraint is made of.
pub(super) fn columns(constraint: &Constraint) -> &[String] {
    match constraint {
        Constraint::PrimaryKey(c) => &c.columns,
        Constraint::Unique(c) => &c.columns,
        Constraint::ForeignKey(c) => &c.columns,
        Constraint::Check(_) | Constraint::Exclude(_) => &[],
    }
}

/// The texts of a constraint that name columns, functions and types.
pub(super) fn texts(constraint: &Constraint) -> Vec<&str> {
    match constraint {
        Constraint::PrimaryKey(c) => c.verbatim.iter().map(String::as_str).collect(),
        Constraint::Unique(c) => c.verbatim.iter().map(String::as_str).collect(),
        Constraint::Check(c) => vec![&c.expr],
        Constraint::ForeignKey(_) => Vec::new(),
        Constraint::Exclude(c) => {
            let parts = c.items.iter().flat_map(|item| [item.element.as_str(), item.operator.as_str()]);
            parts.chain(c.predicate.as_deref()).collect()
        }
    }
}

/// The texts of an index that name columns, functions and types.
pub(super) fn index_texts(index: &Index) -> Vec<&str> {
    let items = index
        .items
        .iter()
        .flat_map(|item| item.expr.iter().chain(&item.opclass).chain(&item.collation).map(String::as_str));
    items.chain(index.predicate.as_deref()).collect()
}

/// The columns that an index is made of, in its order, up to its first expression.
pub(super) fn index_columns(index: &Index) -> Vec<&str> {
    index.items.iter().map_while(|item| item.column.as_deref()).collect()
}
