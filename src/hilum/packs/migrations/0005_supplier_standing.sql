-- What was last said of each supplier: whether it is blocked, and what its screening against each list came to.
CREATE TABLE supplier_standing (
    supplier text PRIMARY KEY,
    blocked boolean NOT NULL,
    reason text NOT NULL,
    message_id uuid NOT NULL
);
CREATE TABLE supplier_screening (
    supplier text NOT NULL,
    list_name text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('clear', 'possible', 'listed')),
    message_id uuid NOT NULL,
    PRIMARY KEY (supplier, list_name)
);
