"""What profile does: each function is one transaction. A file an aggregate; each takes a frozen command and knows no HTTP."""
