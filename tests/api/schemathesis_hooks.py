"""Rules between values, which a JSON Schema cannot say: data that breaks one is sound by its schema and refused all the same.

Whatever is generated as valid is made to keep them; what is generated as invalid stays as it is.
"""
