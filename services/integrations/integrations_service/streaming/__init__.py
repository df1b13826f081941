"""Following the log's end: who waits for new events is woken, and streams them."""
