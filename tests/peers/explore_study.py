#!/usr/bin/env python3
"""How much of the frontier halving and other searchers find, against the whole space of an exploration.

    make explore-study CONFIG=configs/explore-mnist-scratch.yaml PYTHON=/tmp/peers/bin/python
    tests/peers/explore_study.py CONFIG OUT       (SEEDS=10, HALVING="2/27/9 4/3/3")

Needs numpy and optuna (pip); gnuplot draws the plot. OUT is the folder of the experiment, in which make explore has
made explore.csv with explore_way: exhaustive; that is the truth. EO_BIN names the folder of the programs (default:
out/bin).

halving         eo-explore itself, with explore_rungs, explore_growth and explore_reduction as HALVING says. It begins
                with the journal of the truth, so it trains the short rungs alone.
random, nsga2,  Optuna's samplers on widths and precision, each with the truth's accuracy and costs as objectives. A
tpe             pair of widths that is asked for the first time costs a full training; another precision of it is free,
                and all its precisions count as found. The population of NSGA-II is a quarter of the trainings, 8 to 50.

The loss is 1 - hypervolume / hypervolume of the truth. The hypervolume is the mean, over 65 limits of each cost in
equal ratios from the least to the most of the truth (reference point: the most of each cost, and accuracy 0), of the
accuracy of the most accurate point within them. Costs are those of m4dsp: flash, or flash, RAM and instructions.
loss_unseen is the same with the accuracy of these answers on the test set, which has chosen nothing: luck on the
held-out images, of which the truth has the most, does not count there.

Writes OUT/explore_study/study.csv (a row for each way, setting or seed, number of full trainings and choice of
costs), medians to standard output, and study.svg and study.png: the losses over the share of the images.
"""
import csv
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

try:
    import numpy as np
    import optuna
except ImportError as why:
    sys.exit(f"explore_study.py: {why}: expected a Python with numpy and optuna (pip); name it in PYTHON")

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("EO_BIN", ROOT / "out/bin"))
SEEDS = os.environ.get("SEEDS", "10")
HALVING = os.environ.get("HALVING", "2/27/9 4/3/3").split()
SHARES = [0.05, 0.10, 0.15, 0.20, 0.30]
ASKS = 8  # for each training; a sampler that asks for known points alone is at its end
LIMITS = 65
CORE = "m4dsp"
COSTS = {"flash": ["flash_bytes"], "all": ["flash_bytes", "ram_bytes", "instructions"]}
COLUMNS = ["way", "setting", "seed", "costs", "trainings", "spent_images", "spent_share", "loss", "loss_unseen"]


class Table:
    """The rows of explore.csv that have figures; points are numbered."""

    def __init__(self, path):
        self.rows = [r for r in csv.DictReader(path.open()) if not r["error"]]
        self.point = {(r["widths"], r["precision"]): i for i, r in enumerate(self.rows)}
        self.correct = np.array([int(r["correct"]) for r in self.rows])
        self.unseen = np.array([int(r["test_correct"] or 0) for r in self.rows])
        self.images = int(self.rows[0]["images"])
        self.test_images = int(self.rows[0]["test_images"] or 1)
        self.widths = sorted({r["widths"] for r in self.rows}, key=lambda w: [int(n) for n in w.split("x")])

    def cost(self, columns):
        return np.array([[float(r[f"{CORE}_{c}"]) for c in columns] for r in self.rows])

    def spent(self):
        return sum({r["widths"]: int(r["spent_images"]) for r in self.rows}.values())


def hypervolume(table, points, columns, limits):
    """On the held-out images, and on the test set."""
    cost = table.cost(columns)[points]
    # The most correct one, and of equal ones the more correct on the test set.
    value = table.correct[points] * (table.test_images + 1) + table.unseen[points]
    best = np.zeros((LIMITS,) * len(columns), dtype=np.int64)
    np.maximum.at(best, tuple(np.searchsorted(limits[k] * (1 + 1e-12), cost[:, k]) for k in range(len(columns))), value)
    for axis in range(len(columns)):
        best = np.maximum.accumulate(best, axis=axis)
    correct, unseen = np.divmod(best, table.test_images + 1)
    return correct.mean() / table.images, unseen.mean() / table.test_images


def loss(table, points, truth, columns):
    cost = truth.cost(columns)
    limits = [np.geomspace(low, high, LIMITS) for low, high in zip(cost.min(axis=0), cost.max(axis=0))]
    found = hypervolume(table, np.array(points), columns, limits)
    whole = hypervolume(truth, np.arange(len(truth.rows)), columns, limits)
    return [1 - f / w for f, w in zip(found, whole)]


def halving(config, out, work, setting):
    """The table of eo-explore, which trains what the journal does not have."""
    folder = work / setting.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".explore").exists():
        shutil.copy(out / ".explore", folder / ".explore")
    text = re.sub(r"(?m)^explore_(way|rungs|growth|reduction):.*\n", "", config.read_text())
    values = zip(["rungs", "growth", "reduction"], setting.split("/"))
    text += "\nexplore_way: halving\n" + "".join(f"explore_{k}: {v}\n" for k, v in values)
    (folder / "config.yaml").write_text(text)
    base = [] if re.search(r"(?m)^explore_from: *scratch", text) else ["--base", out / "models/base.safetensors"]
    run(BIN / "eo-explore", "-c", folder / "config.yaml", *base, "--into", folder)
    return Table(folder / "explore.csv")


