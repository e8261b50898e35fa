-- What the registry knows, and what the worker has to do.
CREATE TABLE registrations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    holder     text NOT NULL,
    credential text NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (holder, credential)
);

CREATE TABLE jobs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at    timestamptz
);

CREATE INDEX jobs_waiting ON jobs (id) WHERE done_at IS NULL;

INSERT INTO jobs (kind) VALUES ('welcome');
