-- What destinations noted of the documents that they wrote, to know later what others have changed there (orders in Odoo).
CREATE TABLE document_note (
    destination text NOT NULL,
    document text NOT NULL,                    -- as the receiver knows it: an external identifier
    value jsonb NOT NULL,                      -- fingerprints by field, never a payload
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (destination, document)
);
CREATE INDEX document_note_age ON document_note (noted_at);
