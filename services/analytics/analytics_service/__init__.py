"""Analytics: what an organisation's programs come to, read from every event."""
