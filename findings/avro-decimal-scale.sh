#!/usr/bin/env bash
# A good engineer expects a decimal with fewer digits after the point than its Avro schema allows to keep its value:
# 1.5 in a field of scale 2 is 1.50. Apache's own Python package, avro 1.12.2, writes the digits without scaling them,
# so every reader gets 0.15: a tenfold error, no exception. fastavro 1.13.1 writes 1.50. The Avro specification
# ("Logical types: Decimal") stores the unscaled integer of the schema's scale, 150 here. It matters wherever money,
# ratings or hours travel as Decimal: values such as 2 or 7.5 come out of databases and JSON without trailing zeros.
# Instead: quantize every Decimal to the schema's scale before writing, or write with fastavro.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile avro==1.12.2 fastavro==1.13.1
venv/bin/python - <<'PY'
import io, json
from decimal import Decimal
from importlib.metadata import version

import avro.io, avro.schema, fastavro

schema = {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}
parsed = avro.schema.parse(json.dumps(schema))

def with_avro(value):
    buffer = io.BytesIO()
    avro.io.DatumWriter(parsed).write(value, avro.io.BinaryEncoder(buffer))
    return fastavro.schemaless_reader(io.BytesIO(buffer.getvalue()), schema)

def with_fastavro(value):
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, value)
    return fastavro.schemaless_reader(io.BytesIO(buffer.getvalue()), schema)

sent = [Decimal("1.5"), Decimal("7"), Decimal("1.50")]
seen = [with_avro(value) for value in sent]
print("avro", version("avro"), "fastavro", version("fastavro"))
print("expected:", [str(with_fastavro(value)) for value in sent], "(as fastavro writes them)")
print("seen:    ", [str(value) for value in seen])
same = seen == [Decimal("0.15"), Decimal("0.07"), Decimal("1.50")] and [with_fastavro(v) for v in sent] == sent
raise SystemExit(0 if same else "the behaviour has changed")
PY
