-- SPDX-License-Identifier: Apache-2.0
-- The tables that Kafka Connect's JDBC source reads. Runs once, when the database is made.

CREATE TABLE purchases (
    id bigserial PRIMARY KEY, -- what the source goes on by: only ever rising
    category varchar(120),
    -- Not money: the PostgreSQL driver cannot read the comma of $1,000.00, and that one row stops
    -- the connector's task. Not plain numeric either, which has no scale. NaN has no place in
    -- Connect's decimal, and stops the task too.
    amount numeric(12, 2) CHECK (amount <> 'NaN'),
    credit_card varchar(20), -- NULL is a dead letter: nobody's purchase
    distance_from_billing_zip double precision,
    "timestamp" timestamptz DEFAULT now()
);

CREATE TABLE travel_flags (
    id bigserial PRIMARY KEY,
    enabled boolean,
    -- The topic is compacted, so a record needs a key: one row without a card stops the task.
    credit_card varchar(20) NOT NULL CHECK (credit_card <> ''),
    created_at timestamptz DEFAULT now()
);
