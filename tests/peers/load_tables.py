"""Loads every CSV of a finished run as it is in pandas, DuckDB and sqlite3's .import, and says rows and column types.

    python3 tests/peers/load_tables.py out/mnist

Fails where a reader refuses a file or counts other rows or columns than the csv module, where pandas or DuckDB gives a
column another type than its cells have, where a column holds numbers beside text, and where summary.json is not what
its schema says. sqlite imports every cell as text, so of it rows and columns are compared. Needs pandas, duckdb,
jsonschema and the command sqlite3.
"""
import csv
import json
import pathlib
import re
import subprocess
import sys

import duckdb
import jsonschema
import pandas

NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
# Bits of images and checksums are text, also where they are made of digits alone.
TEXT = ("hits", "test_hits")
# A level is a number, or several with x between; what was found of a machine is in words.
MIXED = ("pruning_level", "found")


def kind_of(name, cells):
    """number, truth, text, mixed or empty: what a person sees in the column."""
    seen = [c for c in cells if c != ""]
    if not seen:
        return "empty"
    if name in TEXT or name.endswith("sha256"):
        return "text"
    if all(c.lower() in ("true", "false") for c in seen):
        return "truth"
    numbers = sum(bool(NUMBER.fullmatch(c)) for c in seen)
    if numbers == len(seen):
        return "number"
    return "mixed" if numbers and name not in MIXED else "text"


def of_pandas(path):
    table = pandas.read_csv(path, low_memory=False)
    kinds = {}
    for name in table.columns:
        column = table[name]
        if column.isna().all():
            kinds[name] = "empty"
        elif pandas.api.types.is_bool_dtype(column) or set(column.dropna().unique()) <= {True, False} and (
            column.dtype == object
        ):
            kinds[name] = "truth"
        else:
            kinds[name] = "number" if pandas.api.types.is_numeric_dtype(column) else "text"
    return len(table), kinds


def of_duckdb(path):
    base = duckdb.connect()
    base.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{path}', header = true, sample_size = -1)")
    kinds = {}
    listed = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 't'"
    for name, kind in base.execute(listed).fetchall():
        known = base.execute(f'SELECT count("{name}") FROM t').fetchall()[0][0]
        kinds[name] = (
            "empty" if not known else "truth" if kind == "BOOLEAN" else "text" if kind == "VARCHAR" else "number"
        )
    return base.execute("SELECT count(*) FROM t").fetchall()[0][0], kinds


def of_sqlite(path, names):
    script = f".import --csv {path} t\nSELECT count(*) FROM t;\nSELECT count(*) FROM pragma_table_info('t');\n"
    done = subprocess.run(["sqlite3", ":memory:"], input=script, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise ValueError(f"sqlite: {done.stderr.strip()}")
    count, columns = map(int, done.stdout.split())
    if columns != len(names):
        raise ValueError(f"sqlite: {columns} columns instead of {len(names)}")
    return count


def check(path, wrong):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    names, rows = rows[0], rows[1:]
    seen = {n: kind_of(n, [r[i] for r in rows]) for i, n in enumerate(names)}
    counts = {}
    readers = {"pandas": of_pandas, "duckdb": of_duckdb} if rows else {"pandas": of_pandas}
    for reader, load in readers.items():
        counts[reader], kinds = load(path)
        if list(kinds) != names:
            wrong.append(f"{path}: {reader}: other columns than the header")
        for name in names:
            found = kinds.get(name)
            if found != seen[name]:
                wrong.append(f"{path}: {reader}: column {name} is read as {found}, and holds {seen[name]}")
    counts["sqlite"] = of_sqlite(path, names)
    for reader, count in counts.items():
        if count != len(rows):
            wrong.append(f"{path}: {reader}: {count} rows instead of {len(rows)}")
    kinds = {k: sum(v == k for v in seen.values()) for k in ("number", "truth", "text", "mixed", "empty")}
    print(f"{path}: {len(rows)} rows, " + ", ".join(f"{n} {k}" for k, n in kinds.items() if n))


def check_summary(folder, wrong):
    schema = pathlib.Path(__file__).parents[2] / "tools" / "summary.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text()))
    validator.check_schema(validator.schema)
    for error in validator.iter_errors(json.loads((folder / "summary.json").read_text())):
        wrong.append(f"summary.json: {error.json_path}: {error.message}")


def main():
    folder = pathlib.Path(sys.argv[1])
    files = sorted(p for p in folder.rglob("*.csv") if "steps" not in p.parts)
    wrong = []
    for path in files:
        try:
            check(path, wrong)
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(f"{path}: {type(error).__name__}: {error}")
    check_summary(folder, wrong)
    print("\n".join(wrong))
    print(f"{len(files)} tables, {len(wrong)} surprises")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
