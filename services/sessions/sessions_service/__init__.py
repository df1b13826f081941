"""Sessions: relationships, and meetings at times everybody can keep."""
