//! `migrated token`: a random token and its entry for the configuration.

use crate::access::digest;
use crate::cli::Token;
use crate::config::value::Span;
use jiff::Timestamp;
use rand::TryRngCore as _;

/// A new token and its entry, as text to print.
///
/// # Errors
/// Where the duration cannot be read or the system has no randomness.
pub(crate) fn make(options: &Token, now: Timestamp) -> Result<String, String> {
    let mut bytes = [0u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|e| format!("the system has no random numbers: {e}"))?;
    // A prefix that secret scanners can look for.
    let token = format!("mgd_{}", hex::encode(bytes));
    let expires = match &options.expires {
        None => String::new(),
        Some(text) => {
            let end = now.checked_add(Span::parse(text)?.0).map_err(|e| format!("--expires: {e}"))?;
            let end = Timestamp::from_second(end.as_second()).map_err(|e| format!("--expires: {e}"))?;
            format!("expires = \"{end}\"\n")
        }
    };
    let name = toml::Value::from(options.name.as_str());
    let rights = toml::Value::from(options.rights.clone());
    let hash = hex::encode(digest(&token));
    Ok(format!(
        "# The token. It is shown once: give it to the caller (MIGRATECTL_TOKEN, or a file named by `token_file`).\n\
         # {token}\n\
         # Its entry for migrated.toml:\n\
         [[access.tokens]]\n\
         name = {name}\n\
         sha256 = \"{hash}\"\n\
         rights = {rights}\n\
         {expires}"
    ))
}

#[cfg(test)]
mod tests {
    use super::make;
    use crate::access::digest;
    use crate::cli::Token;

    #[test]
    fn the_entry_goes_with_its_token() {
        let options =
            Token { name: "ci \"x\"".into(), rights: vec!["read".into()], expires: Some("90d".into()) };
        let now = "2026-11-21T08:00:00.5Z".parse().expect("a time");
        let (one, two) = (make(&options, now).expect("made"), make(&options, now).expect("made"));
        assert_ne!(one, two);
        let token = one.lines().find_map(|l| l.strip_prefix("# mgd_")).expect("the token is shown");
        let table: toml::Table = toml::from_str(&one).expect("the whole text is TOML");
        let entry = &table["access"]["tokens"][0];
        assert_eq!(entry["name"].as_str(), Some("ci \"x\""));
        assert_eq!(entry["sha256"].as_str(), Some(hex::encode(digest(&format!("mgd_{token}"))).as_str()));
        assert_eq!(entry["expires"].as_str(), Some("2027-02-19T08:00:00Z"));
        assert!(make(&Token { expires: Some("soon".into()), ..options }, now).is_err());
    }
}
