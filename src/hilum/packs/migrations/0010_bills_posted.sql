-- Of bills without an order: how they ended. One that was posted and is told again is known.
ALTER TABLE bill_seen ADD COLUMN posted boolean NOT NULL DEFAULT false;
