//! Reading columns of a row, so that a value of the wrong kind names its table and column.

use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use crate::codec::{self, At};
use crate::{Hash, Result};

pub(super) fn get<'r, T>(row: &'r SqliteRow, at: At) -> Result<T>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(at.1).map_err(|e| at.corrupt(e))
}

pub(super) fn get_u64(row: &SqliteRow, at: At) -> Result<u64> {
    codec::to_u64(at, get(row, at)?)
}

pub(super) fn get_u32(row: &SqliteRow, at: At) -> Result<u32> {
    codec::to_u32(at, get(row, at)?)
}

pub(super) fn get_hash(row: &SqliteRow, at: At) -> Result<Hash> {
    codec::hash(at, get(row, at)?)
}

pub(super) fn get_hash_opt(row: &SqliteRow, at: At) -> Result<Option<Hash>> {
    get::<Option<&[u8]>>(row, at)?.map(|bytes| codec::hash(at, bytes)).transpose()
}

pub(super) fn get_list(row: &SqliteRow, at: At) -> Result<Vec<String>> {
    codec::from_json(at, get(row, at)?)
}
