-- Each flow takes fact tables at its own pace: what one has taken says nothing of another.
ALTER TABLE business_table ADD COLUMN flow text NOT NULL DEFAULT '';
ALTER TABLE business_table DROP CONSTRAINT business_table_kind_day_version_key;
ALTER TABLE business_table ADD UNIQUE (flow, kind, day, version);
