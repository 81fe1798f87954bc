//! Statements of SHOW CREATE, as far as they say who their owner is.

use super::super::quote::name;

/// An account as it stands in SQL: `root@localhost` is told, `` `root`@`localhost` `` is written.
pub(super) fn account(told: &str) -> String {
    match told.rsplit_once('@') {
        Some((user, host)) => format!("{}@{}", name(user), name(host)),
        // A role.
        None => name(told),
    }
}

/// A statement taken apart: what stands before DEFINER, the account, and what follows it.
pub(in crate::mysql) fn definer_of(statement: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = statement.split_once("DEFINER=")?;
    // Later than this it would be part of a body.
    if before.len() > "CREATE ALGORITHM=UNDEFINED ".len() {
        return None;
    }
    // With ANSI_QUOTES in its sql_mode a routine is told with the other quotes.
    let mut quoted = false;
    let end = after.find(|c| {
        quoted ^= matches!(c, '`' | '"');
        c == ' ' && !quoted
    })?;
    Some((before, &after[..end], after[end..].trim_start()))
}

/// The statement without DEFINER where that is `user`, who needs no naming.
pub(super) fn without_definer(statement: &str, user: &str) -> String {
    match definer_of(statement) {
        Some((before, definer, after)) if definer.replace('"', "`") == account(user) => {
            format!("{before}{after}")
        }
        _ => statement.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{account, without_definer};

    #[test]
    fn the_current_user_is_left_out() {
        let statement = "CREATE DEFINER=`a b`@`%` FUNCTION `f`() RETURNS int(11)\nreturn 1";
        assert_eq!(without_definer(statement, "a b@%"), "CREATE FUNCTION `f`() RETURNS int(11)\nreturn 1");
        assert_eq!(without_definer(statement, "c@%"), statement);
        assert_eq!(account("x@y@localhost"), "`x@y`@`localhost`");
        let ansi = statement.replace('`', "\"");
        assert!(!without_definer(&ansi, "a b@%").contains("DEFINER"));
        let inner = "CREATE PROCEDURE `p`()\nCREATE DEFINER=`a`@`%` VIEW v AS SELECT 1";
        assert_eq!(without_definer(inner, "a@%"), inner);
    }
}
