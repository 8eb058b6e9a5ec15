-- Which bill a credit note is about, or a bill takes the place of: a bill that was taken back is no duplicate of a new one.
ALTER TABLE bill_seen ADD COLUMN corrects text;
CREATE INDEX bill_seen_corrects ON bill_seen (supplier, corrects) WHERE corrects IS NOT NULL;
