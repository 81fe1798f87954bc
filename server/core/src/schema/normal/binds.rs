//! How much what stands between operands binds in PostgreSQL, from the least (manual, "Operator Precedence").

pub(super) const OR: u8 = 1;
pub(super) const AND: u8 = 2;
pub(super) const NOT: u8 = 3;
pub(super) const IS: u8 = 4;
pub(super) const COMPARE: u8 = 5;
pub(super) const RANGE: u8 = 6;
pub(super) const OTHER: u8 = 7;
pub(super) const SUM: u8 = 8;
pub(super) const PRODUCT: u8 = 9;
pub(super) const POWER: u8 = 10;
pub(super) const ZONE: u8 = 11;
pub(super) const COLLATE: u8 = 12;
pub(super) const SIGN: u8 = 13;
pub(super) const SUBSCRIPT: u8 = 14;
pub(super) const CAST: u8 = 15;
