"""Constant SQL of what integrations writes."""

from typing import Final

# A day is opened by whoever logs its first event. A partition that is attached keeps nobody from reading or writing meanwhile.
OPEN_DAY: Final = "SELECT open_event_day($1)"
DROP_DAY: Final = "SELECT drop_event_day($1)"

# One statement for a batch of events of any organisations. Heads are locked in the order of their ids, so that two workers do
# not deadlock, and stay locked until the commit: that is what makes an organisation's numbers those of its commits. A day
# never goes back, whatever the clocks of two workers say.
RECORD: Final = """
    WITH grown AS (
        INSERT INTO log_head AS known (tenant_id, last_seq, day, floor_seq)
        SELECT tenant_id, events, $3::date, 0 FROM unnest($1::uuid[], $2::int[]) AS more (tenant_id, events) ORDER BY tenant_id
        ON CONFLICT (tenant_id) DO UPDATE
        SET last_seq = known.last_seq + excluded.last_seq, day = greatest(known.day, excluded.day)
        RETURNING tenant_id, last_seq, day
    ), days AS (
        INSERT INTO log_day AS known (tenant_id, day, last_seq) SELECT tenant_id, day, last_seq FROM grown
        ON CONFLICT (tenant_id, day) DO UPDATE SET last_seq = excluded.last_seq
    )
    INSERT INTO event (tenant_id, seq, day, event_id, type, subject, people, program_id, document)
    SELECT tenant_id, grown.last_seq - place, grown.day, event_id, type, subject, people::uuid[], program_id, document
    FROM unnest($4::uuid[], $5::int[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::bytea[])
        AS new (tenant_id, place, event_id, type, subject, people, program_id, document)
    JOIN grown USING (tenant_id)
"""

RAISE_FLOOR: Final = """
    UPDATE log_head SET floor_seq = log_day.last_seq FROM log_day
    WHERE log_day.tenant_id = log_head.tenant_id AND log_day.day = $1 AND log_day.last_seq > log_head.floor_seq
"""
FORGET_DAY: Final = "DELETE FROM log_day WHERE day = $1"
FORGET_DELIVERIES: Final = """
    DELETE FROM webhook_delivery WHERE state <> 'waiting' AND created_at < now() - make_interval(days => $1)
"""
FORGET_TICKETS: Final = "DELETE FROM stream_ticket WHERE expires_at < now()"

# A ticket is taken out by whoever shows it first; which organisation it is for stands in it.
TAKE_TICKET: Final = """
    DELETE FROM stream_ticket WHERE digest = $1 AND expires_at > now()
    RETURNING tenant_id, issued_to, types, participant_id, program_id
"""

# -- webhooks -----------------------------------------------------------------------------------------------------------

BEGIN_WEBHOOK: Final = """
    INSERT INTO webhook_progress (tenant_id, webhook_id, seq, day, failures) VALUES ($1, $2, $3, $4, 0)
"""
END_WEBHOOK: Final = "DELETE FROM webhook WHERE tenant_id = $1 AND id = $2"
CLOSE_CIRCUIT: Final = """
    UPDATE webhook_progress SET failures = 0, open_until = NULL WHERE tenant_id = $1 AND webhook_id = $2
"""

# Endpoints that something can be delivered to now, and that no worker is at: they are this worker's for a minute, which each
# page of deliveries renews. A worker that was killed loses them by that.
CLAIM: Final = """
    WITH due AS (
        SELECT at.tenant_id, at.webhook_id FROM webhook_progress AS at
        JOIN webhook ON webhook.tenant_id = at.tenant_id AND webhook.id = at.webhook_id AND webhook.state = 'enabled'
        LEFT JOIN log_head ON log_head.tenant_id = at.tenant_id
        WHERE (at.leased_until IS NULL OR at.leased_until < now()) AND (at.open_until IS NULL OR at.open_until <= now())
            AND (log_head.last_seq > at.seq OR EXISTS (
                SELECT 1 FROM webhook_delivery AS one
                WHERE one.tenant_id = at.tenant_id AND one.webhook_id = at.webhook_id AND one.state = 'waiting'
                    AND one.next_attempt_at <= now()
            ))
        ORDER BY at.leased_until NULLS FIRST LIMIT $2 FOR UPDATE OF at SKIP LOCKED
    )
    UPDATE webhook_progress AS at SET lease = $1, leased_until = now() + interval '1 minute' FROM due
    WHERE at.tenant_id = due.tenant_id AND at.webhook_id = due.webhook_id
    RETURNING at.tenant_id, at.webhook_id, at.seq, at.day, at.failures
"""
# The moment is kept, so that endpoints have their turns.
RELEASE: Final = """
    UPDATE webhook_progress SET lease = NULL, leased_until = now() WHERE tenant_id = $1 AND webhook_id = $2 AND lease = $3
"""
PROGRESS: Final = """
    UPDATE webhook_progress
    SET seq = $4, day = $5, failures = $6, open_until = now() + make_interval(secs => $7),
        leased_until = now() + interval '1 minute'
    WHERE tenant_id = $1 AND webhook_id = $2 AND lease = $3
"""
# Deliveries as they are now, whether known before or not.
KEEP_DELIVERIES: Final = """
    INSERT INTO webhook_delivery AS known (tenant_id, id, version, webhook_id, event_id, event_type, subject, seq, day,
        document, state, attempts, next_attempt_at, created_at)
    SELECT $1, id, version, $2, event_id, event_type, subject, seq, day, document, state, attempts, next_attempt_at, created_at
    FROM jsonb_to_recordset($3) AS one (id uuid, version int, event_id uuid, event_type text, subject text, seq bigint,
        day date, document text, state text, attempts jsonb, next_attempt_at timestamptz, created_at timestamptz)
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = known.version + 1, state = excluded.state, attempts = excluded.attempts,
        next_attempt_at = excluded.next_attempt_at
"""
# What waits behind a delivery of the same subject that has ended, is due.
NEXT_OF_SUBJECT: Final = """
    UPDATE webhook_delivery SET next_attempt_at = now(), version = version + 1
    WHERE (tenant_id, id) IN (
        SELECT DISTINCT ON (subject) tenant_id, id FROM webhook_delivery
        WHERE tenant_id = $1 AND webhook_id = $2 AND subject = ANY($3) AND state = 'waiting' ORDER BY subject, seq
    ) AND next_attempt_at IS NULL
"""
