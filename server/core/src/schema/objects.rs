//! Collections of objects, each under its name.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, IntoValues, Values};

/// An object that has a name of its own.
pub trait Named {
    /// What it is called among its kind.
    type Key: Ord + Clone + std::fmt::Display;
    /// Its name; for a function also its argument types.
    fn key(&self) -> Self::Key;
}

/// Objects of one kind, in the order of their names. Read and written as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects<T: Named>(BTreeMap<T::Key, T>);

impl<T: Named> Default for Objects<T> {
    fn default() -> Self {
        Objects(BTreeMap::new())
    }
}

impl<T: Named> Objects<T> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The object of that name.
    pub fn get(&self, key: &T::Key) -> Option<&T> {
        self.0.get(key)
    }

    /// The object of that name, to change. Its name must stay what it is.
    pub fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        self.0.get_mut(key)
    }

    /// Whether there is one of that name.
    pub fn contains(&self, key: &T::Key) -> bool {
        self.0.contains_key(key)
    }

    /// Adds an object; gives back the one that had its name.
    pub fn insert(&mut self, object: T) -> Option<T> {
        self.0.insert(object.key(), object)
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &T::Key) -> Option<T> {
        self.0.remove(key)
    }

    /// The objects, by name.
    pub fn iter(&self) -> Values<'_, T::Key, T> {
        self.0.values()
    }

    /// The objects, by name, to change. Their names must stay what they are.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    /// Keeps those for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|_, object| keep(object));
    }
}

impl<T: Named> IntoIterator for Objects<T> {
    type Item = T;
    type IntoIter = IntoValues<T::Key, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

impl<'a, T: Named> IntoIterator for &'a Objects<T> {
    type Item = &'a T;
    type IntoIter = Values<'a, T::Key, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.values()
    }
}

impl<T: Named> FromIterator<T> for Objects<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        Objects(objects.into_iter().map(|object| (object.key(), object)).collect())
    }
}

impl<T: Named + Serialize> Serialize for Objects<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl<'de, T: Named + Deserialize<'de>> Deserialize<'de> for Objects<T> {
    /// Two objects of one name are an error: neither may be lost in silence.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut objects = BTreeMap::new();
        for object in Vec::<T>::deserialize(deserializer)? {
            match objects.entry(object.key()) {
                Entry::Occupied(taken) => {
                    return Err(D::Error::custom(format!("{} stands there twice", taken.key())));
                }
                Entry::Vacant(free) => {
                    free.insert(object);
                }
            }
        }
        Ok(Objects(objects))
    }
}
