"""Constructs of MySQL and MariaDB."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql


def _options(dialect: str, **options: Any) -> Any:
    return {f"{dialect}_{option}": value for option, value in options.items()}


def for_mysql(metadata: sa.MetaData, dialect: str) -> None:
    """Add what MySQL and MariaDB have."""
    my = mysql
    types: dict[str, Any] = {
        "tiny": my.TINYINT(1),
        "utiny": my.TINYINT(unsigned=True),
        "medium": my.MEDIUMINT(8, unsigned=True, zerofill=True),
        "ubig": my.BIGINT(unsigned=True),
        "bit": my.BIT(5),
        "year": my.YEAR(),
        "set": my.SET("a", "it's"),
        "enum": my.ENUM("x", "it's", "50%"),
        "moment6": my.DATETIME(fsp=6),
        "time3": my.TIME(fsp=3),
        "stamp": my.TIMESTAMP(fsp=2),
        "tinytext": my.TINYTEXT(),
        "mediumtext": my.MEDIUMTEXT(charset="utf8mb4"),
        "longtext": my.LONGTEXT(collation="utf8mb4_bin"),
        "longblob": my.LONGBLOB(),
        "tinyblob": my.TINYBLOB(),
        "mediumblob": my.MEDIUMBLOB(),
        "double": my.DOUBLE(10, 3),
        "float": my.FLOAT(7, 2, unsigned=True),
        "real": my.REAL(),
        "decimal": my.DECIMAL(9, 4, unsigned=True),
        "latin": my.VARCHAR(20, charset="latin1", collation="latin1_german2_ci"),
        "binary_text": my.VARCHAR(20, binary=True),
        "ascii": my.VARCHAR(20, ascii=True),
        "national": my.NVARCHAR(20),
        "nchar": my.NCHAR(3),
        "varbinary": sa.VARBINARY(10),
        "binary": sa.BINARY(10),
        "json": my.JSON(),
        "unsigned": my.INTEGER(unsigned=True),
        "numeric": my.NUMERIC(8, 3, unsigned=True),
        "small": my.SMALLINT(5),
    }
    options = _options(dialect, engine="InnoDB", charset="utf8mb4", collate="utf8mb4_unicode_ci")
    sa.Table(
        "my_types",
        metadata,
        *(sa.Column(f"m_{name}", type_) for name, type_ in types.items()),
        sa.Column(
            "changed", my.TIMESTAMP, server_default=sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
        ),
        sa.Column("precise", my.DATETIME(fsp=6), server_default=sa.text("CURRENT_TIMESTAMP(6)")),
        sa.Column("made", sa.String(40), server_default=sa.func.uuid()),
        sa.Column("backslash", sa.String(9), server_default="a\\b"),
        sa.Column("bool", sa.Boolean, server_default=sa.false()),
        sa.Column("virtual", sa.Integer, sa.Computed("m_tiny + 1", persisted=False)),
        sa.Column("either", sa.Integer, sa.Computed("m_tiny + 2")),
        sa.Column("nullable_stamp", my.TIMESTAMP, nullable=True),
        comment="With a comment, it's 100%",
        **options,
    )
    page = sa.Table(
        "page",
        metadata,
        sa.Column("id", my.BIGINT(unsigned=True), primary_key=True),
        sa.Column("name", sa.String(200)),
        sa.Column("body", sa.Text),
        sa.Column("other", sa.Integer, sa.ForeignKey("account.id")),
        sa.Column("again", sa.Integer, sa.ForeignKey("account.id", ondelete="RESTRICT")),
        sa.UniqueConstraint("name"),
        **_options(dialect, row_format="DYNAMIC", engine="InnoDB"),
    )
    sa.Index("page_name", page.c.name, page.c.id, **_options(dialect, length={"name": 10}))
    sa.Index("page_body", page.c.body, **_options(dialect, prefix="FULLTEXT"))
    sa.Index("page_body_start", page.c.body, **_options(dialect, length=20))
    sa.Index("page_hash", page.c.other, page.c.name, **_options(dialect, using="btree"))
    sa.Table(
        "cut",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer),
        **_options(dialect, partition_by="HASH (id)", partitions="4"),
    )
    sa.Sequence("numbers", start=7, increment=2, metadata=metadata)
