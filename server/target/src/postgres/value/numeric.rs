//! `numeric`.

/// A numeric's digits. The format: number of groups, weight of the first, sign, digits behind the point; then groups of
/// four digits.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let count = usize::from(words.next()?);
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = usize::from(words.next()?);
    let groups: Vec<u16> = words.collect();
    if groups.len() != count {
        return None;
    }
    let mut text = match sign {
        0x0000 => String::new(),
        0x4000 => "-".to_owned(),
        0xC000 => return Some("NaN".into()),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => return None,
    };
    let group = |at: i32| usize::try_from(at).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    match weight {
        ..0 => text.push('0'),
        weight => {
            for at in 0..=weight {
                let digits = group(at);
                text.push_str(&if at == 0 { digits.to_string() } else { format!("{digits:04}") });
            }
        }
    }
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        // A number below one has groups of zeros in front, which are not sent.
        let mut at = weight + 1;
        while text.len() < end {
            text.push_str(&format!("{:04}", group(at)));
            at += 1;
        }
        text.truncate(end);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn digits_are_kept() {
        let check = |words: &[u16], expected: &str| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(text(&bytes).as_deref(), Some(expected));
        };
        check(&[0, 0, 0, 0], "0");
        check(&[0, 0, 0, 3], "0.000");
        check(&[2, 0, 0x4000, 4, 12, 3400], "-12.3400");
        check(&[1, 2, 0, 0, 5], "500000000");
        check(&[1, 0xFFFF, 0, 4, 12], "0.0012");
        check(&[1, 0xFFFE, 0, 8, 12], "0.00000012");
        check(&[2, 0xFFFE, 0, 10, 12, 3400], "0.0000001234");
        check(&[2, 1, 0, 0, 1, 2], "10002");
        check(&[0, 0, 0xC000, 0], "NaN");
        check(&[0, 0, 0xF000, 0], "-Infinity");
        assert_eq!(text(&[0, 1]), None);
    }
}
