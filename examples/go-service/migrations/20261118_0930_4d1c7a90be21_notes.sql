-- revision: 4d1c7a90be21
-- message: notes

-- migrate:up
CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL
);

-- migrate:down
DROP TABLE notes;
