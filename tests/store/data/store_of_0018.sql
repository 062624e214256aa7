PRAGMA application_id = 1330992210;
BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
	"key" INTEGER NOT NULL, 
	incident VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	action VARCHAR NOT NULL, 
	author TEXT NOT NULL, 
	done BOOLEAN NOT NULL, assignee TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE aggregate_hours (
	number INTEGER NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0018');
CREATE TABLE alert_groups (
	"key" VARCHAR NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE annotations (
	id VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	text TEXT NOT NULL, 
	matchers TEXT NOT NULL, 
	author TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE artifacts (
	"key" INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	bytes BIGINT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (digest)
);
CREATE TABLE attempt_artifacts (
	run_key INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	artifact_key INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	PRIMARY KEY (run_key, attempt, ordinal), 
	FOREIGN KEY(run_key, attempt) REFERENCES attempts (run_key, number) ON DELETE CASCADE, 
	FOREIGN KEY(artifact_key) REFERENCES artifacts ("key")
)
 WITHOUT ROWID

;
CREATE TABLE attempt_steps (
	run_key INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	step_key INTEGER NOT NULL, 
	offset_us BIGINT NOT NULL, 
	duration_us BIGINT, 
	error TEXT, 
	PRIMARY KEY (run_key, attempt, ordinal), 
	FOREIGN KEY(run_key, attempt) REFERENCES attempts (run_key, number) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "attempt_steps" VALUES(1,1,0,1,10000,250500,NULL);
INSERT INTO "attempt_steps" VALUES(2,1,0,1,10000,250500,NULL);
INSERT INTO "attempt_steps" VALUES(3,1,0,1,10000,250500,NULL);
INSERT INTO "attempt_steps" VALUES(4,1,0,2,10000,250500,NULL);
CREATE TABLE attempts (
	run_key INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	measured BOOLEAN NOT NULL, 
	evidence BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	started_us BIGINT NOT NULL, 
	duration_us BIGINT NOT NULL, 
	processors INTEGER, 
	load_1m FLOAT, 
	own_share FLOAT, 
	other_share FLOAT, 
	memory_available_bytes BIGINT, 
	attribute_set_key INTEGER, 
	omitted TEXT, 
	PRIMARY KEY (run_key, number), 
	FOREIGN KEY(run_key) REFERENCES runs ("key") ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "attempts" VALUES(1,1,1,0,'passed','',1800000000000000,650000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(2,1,1,0,'passed','',1800000000000000,650000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(3,1,1,0,'passed','',1800000000000000,650000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES(4,1,1,0,'passed','',1800000000000000,650000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE attribute_sets (
	"key" INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	json TEXT NOT NULL, 
	last_seen_us BIGINT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (digest)
);
CREATE TABLE audit_entries (
	"key" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_us BIGINT NOT NULL, 
	actor TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	origin TEXT NOT NULL
);
CREATE TABLE beat_calls (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	check_key INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	exit_code INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	run TEXT NOT NULL, 
	duration_us BIGINT, 
	FOREIGN KEY(check_key) REFERENCES subjects ("key")
);
CREATE TABLE beat_looks (
	check_key INTEGER NOT NULL, 
	run_id BLOB NOT NULL, 
	seen BIGINT NOT NULL, 
	upto BIGINT NOT NULL, 
	PRIMARY KEY (check_key), 
	FOREIGN KEY(check_key) REFERENCES subjects ("key")
);
CREATE TABLE checkpoints (
	series_key INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	condition TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	state BLOB NOT NULL, 
	PRIMARY KEY (series_key), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
);
INSERT INTO "checkpoints" VALUES(1,7,'steady','',X'7374617465');
CREATE TABLE circumstances (
	"key" INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	location TEXT NOT NULL, 
	release TEXT NOT NULL, 
	browser TEXT NOT NULL, 
	outrider_version TEXT NOT NULL, 
	host TEXT NOT NULL, 
	snapshot TEXT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (environment, location, release, browser, outrider_version, host, snapshot)
);
INSERT INTO "circumstances" VALUES(1,'production','local','1.0','chromium 140','0.1.0','ada','5eed');
CREATE TABLE days (
	series_key INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	count BIGINT NOT NULL, 
	sum FLOAT NOT NULL, 
	min FLOAT NOT NULL, 
	max FLOAT NOT NULL, 
	histogram BLOB NOT NULL, 
	PRIMARY KEY (series_key, number), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
)
 WITHOUT ROWID

;
INSERT INTO "days" VALUES(1,20833,3,1950.0,650.0,650.0,X'900503');
INSERT INTO "days" VALUES(2,20833,3,751.5,250.5,250.5,X'AE0403');
INSERT INTO "days" VALUES(3,20833,1,650.0,650.0,650.0,X'900501');
INSERT INTO "days" VALUES(4,20833,1,250.5,250.5,250.5,X'AE0401');
CREATE TABLE errors (
	run_key INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	message TEXT NOT NULL, 
	stack TEXT NOT NULL, 
	url TEXT NOT NULL, 
	step TEXT NOT NULL, 
	offset_us BIGINT, 
	PRIMARY KEY (run_key, attempt, ordinal), 
	FOREIGN KEY(run_key, attempt) REFERENCES attempts (run_key, number) ON DELETE CASCADE
);
CREATE TABLE gates (
	id VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	"commit" VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	against TEXT NOT NULL, 
	took_s FLOAT NOT NULL, 
	shard VARCHAR NOT NULL, 
	summary TEXT NOT NULL, 
	comparisons TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE hours (
	series_key INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	count BIGINT NOT NULL, 
	sum FLOAT NOT NULL, 
	min FLOAT NOT NULL, 
	max FLOAT NOT NULL, 
	histogram BLOB NOT NULL, 
	PRIMARY KEY (series_key, number), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
)
 WITHOUT ROWID

;
INSERT INTO "hours" VALUES(1,500000,3,1950.0,650.0,650.0,X'900503');
INSERT INTO "hours" VALUES(2,500000,3,751.5,250.5,250.5,X'AE0403');
INSERT INTO "hours" VALUES(3,500000,1,650.0,650.0,650.0,X'900501');
INSERT INTO "hours" VALUES(4,500000,1,250.5,250.5,250.5,X'AE0401');
CREATE TABLE incident_comments (
	"key" INTEGER NOT NULL, 
	incident VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	author TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE incidents (
	id VARCHAR NOT NULL, 
	phase VARCHAR NOT NULL, 
	began_us BIGINT NOT NULL, 
	ended_us BIGINT, 
	state TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE late_aggregates (
	at_us BIGINT NOT NULL, 
	series_key INTEGER NOT NULL, 
	PRIMARY KEY (at_us, series_key), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
)
 WITHOUT ROWID

;
CREATE TABLE late_runs (
	run_key INTEGER NOT NULL, 
	check_key INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	PRIMARY KEY (run_key), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key")
);
CREATE TABLE leader (
	name VARCHAR NOT NULL, 
	holder TEXT NOT NULL, 
	beat BIGINT NOT NULL, 
	at_us BIGINT NOT NULL, 
	planned_until_us BIGINT NOT NULL, 
	era BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE listening (
	from_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	PRIMARY KEY (from_us)
);
CREATE TABLE load_seconds (
	run VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	"check" VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	offset_s FLOAT NOT NULL, 
	users INTEGER NOT NULL, 
	requests_per_s FLOAT NOT NULL, 
	failed_per_s FLOAT NOT NULL, 
	p50_ms FLOAT, 
	p95_ms FLOAT, 
	p99_ms FLOAT, 
	left_s FLOAT, 
	PRIMARY KEY (run, number)
);
CREATE TABLE loads (
	run_key INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	result BLOB NOT NULL, 
	PRIMARY KEY (run_key, attempt), 
	FOREIGN KEY(run_key, attempt) REFERENCES attempts (run_key, number) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE TABLE notifications (
	"key" INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	receiver VARCHAR NOT NULL, 
	topic VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	due_us BIGINT NOT NULL, 
	status VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	done_us BIGINT, 
	note TEXT NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (id)
);
CREATE TABLE outcome_days (
	number INTEGER NOT NULL, 
	check_key INTEGER NOT NULL, 
	circumstances_key INTEGER NOT NULL, 
	outcome VARCHAR NOT NULL, 
	runs BIGINT NOT NULL, 
	PRIMARY KEY (number, check_key, circumstances_key, outcome), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key"), 
	FOREIGN KEY(circumstances_key) REFERENCES circumstances ("key")
)
 WITHOUT ROWID

;
INSERT INTO "outcome_days" VALUES(20833,1,1,'passed',3);
INSERT INTO "outcome_days" VALUES(20833,2,1,'passed',1);
CREATE TABLE outcome_hours (
	number INTEGER NOT NULL, 
	check_key INTEGER NOT NULL, 
	circumstances_key INTEGER NOT NULL, 
	outcome VARCHAR NOT NULL, 
	runs BIGINT NOT NULL, 
	PRIMARY KEY (number, check_key, circumstances_key, outcome), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key"), 
	FOREIGN KEY(circumstances_key) REFERENCES circumstances ("key")
)
 WITHOUT ROWID

;
INSERT INTO "outcome_hours" VALUES(500000,1,1,'passed',3);
INSERT INTO "outcome_hours" VALUES(500000,2,1,'passed',1);
CREATE TABLE pauses (
	check_id VARCHAR NOT NULL, 
	since_us BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (check_id)
);
INSERT INTO "pauses" VALUES('probe:home',5,'roof');
CREATE TABLE proofs (
	check_key INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	fault VARCHAR NOT NULL, 
	outcome TEXT NOT NULL, 
	noticed BOOLEAN NOT NULL, 
	reason TEXT NOT NULL, 
	snapshot TEXT NOT NULL, 
	PRIMARY KEY (check_key, at_us, fault), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key")
);
CREATE TABLE queue (
	run_id BLOB NOT NULL, 
	check_id TEXT NOT NULL, 
	location TEXT NOT NULL, 
	due_us BIGINT NOT NULL, 
	priority INTEGER NOT NULL, 
	origin TEXT NOT NULL, 
	leased_by TEXT, 
	lease_until_us BIGINT, 
	PRIMARY KEY (run_id)
)
 WITHOUT ROWID

;
CREATE TABLE releases (
	environment VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	name VARCHAR NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	PRIMARY KEY (environment, at_us, name)
);
INSERT INTO "releases" VALUES('production',5,'1.1',0);
CREATE TABLE runs (
	"key" INTEGER NOT NULL, 
	id BLOB NOT NULL, 
	check_key INTEGER NOT NULL, 
	circumstances_key INTEGER NOT NULL, 
	due_us BIGINT NOT NULL, 
	started_us BIGINT NOT NULL, 
	finished_us BIGINT NOT NULL, 
	outcome TEXT NOT NULL, 
	reason TEXT NOT NULL, due_count INTEGER DEFAULT '1' NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (id), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key"), 
	FOREIGN KEY(circumstances_key) REFERENCES circumstances ("key")
);
INSERT INTO "runs" VALUES(1,X'01A3185D3A607ADB95C03B40AC0FFBE3',1,1,1800000060000000,1800000060000005,1800000061000000,'passed','',1);
INSERT INTO "runs" VALUES(2,X'01A3185E24C07E40A6C74C971CFD7C6D',1,1,1800000120000000,1800000120000005,1800000121000000,'passed','',1);
INSERT INTO "runs" VALUES(3,X'01A3185F0F207602BD58517979605E92',1,1,1800000180000000,1800000180000005,1800000181000000,'passed','',1);
INSERT INTO "runs" VALUES(4,X'01A3185FF980791ABA449D4F39B0CF75',2,1,1800000240000000,1800000240000005,1800000241000000,'passed','',1);
CREATE TABLE samples (
	series_key INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	run_key INTEGER NOT NULL, 
	attempt SMALLINT NOT NULL, 
	judged BOOLEAN NOT NULL, 
	value FLOAT NOT NULL, 
	PRIMARY KEY (series_key, at_us, run_key, attempt), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
)
 WITHOUT ROWID

;
INSERT INTO "samples" VALUES(1,1800000060000000,1,1,1,650.0);
INSERT INTO "samples" VALUES(1,1800000120000000,2,1,1,650.0);
INSERT INTO "samples" VALUES(1,1800000180000000,3,1,1,650.0);
INSERT INTO "samples" VALUES(2,1800000060000000,1,1,1,250.5);
INSERT INTO "samples" VALUES(2,1800000120000000,2,1,1,250.5);
INSERT INTO "samples" VALUES(2,1800000180000000,3,1,1,250.5);
INSERT INTO "samples" VALUES(3,1800000240000000,4,1,1,650.0);
INSERT INTO "samples" VALUES(4,1800000240000000,4,1,1,250.5);
CREATE TABLE series (
	"key" INTEGER NOT NULL, 
	subject_key INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	metric TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	location TEXT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (subject_key, environment, location, step, metric), 
	FOREIGN KEY(subject_key) REFERENCES "subjects" ("key")
);
INSERT INTO "series" VALUES(1,1,'','duration_ms','production','local');
INSERT INTO "series" VALUES(2,1,'pay','duration_ms','production','local');
INSERT INTO "series" VALUES(3,2,'','duration_ms','production','local');
INSERT INTO "series" VALUES(4,2,'pay','duration_ms','production','local');
CREATE TABLE sessions (
	digest VARCHAR NOT NULL, 
	user_key VARCHAR NOT NULL, 
	user TEXT NOT NULL, 
	role VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	seen_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	address TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE setting_overrides (
	name VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	at_us BIGINT NOT NULL, 
	author TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE silences (
	id VARCHAR NOT NULL, 
	starts_us BIGINT NOT NULL, 
	ends_us BIGINT NOT NULL, 
	matchers TEXT NOT NULL, 
	author TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE status_updates (
	id VARCHAR NOT NULL, 
	incident VARCHAR NOT NULL, 
	at_us BIGINT NOT NULL, 
	phase VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	title TEXT NOT NULL, 
	impact VARCHAR, 
	components TEXT, 
	PRIMARY KEY (id)
);
CREATE TABLE steps (
	"key" INTEGER NOT NULL, 
	check_key INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	title TEXT NOT NULL, 
	parent TEXT NOT NULL, 
	source TEXT NOT NULL, 
	last_seen_us BIGINT NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (check_key, step, kind, title, parent, source), 
	FOREIGN KEY(check_key) REFERENCES "subjects" ("key")
);
INSERT INTO "steps" VALUES(1,1,'pay','named','Pay','','',1800000000000000);
INSERT INTO "steps" VALUES(2,2,'pay','named','Pay','','',1800000000000000);
CREATE TABLE store_info (
	name VARCHAR NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "store_info" VALUES('catalogue_generation',1);
INSERT INTO "store_info" VALUES('hours_rolling_to',500047);
INSERT INTO "store_info" VALUES('hours_rolled_to',500047);
INSERT INTO "store_info" VALUES('days_rolling_to',20835);
INSERT INTO "store_info" VALUES('days_rolled_to',20835);
INSERT INTO "store_info" VALUES('lasting_samples_kept_from_hour',499209);
INSERT INTO "store_info" VALUES('samples_kept_from_hour',499713);
INSERT INTO "store_info" VALUES('runs_kept_from_hour',490545);
INSERT INTO "store_info" VALUES('hours_kept_from_day',20440);
INSERT INTO "store_info" VALUES('steps_pruned_to_us',1797149100000000);
CREATE TABLE "subjects" (
	"key" INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	kind TEXT, 
	path TEXT, 
	name TEXT, 
	first_seen_us BIGINT NOT NULL, 
	last_seen_us BIGINT NOT NULL, 
	alias_of INTEGER, 
	PRIMARY KEY ("key"), 
	UNIQUE (id), 
	FOREIGN KEY(alias_of) REFERENCES "subjects" ("key")
);
INSERT INTO "subjects" VALUES(1,'journey:shop.py::test_pay',NULL,NULL,NULL,1800000061000000,1800000061000000,3);
INSERT INTO "subjects" VALUES(2,'probe:home',NULL,NULL,NULL,1800000241000000,1800000241000000,NULL);
INSERT INTO "subjects" VALUES(3,'journey:shop.py::test_buy',NULL,NULL,NULL,9,9,NULL);
CREATE TABLE tokens (
	id VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	created_us BIGINT NOT NULL, 
	author TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	expires_us BIGINT, 
	revoked_us BIGINT, 
	used_us BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
CREATE TABLE trace_link (
	run_key INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	trace_id BLOB NOT NULL, 
	step TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source TEXT NOT NULL, 
	PRIMARY KEY (run_key, attempt, ordinal), 
	FOREIGN KEY(run_key, attempt) REFERENCES attempts (run_key, number) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE TABLE unjudged_series (
	series_key INTEGER NOT NULL, 
	since_us BIGINT NOT NULL, 
	writes BIGINT NOT NULL, 
	PRIMARY KEY (series_key), 
	FOREIGN KEY(series_key) REFERENCES series ("key")
);
CREATE TABLE users (
	"key" VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	role VARCHAR NOT NULL, 
	password_hash TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE watches (
	subject VARCHAR NOT NULL, 
	incident VARCHAR NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY (subject)
);
CREATE INDEX runs_by_check ON runs (check_key, due_us);
CREATE INDEX runs_by_time ON runs (due_us);
CREATE INDEX ix_attempt_artifacts_artifact_key ON attempt_artifacts (artifact_key);
CREATE INDEX incidents_by_phase ON incidents (phase, began_us);
CREATE INDEX watches_by_incident ON watches (incident);
CREATE INDEX notifications_by_receiver ON notifications (receiver, status, due_us);
CREATE INDEX notifications_by_topic ON notifications (topic, receiver);
CREATE INDEX ix_subjects_alias_of ON subjects (alias_of);
CREATE INDEX beat_calls_by_check ON beat_calls (check_key, number);
CREATE INDEX sessions_by_user ON sessions (user_key);
CREATE INDEX gates_by_time ON gates (at_us, id);
CREATE INDEX status_updates_by_time ON status_updates (at_us, id);
CREATE INDEX status_updates_by_incident ON status_updates (incident, at_us);
CREATE INDEX incident_comments_by_incident ON incident_comments (incident, at_us);
CREATE INDEX annotations_by_time ON annotations (at_us);
CREATE INDEX load_seconds_by_time ON load_seconds (at_us);
CREATE INDEX trace_link_by_trace ON trace_link (trace_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('beat_calls',0);
COMMIT;
