//! Where the target stands: one connection, no lock, no change.

use super::connect::{Connected, Place, Purpose};
use super::opening::journal_rows;
use super::quote::literal;
use super::wire::Answer;
use super::{MysqlTarget, error, rights, version_table};
use crate::{Standing, TargetError, VersionColumn, journal};
use migrated_core::{Code, DialectName};

pub(super) async fn read(target: &MysqlTarget) -> Result<Standing, TargetError> {
    let mut connected = target.connected(Purpose::Ours).await?;
    let standing = look(&mut connected).await;
    connected.wire.close().await;
    standing
}

async fn look(connected: &mut Connected) -> Result<Standing, TargetError> {
    let place = connected.place.clone();
    let mut rows = None;
    let mut column_found = None;
    let mut engine = None;
    if let Some(answers) = ask(connected, &format!("{};{}", shape(&place), place.sql().select())).await? {
        column_found = Some(column(&place, answers.first())?);
        engine = answers.first().and_then(|a| a.first(ENGINE_WITHOUT)).map(str::to_owned);
        rows = Some(version_table::rows(answers.last()));
    }
    if rows.is_none() {
        column_found = future_column(connected, &place).await?;
    }
    let select = journal::select(DialectName::Mysql, &place.journal(), &place.name);
    let journal = match ask(connected, &select).await? {
        Some(answers) => journal_rows(&answers.into_iter().next_back().unwrap_or_default())?,
        None => Vec::new(),
    };
    let mut missing_rights = rights::missing(connected, rows.is_some()).await?;
    if let Some(engine) = engine {
        let table = place.table();
        missing_rights.push(format!("{table} is of engine {engine}: without transactions nothing is safe"));
    }
    Ok(Standing {
        server: connected.server.name.clone(),
        rows,
        column: column_found,
        journal,
        missing_rights,
        lock_table_size: None,
    })
}

/// The column as it will be where there is no version table yet: in the database's own collation.
async fn future_column(
    connected: &mut Connected,
    place: &Place,
) -> Result<Option<VersionColumn>, TargetError> {
    let text = format!(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME={}",
        literal(&place.database)
    );
    let answers = ask(connected, &text).await?.unwrap_or_default();
    let collation = answers.last().and_then(|a| a.first(0)).map(str::to_ascii_lowercase);
    Ok(collation.map(|collation| VersionColumn {
        max_chars: Some(32),
        case_insensitive: collation.split('_').any(|part| part == "ci"),
        // MySQL 8's own collations do not pad; those that came before do, unless their name says otherwise.
        pads: !collation.contains("nopad") && !collation.contains("_0900_") && collation != "binary",
    }))
}

/// Asks; `None` where the last table that is named is not there.
async fn ask(connected: &mut Connected, text: &str) -> Result<Option<Vec<Answer>>, TargetError> {
    match connected.wire.query(text).await {
        Ok(answers) => Ok(Some(answers)),
        Err((_, e)) if error::is_missing(&e) => Ok(None),
        Err((answers, e)) if error::number(&e) == Some(1054) => {
            // The table is there and has no column version_num.
            Err(column(&connected.place, answers.first())
                .err()
                .unwrap_or_else(|| error::outside(&e, "reading")))
        }
        Err((_, e)) => {
            let doing = format!("reading where {} stands", connected.place.table());
            Err(error::outside(&e, &doing))
        }
    }
}

// Columns of [`shape`].
const TYPE: usize = 0;
const LENGTH: usize = 1;
const COLLATION: usize = 2;
const PADS: usize = 3;
const OTHERS: usize = 4;
const ENGINE_WITHOUT: usize = 5;

/// What the catalog knows of the version table. MySQL tells of each collation whether it pads; MariaDB's name
/// those that do not.
fn shape(place: &Place) -> String {
    let here = |t: &str| {
        format!("{t}.TABLE_SCHEMA={} AND {t}.TABLE_NAME={}", literal(&place.database), literal(&place.name))
    };
    format!(
        "SELECT c.DATA_TYPE,c.CHARACTER_MAXIMUM_LENGTH,c.COLLATION_NAME,\
         IF(c.COLLATION_NAME='binary' OR c.COLLATION_NAME LIKE '%nopad%' \
         /*!80000 OR EXISTS(SELECT 1 FROM information_schema.COLLATIONS l \
         WHERE l.COLLATION_NAME=c.COLLATION_NAME AND l.PAD_ATTRIBUTE='NO PAD')*/,0,1),\
         (SELECT COUNT(*) FROM information_schema.COLUMNS o WHERE {} AND o.COLUMN_NAME<>'version_num' \
         AND o.IS_NULLABLE='NO' AND o.COLUMN_DEFAULT IS NULL AND o.EXTRA NOT LIKE '%auto_increment%'),\
         (SELECT t.ENGINE FROM information_schema.TABLES t WHERE {} AND t.ENGINE IN \
         (SELECT e.ENGINE FROM information_schema.ENGINES e WHERE e.TRANSACTIONS='NO')) \
         FROM information_schema.COLUMNS c WHERE {} AND c.COLUMN_NAME='version_num'",
        here("o"),
        here("t"),
        here("c")
    )
}

fn column(place: &Place, answer: Option<&Answer>) -> Result<VersionColumn, TargetError> {
    let cell = |at| answer.and_then(|a| a.first(at));
    let shape = |why: String| {
        TargetError::new(Code::VersionTableShape, format!("{} is not a version table: {why}", place.table()))
            .help("a version table has one column, version_num, of a character type; name another table?")
    };
    let Some(kind) = cell(TYPE) else {
        return Err(shape("it has no column version_num".into()));
    };
    if !matches!(kind, "varchar" | "char" | "text" | "tinytext" | "mediumtext" | "longtext") {
        return Err(shape(format!("version_num is of type {kind}")));
    }
    if cell(OTHERS) != Some("0") {
        return Err(shape("it has other columns that must be filled".into()));
    }
    let collation = cell(COLLATION).unwrap_or_default();
    Ok(VersionColumn {
        max_chars: cell(LENGTH).and_then(|n| n.parse().ok()),
        case_insensitive: collation.split('_').any(|part| part == "ci"),
        // CHAR gives its values back without trailing blanks, whatever its collation.
        pads: kind == "char" || cell(PADS) == Some("1"),
    })
}
