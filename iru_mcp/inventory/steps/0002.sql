CREATE TABLE _alert(id INTEGER PRIMARY KEY, rule TEXT NOT NULL, severity TEXT NOT NULL, say TEXT NOT NULL,
    print TEXT NOT NULL, row TEXT NOT NULL, opened_at TEXT NOT NULL, resolved_at TEXT);
CREATE UNIQUE INDEX _alert_open ON _alert(rule, print) WHERE resolved_at IS NULL;
CREATE TABLE _outbox(id INTEGER PRIMARY KEY, event TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0);
