"""What was once said can always be read: the compatibility check of the events, and the documents made from them.

    python -m peerloom_events.contracts check            is every event still what was promised?
    python -m peerloom_events.contracts accept           write the snapshots, samples and digests that are missing
    python -m peerloom_events.contracts docs [--check]   write (or compare) docs/asyncapi.yaml and docs/events.md

Needs the extra `peerloom-events[contracts]`; reading and writing events does not.
"""
