//! Changing the database of a URL, and nothing else of it.

/// A connection's URL with another database in it. User, password, host, port and parameters stay byte for byte.
///
/// # Errors
/// A sentence, without the URL, where it is a SQLite file (which has no databases) or no URL.
pub(crate) fn compose(url: &str, database: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once(':').ok_or("the connection's URL has no scheme")?;
    let dialect = scheme.split('+').next().unwrap_or(scheme);
    if dialect.eq_ignore_ascii_case("sqlite") {
        return Err(
            "a SQLite connection is one file and has no further databases: make a connection of its own"
                .into(),
        );
    }
    let rest = rest.strip_prefix("//").ok_or("the connection's URL has no host")?;
    if database.is_empty() {
        return Err("the database's name is empty".into());
    }
    let (body, fragment) = cut(rest, '#');
    let (place, query) = cut(body, '?');
    // A password may hold a slash only where it is encoded, so the first one ends the authority.
    let authority = place.split('/').next().unwrap_or(place);
    // libpq lets these parameters override the path: left alone they would win over the database asked for.
    let kept: Vec<&str> = query
        .strip_prefix('?')
        .unwrap_or("")
        .split('&')
        .filter(|pair| !pair.is_empty() && !matches!(pair.split('=').next(), Some("dbname" | "database")))
        .collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Ok(format!("{scheme}://{authority}/{}{query}{fragment}", encoded(database)))
}

/// Splits before the first `at`, which stays with the second part.
fn cut(text: &str, at: char) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compose;

    #[test]
    fn only_the_database_changes() {
        for (url, database, expected) in [
            ("postgres://u:p%2Fw@h:5432/a", "b", "postgres://u:p%2Fw@h:5432/b"),
            (
                "postgresql+asyncpg://u:p@h/a?sslmode=require",
                "b",
                "postgresql+asyncpg://u:p@h/b?sslmode=require",
            ),
            ("postgres://h", "b", "postgres://h/b"),
            ("postgres://h/", "b", "postgres://h/b"),
            ("postgres://h?sslmode=require", "b", "postgres://h/b?sslmode=require"),
            ("postgres:///a?host=/var/run/postgresql", "b", "postgres:///b?host=/var/run/postgresql"),
            ("postgres://h/a?dbname=c&sslmode=require", "b", "postgres://h/b?sslmode=require"),
            ("postgres://h/a?dbname=c", "b", "postgres://h/b"),
            (
                "mysql+pymysql://u:p@[::1]:3306/a?charset=utf8mb4#f",
                "b",
                "mysql+pymysql://u:p@[::1]:3306/b?charset=utf8mb4#f",
            ),
            ("postgres://h/a", "ä b/c?d", "postgres://h/%C3%A4%20b%2Fc%3Fd"),
        ] {
            assert_eq!(compose(url, database).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_has_no_databases_is_refused_without_showing_the_url() {
        for url in ["sqlite:///srv/secret.db", "sqlite+aiosqlite:///secret.db", "secret", "postgres:secret"] {
            let fault = compose(url, "b").expect_err("no database to change");
            assert!(!fault.contains("secret"), "{fault}");
        }
        assert!(compose("postgres://h/a", "").is_err());
    }
}
