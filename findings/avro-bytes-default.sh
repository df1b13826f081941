#!/usr/bin/env bash
# A good engineer expects the default of a field that the writer did not know to arrive as a value of the field's type.
# The Avro specification ("Complex types: Records") maps a bytes default's code points 0-255 to bytes 0-255 and lets a
# record default be completed from its own fields' defaults. fastavro 1.13.1 hands the raw JSON over: a str where bytes
# are declared, the integer 0 where a date is, an empty dict where a record with a default is. avro 1.12.2 encodes the
# bytes default as UTF-8 (two bytes instead of one) and leaves the date an integer too. No error anywhere. It matters when
# schemas evolve: old records read with the new schema carry values of another type, and two readers disagree.
# Instead: give new fields only null, string, number or boolean defaults, and set the others in the reading code.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile avro==1.12.2 fastavro==1.13.1
venv/bin/python - <<'PY'
import io, json
from importlib.metadata import version

import avro.io, avro.schema, fastavro

old = {"type": "record", "name": "Person", "fields": [{"name": "id", "type": "int"}]}
address = {"type": "record", "name": "Address", "fields": [{"name": "country", "type": "string", "default": "DE"}]}
new = {"type": "record", "name": "Person", "fields": old["fields"] + [
    {"name": "digest", "type": "bytes", "default": "\u00ff"},
    {"name": "joined", "type": {"type": "int", "logicalType": "date"}, "default": 0},
    {"name": "address", "type": address, "default": {}},
]}
buffer = io.BytesIO()
fastavro.schemaless_writer(buffer, old, {"id": 1})
with_fastavro = fastavro.schemaless_reader(io.BytesIO(buffer.getvalue()), old, new)
writer, reader = (avro.schema.parse(json.dumps(schema)) for schema in (old, new))
with_avro = avro.io.DatumReader(writer, reader).read(avro.io.BinaryDecoder(io.BytesIO(buffer.getvalue())))
print("avro", version("avro"), "fastavro", version("fastavro"))
print("expected: {'id': 1, 'digest': b'\\xff', 'joined': datetime.date(1970, 1, 1), 'address': {'country': 'DE'}}")
print("seen:     fastavro", with_fastavro)
print("          avro    ", with_avro)
same = (
    with_fastavro == {"id": 1, "digest": "\u00ff", "joined": 0, "address": {}}
    and with_avro == {"id": 1, "digest": b"\xc3\xbf", "joined": 0, "address": {"country": "DE"}}
)
raise SystemExit(0 if same else "the behaviour has changed")
PY
