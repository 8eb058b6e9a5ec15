-- What payers' banks have taken back at gateways, and what of it came back: who answers for it is asked by a case.
CREATE TABLE gateway_dispute (
    move text PRIMARY KEY,       -- business key of the chargeback, or of the one that was won
    gateway text NOT NULL,
    payment text NOT NULL,       -- that it is about; the chargeback's own number where nobody says
    kind text NOT NULL,          -- chargeback, chargeback won
    amount numeric NOT NULL,
    currency text NOT NULL,
    moved_at timestamptz NOT NULL
);
CREATE INDEX gateway_dispute_payment ON gateway_dispute (gateway, payment);
