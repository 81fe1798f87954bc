//! Columns of text.

/// Lines with their cells in columns, under the titles.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let titles: Vec<String> = titles.iter().map(|t| (*t).to_string()).collect();
    let all = || std::iter::once(&titles).chain(rows);
    let widths: Vec<usize> = (0..titles.len())
        .map(|i| all().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let space = " ".repeat(width.saturating_sub(cell.chars().count()));
            format!("{cell}{space}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    all().map(line).collect()
}