def search(sampler, truth, columns, most):
    """The points that are found with 1, 2, ... `most` trainings, as a list that grows; lengths after each training."""
    cost, found, lengths, trained = np.log(truth.cost(columns)), [], [], set()
    spaces = list(zip(*[[int(n) for n in w.split("x")] for w in truth.widths]))
    precisions = sorted({r["precision"] for r in truth.rows})
    study = optuna.create_study(sampler=sampler, directions=["maximize"] + ["minimize"] * len(columns))
    for _ in range(ASKS * most):
        trial = study.ask()
        widths = "x".join(str(trial.suggest_categorical(f"w{i}", sorted(set(s))) if len(set(s)) < 3 else
                              trial.suggest_int(f"w{i}", min(s), max(s), step=sorted(set(s))[1] - min(s)))
                          for i, s in enumerate(spaces))
        at = truth.point.get((widths, trial.suggest_categorical("precision", precisions)))
        if at is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        study.tell(trial, [truth.correct[at] / truth.images, *cost[at]])
        if widths not in trained:
            trained.add(widths)
            found += [truth.point[widths, p] for p in precisions if (widths, p) in truth.point]
            lengths.append(len(found))
        if len(lengths) == most:
            break
    return found, lengths


def samplers(seed, most):
    size = min(50, max(8, most // 4))
    return {"random": optuna.samplers.RandomSampler(seed=seed),
            "nsga2": optuna.samplers.NSGAIISampler(seed=seed, population_size=size),
            "tpe": optuna.samplers.TPESampler(seed=seed)}


def row_of(way, setting, seed, costs, trainings, spent, share, losses):
    return dict(zip(COLUMNS, [way, setting, seed, costs, trainings, spent, f"{share:.6f}",
                              *(f"{x:.6f}" for x in losses)]))


def run(*command, **how):
    """The program says in one line what is wrong."""
    if subprocess.run(command, **how).returncode:
        sys.exit(1)


def check_settings():
    if not re.fullmatch("[1-9][0-9]{0,3}", SEEDS):
        sys.exit(f"explore_study.py: SEEDS: expected a number in 1..9999, found '{SEEDS}'")
    for setting in HALVING:
        if not re.fullmatch("[0-9]+/[0-9]+/[0-9]+", setting):
            sys.exit(f"explore_study.py: HALVING: expected rungs/growth/reduction, such as 2/27/9, found '{setting}'")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: explore_study.py CONFIG OUT")
    check_settings()
    config, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    run(BIN / "eo-best", "-c", config, "--from", out, "--frontier", os.devnull, stdout=subprocess.DEVNULL)
    work = out / "explore_study"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    truth = Table(out / "explore.csv")
    if any(r["rung"] != "1" for r in truth.rows):
        sys.exit(f"explore_study.py: {out}/explore.csv: expected a table of explore_way: exhaustive, found rungs")
    whole, each = truth.spent(), int(truth.rows[0]["spent_images"])
    rows, counts = [], {max(1, round(s * len(truth.widths))) for s in SHARES}
    for setting in HALVING:
        table = halving(config, out, work, setting)
        counts.add(max(1, table.spent() // each))
        trainings = len({r["widths"] for r in table.rows if r["rung"] == setting.split("/")[0]})
        for name, columns in COSTS.items():
            rows.append(row_of("halving", setting, "", name, trainings, table.spent(), table.spent() / whole,
                               loss(table, range(len(table.rows)), truth, columns)))
    for name, columns in COSTS.items():
        for seed in range(int(SEEDS)):
            for way, sampler in samplers(seed, max(counts)).items():
                found, lengths = search(sampler, truth, columns, max(counts))
                for n in sorted(c for c in counts if c <= len(lengths)):
                    rows.append(row_of(way, "", seed, name, n, n * each, n * each / whole,
                                       loss(truth, found[: lengths[n - 1]], truth, columns)))
    with (work / "study.csv").open("w", newline="") as f:
        writer = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    put_medians(rows)
    draw(work)


def put_medians(rows):
    print(f"{'way':8} {'setting':8} {'costs':6} {'images':>7} {'loss %, median':>14} {'worst':>7} {'unseen':>7}")
    keys = sorted({(r["costs"], float(r["spent_share"]), r["way"], r["setting"]) for r in rows})
    for costs, share, way, setting in keys:
        these = [r for r in rows if (r["costs"], float(r["spent_share"]), r["way"], r["setting"]) ==
                 (costs, share, way, setting)]
        seen, unseen = ([100 * float(r[c]) for r in these] for c in ("loss", "loss_unseen"))
        print(f"{way:8} {setting:8} {costs:6} {100 * share:6.1f}% {statistics.median(seen):14.3f} {max(seen):7.3f} "
              f"{statistics.median(unseen):7.3f}")


def draw(work):
    if not shutil.which("gnuplot"):
        return
    for ending in "png", "svg":
        subprocess.run(["gnuplot", "-d", "-e", f"dir='{work}'; out='{work}/study.{ending}'",
                        ROOT / "tests/peers/explore_study.gp"], check=True)


if __name__ == "__main__":
    try:
        main()
    except OSError as why:
        sys.exit(f"explore_study.py: {why}")
    except KeyError as why:
        sys.exit(f"explore_study.py: explore.csv: expected a column {why}, found none; make explore writes it")
