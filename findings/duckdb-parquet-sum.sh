#!/usr/bin/env bash
# A good engineer expects the sum of an integer column to stay an integer when a query's result is written to Parquet. In
# DuckDB 2.0.1 the sum of any integer column is a HUGEINT, and COPY ... TO Parquet stores HUGEINT as DOUBLE: the column's type
# changes for every sum, and above 2^53 the number does too (9007199254740993 comes back as ...992), no warning. Parquet's
# specification has DECIMAL for exact numbers of that size. It matters for exported totals (points, seconds, cents): a
# consumer that declared INT64 refuses the file or reads a rounded number, and the column that was an integer in one
# export is a float in the next. Instead: cast, "sum(points)::BIGINT" or "::DECIMAL(38,0)", in every exported query.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile duckdb==2.0.1 pyarrow==26.0.1
venv/bin/python - <<'PY'
import duckdb, pyarrow, pyarrow.parquet

points = "(VALUES (9007199254740992::BIGINT), (1::BIGINT)) AS t(points)"
duckdb.sql(f"COPY (SELECT sum(points) AS total, sum(points)::BIGINT AS cast_total FROM {points}) TO 'sums.parquet'")
table = pyarrow.parquet.read_table("sums.parquet")
row = table.to_pylist()[0]
print("duckdb", duckdb.__version__, "pyarrow", pyarrow.__version__)
answer = duckdb.sql(f"SELECT sum(points) FROM {points}").fetchall()[0][0]
types = [str(table.schema.field(name).type) for name in ("total", "cast_total")]
print("expected:", answer, "as an integer, the query's own answer")
print(f"seen:     {row['total']:.0f} as {types[0]}; with a cast {row['cast_total']} as {types[1]}")
same = row == {"total": 9007199254740992.0, "cast_total": 9007199254740993} and types == ["double", "int64"]
raise SystemExit(0 if same else "the behaviour has changed")
PY
