"""What matching believes about programs, runs, replays and matches. Pure: no I/O, no framework, no clock."""
