//! Near matches for a name that nobody has.

/// At most three names that begin with `wanted`, or else differ from it in a few characters, nearest first.
pub(super) fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let allowed = (wanted.chars().count() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            if name.starts_with(wanted) {
                return Some((0, name));
            }
            if name.len().abs_diff(wanted.len()) > allowed * 4 {
                return None;
            }
            let distance = strsim::osa_distance(wanted, name);
            // A name that shares nothing with the wanted one is no help, however short both are.
            (distance <= allowed && distance < name.chars().count()).then_some((distance, name))
        })
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}
