-- How many connections to the server of its target a run has a claim to, and since when it has asked for them. NULL where it
-- has none, or has not asked.

ALTER TABLE run ADD COLUMN share BIGINT;
ALTER TABLE run ADD COLUMN share_asked TIMESTAMPTZ;
