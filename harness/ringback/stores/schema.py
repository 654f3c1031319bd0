"""The tables of a mailbox file, and how one is opened."""

import sqlite3
from pathlib import Path

from ringback.faults import Misuse

IN_MEMORY = ":memory:"
EDITION = 1  # kept in the file; a file of another edition is refused

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    display TEXT NOT NULL,
    extension TEXT NOT NULL,
    policy TEXT NOT NULL,
    um_enabled INTEGER NOT NULL,
    play_on_phone_enabled INTEGER NOT NULL,
    dial_string TEXT NOT NULL,
    oof_status INTEGER NOT NULL,
    missed_call_notification INTEGER NOT NULL,
    telephone_access_numbers TEXT NOT NULL,
    telephone_access_folder TEXT NOT NULL,
    pin_resets INTEGER NOT NULL,
    password TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS messages (
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users,
    id TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    received TEXT NOT NULL,
    seconds REAL NOT NULL,
    format TEXT NOT NULL,
    audio BLOB NOT NULL,
    UNIQUE (user, id)
);
CREATE TABLE IF NOT EXISTS greetings (
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    audio BLOB NOT NULL,
    PRIMARY KEY (user, kind)
);
CREATE TABLE IF NOT EXISTS records (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    octets BLOB NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
"""


def opened(path: str | Path) -> sqlite3.Connection:
    """A connection that commits by itself; a new file is readable by its owner only.

    Misuse when the file cannot be opened, or is something else.
    """
    try:
        if str(path) != IN_MEMORY:
            Path(path).touch(mode=0o600)
        sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except OSError as e:
        raise Misuse(f"{path}: {e.strerror}") from e
    except sqlite3.DatabaseError as e:
        raise Misuse(f"{path}: not a mailbox: {e}") from e
    try:
        _ready(sql, path)
    except sqlite3.DatabaseError as e:
        sql.close()
        raise Misuse(f"{path}: not a mailbox: {e}") from e
    return sql


def restored(image: bytes) -> sqlite3.Connection:
    """A connection to what was serialized, in memory, tables and all."""
    sql = sqlite3.connect(IN_MEMORY, isolation_level=None, check_same_thread=False)
    sql.deserialize(image)
    sql.execute("PRAGMA foreign_keys = ON")
    return sql


def _ready(sql: sqlite3.Connection, path: str | Path) -> None:
    sql.execute("PRAGMA foreign_keys = ON")
    (edition,) = sql.execute("PRAGMA user_version").fetchone()
    if edition == EDITION:
        return
    (tables,) = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if edition or tables:
        sql.close()
        raise Misuse(f"{path}: a mailbox of edition {edition}, not {EDITION}")
    sql.execute("PRAGMA journal_mode = WAL")
    sql.executescript(
        f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {EDITION}; COMMIT"
    )
