#!/usr/bin/env bash
# A good engineer expects the end of an opening hour, 24:00, to survive an export or to be refused. DuckDB 2.0.1 has TIME
# '24:00:00' as PostgreSQL has, and writes it to Parquet as 86,400,000,000 microseconds after midnight. Two readers make two
# things of it: pyarrow 26.0.1 the start of the day, 00:00; Polars 2.1.0 a null. Neither says a word. ISO 8601-1:2019/Amd
# 1:2022 allows 24:00 for the end of a day, Parquet's specification ("TIME") names no upper bound. It matters for
# availability windows: "18:00 to 24:00" becomes a window that ends before it starts, or one without an end. Instead: export
# windows as start and length in minutes, or as minutes after midnight in an integer.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0
venv/bin/python - <<'PY'
import datetime
import duckdb, polars, pyarrow, pyarrow.parquet

duckdb.sql("COPY (SELECT TIME '18:00:00' AS opens, TIME '24:00:00' AS closes) TO 'windows.parquet'")
by_duckdb = duckdb.sql("SELECT closes::VARCHAR FROM 'windows.parquet'").fetchall()[0][0]
by_pyarrow = pyarrow.parquet.read_table("windows.parquet")["closes"].to_pylist()[0]
by_polars = polars.read_parquet("windows.parquet")["closes"][0]
print("duckdb", duckdb.__version__, "pyarrow", pyarrow.__version__, "polars", polars.__version__)
print("expected: 24:00:00 everywhere, or an error")
print(f"seen:     duckdb {by_duckdb}, pyarrow {by_pyarrow}, polars {by_polars}")
same = by_duckdb == "24:00:00" and by_pyarrow == datetime.time(0) and by_polars is None
raise SystemExit(0 if same else "the behaviour has changed")
PY
