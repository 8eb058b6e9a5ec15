-- Which conversions and code tables the translation of a message used; null: none. Written in the update that notes
-- the translation, never indexed. Values are only there where the payload is not protected.
ALTER TABLE message ADD COLUMN rules jsonb;
